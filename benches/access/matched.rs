//! The policy written a second time by hand, as one `match`: what the floor's table is checked against, and the other encoding of the
//! question whether two encodings are equivalent.

use super::floor::{Answer, Asked, is_forbidden};
use super::words::{Action, Category, Kind, Level, Mfa, Purpose, Role};

/// Decides.
#[inline]
pub fn decide(asked: &Asked, now: i64) -> Answer {
    if !asked.within_tenant {
        return Answer::NotPermitted;
    }
    let mfa = Mfa::of(asked.mfa_at, now);
    if is_forbidden(asked, mfa) {
        return Answer::Forbidden;
    }
    match asked.roles.numbers().any(|role| grants(Role::ALL[role], asked, mfa)) {
        true => Answer::Allowed,
        false => Answer::NotPermitted,
    }
}

fn grants(role: Role, asked: &Asked, mfa: Mfa) -> bool {
    let (level, purpose) = (asked.level, asked.purpose);
    let fresh = mfa == Mfa::HalfDay;
    let on_case = asked.case == Some(true);
    let for_service = purpose == Purpose::Service;
    let for_customers = purpose != Purpose::SubjectRequests;
    let for_people = purpose == Purpose::SubjectRequests;
    if (role == Role::Integration) != (asked.kind == Kind::Service) {
        return false;
    }
    use Action::{Erase, Export, Read, Share, Write};
    use Category::{Account, Billing, ConnectedPlatform, Creators, Orders};
    match (role, asked.action, asked.category) {
        (Role::Owner, Read | Write, ConnectedPlatform | Creators | Orders) | (Role::Owner, Export, _) => {
            level <= Level::Confidential && for_customers && fresh
        }
        (Role::Owner, Read, Billing | Account) => level <= Level::Confidential && for_service && fresh,
        (Role::Owner, Write, Billing | Account) => level <= Level::Internal && for_service,
        (Role::Owner, Share, ConnectedPlatform | Creators | Orders | Billing) => {
            level <= Level::Internal && for_customers
        }
        (Role::Owner, Erase, ConnectedPlatform | Creators | Orders | Billing) => {
            level <= Level::Confidential && for_service && fresh
        }
        (Role::Support, Read, Creators | Orders | Billing) => {
            level <= Level::Confidential && for_service && on_case
        }
        (Role::Support, Read, ConnectedPlatform | Account) => {
            level <= Level::Confidential && for_service && on_case && fresh
        }
        (Role::Support, Write, Creators | Orders) => level <= Level::Internal && for_service && on_case,
        (Role::Support, Export, Creators | Orders) => {
            level <= Level::Internal && for_service && on_case && fresh
        }
        (Role::Analyst, Read, ConnectedPlatform | Creators | Orders | Billing) => {
            level <= Level::Internal && for_customers
        }
        (Role::Analyst, Export, Creators | Orders | Billing) => level == Level::Public && for_customers,
        (Role::Integration, Read | Write, ConnectedPlatform | Creators | Orders) => {
            purpose == Purpose::Selling && asked.authorization == Some(true)
        }
        (Role::Integration, Read | Write, Billing | Account) => for_service,
        (Role::Integration, Share, ConnectedPlatform | Creators | Orders | Billing) => {
            level <= Level::Confidential && for_customers
        }
        (Role::Integration, Erase, ConnectedPlatform | Creators | Orders) => for_customers,
        (Role::PrivacyOfficer, Read, _) => for_people && on_case,
        (Role::PrivacyOfficer, Write, _) => level <= Level::Confidential && for_people && on_case,
        (Role::PrivacyOfficer, Export | Erase, _) => for_people && on_case && fresh,
        (Role::PrivacyOfficer, Share, Creators | Orders | Account) => {
            level <= Level::Confidential && for_people && on_case
        }
        _ => false,
    }
}
