//! The floor's rules, as they are written, and the cells that the compiler makes of them.

use super::floor::{Cell, Cells};
use super::words::{Action, Category, Kind, Level, Mfa, Purpose, Role};

/// A rule of the policy as it is written.
pub struct Rule {
    pub id: &'static str,
    role: Role,
    actions: &'static [Action],
    categories: &'static [Category],
    up_to: Level,
    purposes: &'static [Purpose],
    kind: Kind,
    mfa: Mfa,
    case: bool,
    authorization: bool,
}

const fn rule(
    id: &'static str,
    role: Role,
    actions: &'static [Action],
    categories: &'static [Category],
    up_to: Level,
    purposes: &'static [Purpose],
) -> Rule {
    let kind = if matches!(role, Role::Integration) { Kind::Service } else { Kind::Person };
    Rule {
        id,
        role,
        actions,
        categories,
        up_to,
        purposes,
        kind,
        mfa: Mfa::None,
        case: false,
        authorization: false,
    }
}

impl Rule {
    const fn mfa(self) -> Self {
        Self { mfa: Mfa::HalfDay, ..self }
    }

    const fn on_case(self) -> Self {
        Self { case: true, ..self }
    }

    const fn authorized(self) -> Self {
        Self { authorization: true, ..self }
    }
}

/// The 20 rules that allow.
pub const RULES: [Rule; 20] = {
    use Action::{Erase, Export, Read, Share, Write};
    use Category::{Account, Billing, ConnectedPlatform, Creators, Orders};
    use Level::{Confidential, Internal, Public, Restricted};
    use Purpose::{Selling, Service, SubjectRequests};
    use Role::{Analyst, Integration, Owner, PrivacyOfficer, Support};
    const SOLD: &[Category] = &[ConnectedPlatform, Creators, Orders];
    const BOOKS: &[Category] = &[Billing, Account];
    const HANDED: &[Category] = &[ConnectedPlatform, Creators, Orders, Billing];
    const BOTH: &[Purpose] = &[Selling, Service];
    let all = &Category::ALL;
    [
        rule("owner-runs-the-shop", Owner, &[Read, Write], SOLD, Confidential, BOTH).mfa(),
        rule("owner-reads-the-books", Owner, &[Read], BOOKS, Confidential, &[Service]).mfa(),
        rule("owner-changes-the-books", Owner, &[Write], BOOKS, Internal, &[Service]),
        rule("owner-exports", Owner, &[Export], all, Confidential, BOTH).mfa(),
        rule("owner-shares", Owner, &[Share], HANDED, Internal, BOTH),
        rule("owner-erases", Owner, &[Erase], HANDED, Confidential, &[Service]).mfa(),
        rule(
            "support-reads-on-case",
            Support,
            &[Read],
            &[Creators, Orders, Billing],
            Confidential,
            &[Service],
        )
        .on_case(),
        rule(
            "support-reads-accounts-on-case",
            Support,
            &[Read],
            &[ConnectedPlatform, Account],
            Confidential,
            &[Service],
        )
        .on_case()
        .mfa(),
        rule("support-corrects-on-case", Support, &[Write], &[Creators, Orders], Internal, &[Service])
            .on_case(),
        rule("support-exports-on-case", Support, &[Export], &[Creators, Orders], Internal, &[Service])
            .on_case()
            .mfa(),
        rule("analyst-reads", Analyst, &[Read], HANDED, Internal, BOTH),
        rule("analyst-exports", Analyst, &[Export], &[Creators, Orders, Billing], Public, BOTH),
        rule("integration-keeps-in-step", Integration, &[Read, Write], SOLD, Restricted, &[Selling])
            .authorized(),
        rule("integration-keeps-the-books", Integration, &[Read, Write], BOOKS, Restricted, &[Service]),
        rule("integration-hands-over", Integration, &[Share], HANDED, Confidential, BOTH),
        rule("integration-cleans-up", Integration, &[Erase], SOLD, Restricted, BOTH),
        rule("officer-reads", PrivacyOfficer, &[Read], all, Restricted, &[SubjectRequests]).on_case(),
        rule("officer-corrects", PrivacyOfficer, &[Write], all, Confidential, &[SubjectRequests]).on_case(),
        rule(
            "officer-exports-and-erases",
            PrivacyOfficer,
            &[Export, Erase],
            all,
            Restricted,
            &[SubjectRequests],
        )
        .on_case()
        .mfa(),
        rule(
            "officer-shares",
            PrivacyOfficer,
            &[Share],
            &[Creators, Orders, Account],
            Confidential,
            &[SubjectRequests],
        )
        .on_case(),
    ]
};

/// The cells that they grant, filled by the compiler.
pub static CELLS: Cells = cells();

const fn cells() -> Cells {
    const NOTHING: Cell = Cell {
        rule: 0,
        purposes: 0,
        kind: Kind::Person,
        up_to: Level::Public,
        mfa: Mfa::None,
        case: false,
        authorization: false,
    };
    let mut cells = [[[NOTHING; 5]; 5]; 5];
    let mut number = 0;
    while number < RULES.len() {
        let rule = &RULES[number];
        let (mut purposes, mut at) = (0, 0);
        while at < rule.purposes.len() {
            purposes |= rule.purposes[at].bit();
            at += 1;
        }
        let mut action = 0;
        while action < rule.actions.len() {
            let mut category = 0;
            while category < rule.categories.len() {
                let cell = &mut cells[rule.role as usize][rule.actions[action] as usize]
                    [rule.categories[category] as usize];
                assert!(cell.purposes == 0, "each cell is granted by one rule");
                *cell = Cell {
                    rule: number as u8,
                    purposes,
                    kind: rule.kind,
                    up_to: rule.up_to,
                    mfa: rule.mfa,
                    case: rule.case,
                    authorization: rule.authorization,
                };
                category += 1;
            }
            action += 1;
        }
        number += 1;
    }
    cells
}
