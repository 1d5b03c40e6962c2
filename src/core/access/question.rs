//! The question: who wants to do what, with which data, for which purpose.

use serde::{Deserialize, Serialize};

use super::action::ActionType;
use super::facts::Fact;
use super::principal::Principal;
use super::words::Action;
use crate::core::classification::{Level, Record};
use crate::core::id::{CaseId, ConnectionId, Name, RecordId, SubjectId, TenantId};
use crate::core::place::Place;
use crate::core::policy::Transport;

/// What data may be used for: one of the purposes that the policy declares.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Purpose(Name);

impl Purpose {
    /// Names a purpose; that the policy declares it is checked where it is used.
    #[inline]
    pub fn new(name: impl Into<Name>) -> Self {
        Self(name.into())
    }

    /// The purpose's name.
    #[must_use]
    #[inline]
    pub const fn name(&self) -> &Name {
        &self.0
    }
}

/// Which data is asked for: a category of a tenant up to a level and, where it is narrower, a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    tenant: TenantId,
    category: Name,
    level: Level,
    connection: Option<ConnectionId>,
    subject: Option<SubjectId>,
    record: Option<RecordId>,
}

impl Resource {
    /// The records of kind `R` at `place`: no other connection, person or record than `place` names.
    #[must_use]
    #[inline]
    pub fn at<R: Record>(place: &Place) -> Self {
        Self::category(place, R::CATEGORY, R::level())
    }

    /// Everything of a category at a place, up to a level: of a tenant, or of no other connection, person or record than the place names.
    ///
    /// # Example: of a tenant, and of one buyer of a connected shop
    /// ```
    /// use stewardship::classification::Level;
    /// use stewardship::{Place, Resource};
    /// let all = Resource::category("acme", "orders", Level::Confidential);
    /// assert_eq!((all.tenant().as_str(), all.subject()), ("acme", None));
    /// let place = Place::tenant("acme").connection("tiktok-shop:8837").subject("buyer-17");
    /// let of_one = Resource::category(place, "orders", Level::Confidential);
    /// assert_eq!(of_one.subject(), Some(&"buyer-17".into()));
    /// ```
    #[inline]
    pub fn category(at: impl Into<Place>, category: impl Into<Name>, level: Level) -> Self {
        let (tenant, connection, subject, record) = at.into().into_parts();
        Self { tenant, category: category.into(), level, connection, subject, record }
    }

    /// Narrowed to fields of at most `level`.
    #[must_use]
    #[inline]
    pub fn up_to(mut self, level: Level) -> Self {
        self.level = self.level.min(level);
        self
    }

    /// The tenant whose data it is.
    #[must_use]
    #[inline]
    pub const fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The category.
    #[must_use]
    #[inline]
    pub const fn category_name(&self) -> &Name {
        &self.category
    }

    /// The highest level.
    #[must_use]
    #[inline]
    pub const fn level(&self) -> Level {
        self.level
    }

    /// The connection, where it is narrowed to one.
    #[must_use]
    #[inline]
    pub const fn connection(&self) -> Option<&ConnectionId> {
        self.connection.as_ref()
    }

    /// The person, where it is narrowed to one.
    #[must_use]
    #[inline]
    pub const fn subject(&self) -> Option<&SubjectId> {
        self.subject.as_ref()
    }

    /// The record, where it is narrowed to one.
    #[must_use]
    #[inline]
    pub const fn record(&self) -> Option<&RecordId> {
        self.record.as_ref()
    }
}

/// The question of an access check.
///
/// # Example: a support agent wants to read an order
/// ```
/// use stewardship::{Principal, Purpose, Question, Resource};
/// use stewardship::classification::Level;
/// let agent = Principal::person("acme", "user-2").role("support");
/// let order = Resource::category("acme", "orders", Level::Confidential);
/// let question = Question::read(agent, order, Purpose::new("support")).assigned_case(true);
/// assert!(question.case().holds());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<A = Action> {
    principal: Principal,
    action: A,
    resource: Resource,
    purpose: Purpose,
    assigned_case: Fact<bool>,
    case: Option<CaseId>,
    transport: Fact<Transport>,
    approver: Option<Box<Principal>>,
}

impl Question {
    /// Asks for an action that is known when the program runs. For one that is known before, ask by its name
    /// ([`Question::read`], …): its grant has a type that verbs take.
    #[must_use]
    #[inline]
    pub fn new(principal: Principal, action: Action, resource: Resource, purpose: Purpose) -> Self {
        Self::of(principal, action, resource, purpose)
    }

    /// The question that the second person would ask in the first one's place.
    pub(crate) fn asked_by_approver(&self) -> Option<Self> {
        let second = self.approver.as_deref().filter(|second| second.is_second_to(&self.principal))?;
        Some(Self { principal: second.clone(), approver: None, ..self.clone() })
    }
}

impl<A: ActionType> Question<A> {
    #[inline]
    pub(super) fn of(principal: Principal, action: A, resource: Resource, purpose: Purpose) -> Self {
        Self {
            principal,
            action,
            resource,
            purpose,
            assigned_case: Fact::Unknown,
            case: None,
            transport: Fact::Unknown,
            approver: None,
        }
    }

    /// Says whether the principal is assigned to an open case about the resource. Unless said, it is unknown.
    #[must_use]
    #[inline]
    pub fn assigned_case(mut self, assigned: bool) -> Self {
        self.assigned_case = Fact::Known(assigned);
        self
    }

    /// Names the case that it is asked for; a purpose for emergencies (`break_glass`) wants one.
    #[must_use]
    #[inline]
    pub fn for_case(mut self, case: impl Into<CaseId>) -> Self {
        self.case = Some(case.into());
        self
    }

    /// Names the second person, who approved; a rule that obliges to four eyes wants one, who would be allowed the same.
    #[must_use]
    #[inline]
    pub fn approved_by(mut self, approver: Principal) -> Self {
        self.approver = Some(Box::new(approver));
        self
    }

    /// Says over which version of the transport it came. Unless said, it is unknown.
    #[must_use]
    #[inline]
    pub fn over(mut self, transport: Transport) -> Self {
        self.transport = Fact::Known(transport);
        self
    }

    /// Who asks.
    #[must_use]
    #[inline]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// What is to be done.
    #[must_use]
    #[inline]
    pub fn action(&self) -> Action {
        self.action.action()
    }

    /// With which data.
    #[must_use]
    #[inline]
    pub const fn resource(&self) -> &Resource {
        &self.resource
    }

    /// For which purpose.
    #[must_use]
    #[inline]
    pub const fn purpose(&self) -> &Purpose {
        &self.purpose
    }

    /// Whether the principal is assigned to a case about the resource.
    #[must_use]
    #[inline]
    pub const fn case(&self) -> Fact<bool> {
        self.assigned_case
    }

    /// The case that it is asked for.
    #[must_use]
    #[inline]
    pub const fn named_case(&self) -> Option<&CaseId> {
        self.case.as_ref()
    }

    /// Who approved.
    #[must_use]
    #[inline]
    pub fn approver(&self) -> Option<&Principal> {
        self.approver.as_deref()
    }

    /// The same question, with its action as a value: what [`decide`](super::decide) takes.
    #[must_use]
    pub fn untyped(&self) -> Question {
        Question {
            principal: self.principal.clone(),
            action: self.action(),
            resource: self.resource.clone(),
            purpose: self.purpose.clone(),
            assigned_case: self.assigned_case,
            case: self.case.clone(),
            transport: self.transport,
            approver: self.approver.clone(),
        }
    }

    /// The version of the transport that it came over.
    #[must_use]
    #[inline]
    pub const fn transport(&self) -> Fact<Transport> {
        self.transport
    }
}
