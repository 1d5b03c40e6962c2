//! Whom a request is about, found by the address that it came from.

use std::collections::BTreeSet;

use super::find::Sought;
use super::requests::CaseError;
use super::steward::Steward;
use crate::contracts::Ports;
use crate::core::dsr::{Case, Received};
use crate::core::id::{SubjectId, TenantId};
use crate::core::policy::Normalise;

/// What looking for the person of a request led to. The case is handed back, as it is kept now.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "a host that decides on it must decide on each")]
pub enum Identified {
    /// The case names one person: it did already, or one was found and is named from now on.
    Person(Case<Received>),
    /// Several people have this address (a family, an office): somebody has to find out which, and say so by
    /// [`amend_request`](Steward::amend_request).
    Several(Case<Received>, BTreeSet<SubjectId>),
    /// None of the records that are looked through holds the address.
    Nobody(Case<Received>),
}

impl<P: Ports> Steward<P> {
    /// Finds the person whom a request is about by the address that it came from, and has the case name that person.
    ///
    /// Looks through every field with `find_by`, of every bound kind of record, whose class the policy declares to be found as
    /// `email` or `phone`, in the request's tenant. The address is opened for it, and kept nowhere; what an entry points at is opened
    /// too, so that no wrong person is named ([`find`](Self::find)). Whether the request really comes from there is another question:
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    /// [`CaseError::NothingToFindBy`] where no such field is bound, and [`CaseError::Address`] where the address is neither an e-mail
    /// address nor a telephone number: "nobody" would be a wrong answer.
    pub async fn identify(&self, case: Case<Received>) -> Result<Identified, CaseError> {
        let mut contact = self.open_contact(case.file()).await?;
        if contact.subject.is_some() {
            return Ok(Identified::Person(case));
        }
        let mut people = self.at_address(&case.file().request().tenant, &contact.address).await?;
        let Some(person) = people.pop_first() else { return Ok(Identified::Nobody(case)) };
        if !people.is_empty() {
            people.insert(person);
            return Ok(Identified::Several(case, people));
        }
        contact.subject = Some(person);
        let sealed = self.seal_contact(case.file(), &contact).await?;
        let keep = |mut case: Case<Received>| {
            case.keep_contact(sealed.clone());
            Ok(case.into_file())
        };
        let file = self.step(case, None, |_| false, keep).await?;
        Ok(Identified::Person(Case::from_file(file)?))
    }

    async fn at_address(&self, tenant: &TenantId, address: &str) -> Result<BTreeSet<SubjectId>, CaseError> {
        let (mut found, mut unfit, mut looked) = (BTreeSet::new(), None, false);
        for record in self.inner.map.records() {
            for field in record.fields.iter().filter(|field| field.find_by) {
                match self.policy().find_by(field.class.id).normalise {
                    Normalise::Email | Normalise::Phone => {}
                    Normalise::Text | Normalise::Exact => continue,
                }
                match Sought::new(self.policy(), record.kind, field, address) {
                    Ok(sought) => {
                        looked = true;
                        found.append(&mut self.holders(tenant, &sought).await?);
                    }
                    Err(why) => unfit = Some(why),
                }
            }
        }
        match unfit {
            _ if looked => Ok(found),
            Some(why) => Err(CaseError::Address(why)),
            None => Err(CaseError::NothingToFindBy),
        }
    }
}
