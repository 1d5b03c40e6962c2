//! Access decisions, against what a good engineer writes by hand for the same policy.
//!
//! One marketplace policy (`access/policy.toml`) and a thousand requests, drawn once and the same each time. Before anything is measured
//! every engine has to give every answer alike, and every reason; see `access/mod.rs` for who they are. A call decides all thousand: a
//! processor learns ten by heart, and not these.
//!
//! The comparison with other crates is in `benches/peers`; `benches/run.sh` runs both.

#[path = "access/mod.rs"]
mod market;
mod measure;

use std::hint::black_box;

use market::asked::{COUNT, HostRequest, NOW, requests};
use market::floor;
use market::growth::{Family, grown};
use market::proofs::Proofs;
use market::table::Table;
use market::{domain, matched, ours, policy};
use measure::Bench;
use stewardship::Policy;

const MANY: usize = 10_000;

fn main() {
    let mut bench = Bench::start();
    let (policy, hosts) = (policy(), requests());
    agreement(&mut bench, &policy, &hosts);
    by_hand(&mut bench, &policy, &hosts);
    ours_alone(&mut bench, &policy, &hosts);
    growth(&mut bench, &hosts);
    proofs(&mut bench);
    bench.finish();
}

/// What is written by hand, against the floor.
fn by_hand(bench: &mut Bench, policy: &Policy, hosts: &[HostRequest]) {
    let plain: Vec<_> = hosts.iter().map(|host| floor::Request::parse(host).unwrap().asked).collect();
    let table = Table::load(policy);
    let loaded: Vec<_> = hosts.iter().map(|host| table.ask(host).unwrap()).collect();
    let floor = || plain.iter().for_each(|asked| _ = black_box(floor::decide(black_box(asked), NOW)));
    bench.report("decide/noise_floor_vs_itself", floor, floor);
    bench.report(
        "decide/floor_with_reasons_vs_floor",
        || plain.iter().for_each(|asked| _ = black_box(floor::decide_with_reasons(black_box(asked), NOW))),
        floor,
    );
    bench.report(
        "decide/floor_as_a_match_vs_floor",
        || plain.iter().for_each(|asked| _ = black_box(matched::decide(black_box(asked), NOW))),
        floor,
    );
    bench.report(
        "decide/table_vs_floor",
        || loaded.iter().for_each(|asked| _ = black_box(table.decide(black_box(asked), NOW, ours::HERE))),
        floor,
    );
    bench.per_second("decide/per_second_floor", COUNT, floor);
}

/// Ours, against the floor.
fn ours_alone(bench: &mut Bench, policy: &Policy, hosts: &[HostRequest]) {
    let plain: Vec<_> = hosts.iter().map(|host| floor::Request::parse(host).unwrap().asked).collect();
    let questions = ours::questions(hosts);
    let ready = ours::ready(policy, &questions, hosts);
    let all_reasons = || ready.iter().for_each(|ready| _ = black_box(black_box(ready).decide_with_reasons()));
    bench.at_most("decide/all_reasons_vs_floor", 4.0, all_reasons, || {
        plain.iter().for_each(|asked| _ = black_box(floor::decide(black_box(asked), NOW)));
    });
    bench.report("decide/all_reasons_vs_floor_with_reasons", all_reasons, || {
        plain.iter().for_each(|asked| _ = black_box(floor::decide_with_reasons(black_box(asked), NOW)));
    });
    bench.report(
        "decide/answer_alone_vs_floor",
        || ready.iter().for_each(|ready| _ = black_box(black_box(ready).decide())),
        || plain.iter().for_each(|asked| _ = black_box(floor::decide(black_box(asked), NOW))),
    );

    let by_hand = || {
        for host in hosts {
            let request = floor::Request::parse(black_box(host)).unwrap();
            black_box(floor::decide(&black_box(&request).asked, NOW));
        }
    };
    bench.at_most(
        "decide/end_to_end_vs_floor",
        2.0,
        || hosts.iter().for_each(|host| _ = black_box(ours::end_to_end(policy, host))),
        by_hand,
    );
    bench.report(
        "decide/end_to_end_all_reasons_vs_floor",
        || hosts.iter().for_each(|host| _ = black_box(ours::end_to_end_with_reasons(policy, host))),
        by_hand,
    );
}

/// The same questions under 10, 100, 1,000 and 10,000 rules, with every reason.
fn growth(bench: &mut Bench, hosts: &[HostRequest]) {
    let questions = ours::questions(hosts);
    let ten = grown(Family::Spread, 10);
    let few = ours::ready(&ten, &questions, hosts);
    let with_few = || few.iter().for_each(|ready| _ = black_box(black_box(ready).decide_with_reasons()));
    bench.per_second("decide/per_second_10_rules", COUNT, with_few);
    for (family, named) in [(Family::Spread, "spread"), (Family::Crowded, "crowded")] {
        // Where nothing is measured, as many as show that it runs.
        for rules in if bench.is_measured() { [100, 1_000, MANY] } else { [20, 50, 100] } {
            let policy = grown(family, rules);
            assert_eq!(policy.document().access.allow.len() + policy.document().access.deny.len(), rules);
            let table = Table::load(&policy);
            for host in hosts {
                let (answer, reasons) = ours::reasoned(&policy, host);
                assert_eq!((answer, reasons), ours::reasoned(&ten, host));
                assert_eq!(table.decide(&table.ask(host).unwrap(), NOW, ours::HERE).answer, answer);
            }
            let many = ours::ready(&policy, &questions, hosts);
            let with_many =
                || many.iter().for_each(|ready| _ = black_box(black_box(ready).decide_with_reasons()));
            bench.per_second(&format!("decide/per_second_{rules}_rules_{named}"), COUNT, with_many);
            if rules == MANY || !bench.is_measured() {
                bench.at_most(&format!("decide/10000_rules_{named}_vs_10"), 3.0, with_many, with_few);
                // With the names and the rules looked up each time.
                bench.report(
                    &format!("decide/10000_rules_{named}_end_to_end_vs_10"),
                    || hosts.iter().for_each(|host| _ = black_box(ours::end_to_end(&policy, host))),
                    || hosts.iter().for_each(|host| _ = black_box(ours::end_to_end(&ten, host))),
                );
                let loaded: Vec<_> = hosts.iter().map(|host| table.ask(host).unwrap()).collect();
                bench.report(&format!("decide/10000_rules_{named}_vs_table"), with_many, || {
                    loaded
                        .iter()
                        .for_each(|asked| _ = black_box(table.decide(black_box(asked), NOW, ours::HERE)));
                });
            }
        }
    }
}

/// What the analyser of Cedar answers, about every request that there is: proved, against going through all 2,073,600 states with the
/// floor.
fn proofs(bench: &mut Bench) {
    let (proofs, drifted) = (Proofs::new(), domain::drifted_cells());
    assert_eq!((proofs.all_questions(), domain::all_questions(&drifted)), (6, 6));
    bench.at_most(
        "prove/all_questions_vs_enumeration",
        0.01,
        || proofs.all_questions(),
        || domain::all_questions(black_box(&drifted)),
    );
    bench.report(
        "prove/tenant_isolation_vs_enumeration",
        || proofs.tenant_isolation(),
        domain::tenant_isolation,
    );
    bench.report("prove/second_factor_vs_enumeration", || proofs.second_factor(), domain::second_factor);
    bench.report("prove/purpose_vs_enumeration", || proofs.purpose(), domain::purpose);
    bench.report("prove/need_to_know_vs_enumeration", || proofs.need_to_know(), domain::need_to_know);
    bench.report("prove/equivalence_vs_enumeration", || proofs.equivalence(), domain::equivalence);
    bench.report("prove/drift_vs_enumeration", || proofs.drift(), || domain::drift(black_box(&drifted)));
}

/// Every engine gives every answer and every reason alike: to the thousand requests, and to a good part of all that can be asked.
fn agreement(bench: &mut Bench, policy: &Policy, hosts: &[HostRequest]) {
    assert_eq!(hosts.len(), COUNT);
    assert_eq!(domain::granted().count(), 79);
    let table = Table::load(policy);
    let mut answers = [0; 3];
    for host in hosts {
        let asked = floor::Request::parse(host).unwrap().asked;
        let reasoned = floor::decide_with_reasons(&asked, NOW);
        assert_eq!(floor::decide(&asked, NOW), reasoned.answer);
        assert_eq!(matched::decide(&asked, NOW), reasoned.answer);
        let by_table = table.decide(&table.ask(host).unwrap(), NOW, ours::HERE);
        assert_eq!(by_table.answer, reasoned.answer);
        let mut named: Vec<_> = by_table.reasons.iter().map(|reason| table.name(*reason)).collect();
        named.sort_unstable();
        assert_eq!(named, floor::names(reasoned.reasons));
        let (answer, reasons) = ours::reasoned(policy, host);
        assert_eq!(answer, reasoned.answer);
        assert_eq!(reasons, named);
        answers[answer as usize] += 1;
    }
    let [_, forbidden, not_permitted] = answers;
    bench.counted("decide/denied_of_1000", forbidden + not_permitted);
    bench.counted("decide/denied_because_no_rule_grants", not_permitted);
    let mut states = 0;
    let different = domain::find(|asked| {
        states += 1;
        // A prime: every value of every attribute comes up with every other.
        states % 1_009 == 0 && {
            let host = ours::host(asked);
            assert_eq!(floor::decide(asked, NOW), matched::decide(asked, NOW));
            ours::reasoned(policy, &host).0 != floor::decide(asked, NOW)
        }
    });
    assert!(different.is_none(), "{different:?}");
    assert_eq!(states, domain::STATES);
}
