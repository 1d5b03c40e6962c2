//! A thousand requests as a host has them: strings, of a session and of what was clicked on.

use super::words::{Action, Category, Kind, Level, Purpose, Role};

/// How many.
pub const COUNT: usize = 1_000;
/// 2026-11-27 09:00 UTC, in seconds since 1970.
pub const NOW: i64 = 1_795_770_000;

/// What the host read from its session, its route and its database: slices of texts that it has parsed.
pub struct HostRequest {
    pub tenant: &'static str,
    pub principal: &'static str,
    pub kind: &'static str,
    pub suspended: bool,
    pub roles: Vec<&'static str>,
    /// When the second factor was verified, in seconds since 1970.
    pub mfa_at: Option<i64>,
    pub action: &'static str,
    pub of_tenant: &'static str,
    pub category: &'static str,
    pub level: &'static str,
    pub connection: &'static str,
    pub subject: &'static str,
    pub record: &'static str,
    pub purpose: &'static str,
    /// Whether whoever asks is assigned to a case about it, where that was looked up.
    pub assigned_case: Option<bool>,
    /// Whether the connection's authorisation is live, where that was looked up.
    pub authorization: Option<bool>,
}

/// The same thousand each time.
pub fn requests() -> Vec<HostRequest> {
    let mut draw = Draw(0x5EED_0005);
    (0..COUNT).map(|_| request(&mut draw)).collect()
}

/// Somebody at work, mostly within what the role is for: what is asked for is drawn by role, and then each circumstance may be amiss.
fn request(draw: &mut Draw) -> HostRequest {
    let role = draw.weighed(&[
        (Role::Owner, 34),
        (Role::Support, 22),
        (Role::Analyst, 12),
        (Role::Integration, 20),
        (Role::PrivacyOfficer, 12),
    ]);
    let mut roles = vec![role];
    if role != Role::Integration && draw.chance(12) {
        let second = draw.one_of(&[Role::Owner, Role::Support, Role::Analyst, Role::PrivacyOfficer]);
        if second != role {
            roles.push(second);
        }
    }
    let kind = if role == Role::Integration { Kind::Service } else { Kind::Person };
    let (action, category, level, purpose) = work(draw, role);
    let tenant = draw.number(40);
    let of_tenant = if draw.chance(3) { draw.number(40) } else { tenant };
    HostRequest {
        tenant: name_of_tenant(tenant),
        principal: kept(draw.uuid()),
        kind: kind.as_str(),
        suspended: draw.chance(5),
        roles: roles.into_iter().map(|role| role.as_str()).collect(),
        mfa_at: mfa(draw, kind),
        action: action.as_str(),
        of_tenant: name_of_tenant(of_tenant),
        category: category.as_str(),
        level: level.as_str(),
        connection: kept(format!("tiktok-shop:{}", 1_000 + draw.number(9_000))),
        subject: kept(format!("buyer-{}", 1_000 + draw.number(9_000))),
        record: kept(format!(
            "114-{}-{}",
            1_000_000 + draw.number(9_000_000),
            1_000_000 + draw.number(9_000_000)
        )),
        purpose: purpose.as_str(),
        assigned_case: draw.weighed(&[(Some(true), 92), (Some(false), 4), (None, 4)]),
        authorization: draw.weighed(&[(Some(true), 82), (Some(false), 10), (None, 8)]),
    }
}

/// Each with how often it comes up.
type Weighed<T> = &'static [(T, u64)];

fn work(draw: &mut Draw, role: Role) -> (Action, Category, Level, Purpose) {
    // Now and then somebody asks for anything at all.
    if draw.chance(5) {
        return (
            draw.one_of(&Action::ALL),
            draw.one_of(&Category::ALL),
            draw.one_of(&Level::ALL),
            draw.one_of(&Purpose::ALL),
        );
    }
    let (actions, purposes): (Weighed<Action>, Weighed<Purpose>) = match role {
        Role::Owner => (
            &[
                (Action::Read, 50),
                (Action::Write, 25),
                (Action::Export, 12),
                (Action::Share, 8),
                (Action::Erase, 5),
            ],
            &[(Purpose::Selling, 50), (Purpose::Service, 50)],
        ),
        Role::Support => (
            &[(Action::Read, 80), (Action::Write, 15), (Action::Export, 5)],
            &[(Purpose::Service, 97), (Purpose::SubjectRequests, 3)],
        ),
        Role::Analyst => {
            (&[(Action::Read, 90), (Action::Export, 10)], &[(Purpose::Selling, 70), (Purpose::Service, 30)])
        }
        Role::Integration => (
            &[(Action::Read, 40), (Action::Write, 45), (Action::Share, 10), (Action::Erase, 5)],
            &[(Purpose::Selling, 75), (Purpose::Service, 25)],
        ),
        Role::PrivacyOfficer => (
            &[
                (Action::Read, 50),
                (Action::Write, 10),
                (Action::Export, 20),
                (Action::Share, 5),
                (Action::Erase, 15),
            ],
            &[(Purpose::SubjectRequests, 97), (Purpose::Service, 3)],
        ),
    };
    let purpose = draw.weighed(purposes);
    let categories: Weighed<Category> = match purpose {
        Purpose::Selling => {
            &[(Category::ConnectedPlatform, 25), (Category::Creators, 30), (Category::Orders, 45)]
        }
        Purpose::Service | Purpose::SubjectRequests => &[
            (Category::ConnectedPlatform, 10),
            (Category::Creators, 20),
            (Category::Orders, 30),
            (Category::Billing, 20),
            (Category::Account, 20),
        ],
    };
    let levels: Weighed<Level> = match role {
        Role::Analyst => &[(Level::Public, 25), (Level::Internal, 65), (Level::Confidential, 10)],
        Role::Owner | Role::Support => {
            &[(Level::Public, 5), (Level::Internal, 50), (Level::Confidential, 40), (Level::Restricted, 5)]
        }
        Role::Integration | Role::PrivacyOfficer => {
            &[(Level::Public, 5), (Level::Internal, 30), (Level::Confidential, 40), (Level::Restricted, 25)]
        }
    };
    (draw.weighed(actions), draw.weighed(categories), draw.weighed(levels), purpose)
}

/// Services have none; a person's is mostly of this morning, and sometimes of a clock that runs ahead.
fn mfa(draw: &mut Draw, kind: Kind) -> Option<i64> {
    let minutes = match draw.weighed(&[(0, 64), (1, 16), (2, 10), (3, 8), (4, 2)]) {
        0 => draw.number(12 * 60),
        1 => 12 * 60 + draw.number(12 * 60),
        2 => 24 * 60 + draw.number(72 * 60),
        3 => return None,
        _ => return Some(NOW + 60 + 60 * draw.number(30) as i64).filter(|_| kind == Kind::Person),
    };
    Some(NOW - 60 * minutes as i64 - 30).filter(|_| kind == Kind::Person)
}

fn name_of_tenant(number: u64) -> &'static str {
    kept(format!("seller-{number:03}-gmbh"))
}

/// For as long as the benchmark runs.
fn kept(text: String) -> &'static str {
    text.leak()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): ten lines, and the same numbers everywhere.
pub struct Draw(pub u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn number(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.number(100) < percent
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.number(all.len() as u64) as usize]
    }

    pub fn weighed<T: Copy>(&mut self, all: &[(T, u64)]) -> T {
        let mut at = self.number(all.iter().map(|(_, weight)| weight).sum());
        for (one, weight) in all {
            if at < *weight {
                return *one;
            }
            at -= weight;
        }
        unreachable!("the number is below the sum of the weights")
    }

    fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xFFFF,
            high & 0xFFF,
            low >> 52,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}
