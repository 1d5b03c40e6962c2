//! Access decisions against other engines: the same policy, the same thousand requests, each engine written as its documentation has it
//! and in agreement about every answer.
//!
//! `prebuilt` is a decision about a request that the engine has already in its own form; `end_to_end` begins with the host's strings.
//! Ours gives every reason in both; the others give what they give.

#[path = "../access/mod.rs"]
mod market;
#[path = "../measure/mod.rs"]
mod measure;

#[path = "access/casbin.rs"]
mod casbin;
#[path = "access/cedar.rs"]
mod cedar;
#[path = "access/rego.rs"]
mod rego;

use std::hint::black_box;

use market::asked::{COUNT, HostRequest, requests};
use market::floor::Answer;
use market::ours::Ready;
use market::{ours, policy};
use measure::Bench;
use stewardship::Policy;

use crate::casbin::Casbin;
use crate::cedar::Cedar;
use crate::rego::Rego;

fn main() {
    let mut bench = Bench::start();
    let (policy, hosts) = (policy(), requests());
    let questions = ours::questions(&hosts);
    let ours = Ours { ready: ours::ready(&policy, &questions, &hosts), policy: &policy, hosts: &hosts };
    against_regorus(&mut bench, &ours);
    against_cedar(&mut bench, &ours);
    against_casbin(&mut bench, &ours);
    bench.finish();
}

/// This crate, and what it is asked.
struct Ours<'a> {
    policy: &'a Policy,
    hosts: &'a [HostRequest],
    ready: Vec<Ready<'a>>,
}

impl Ours<'_> {
    fn prebuilt(&self) {
        self.ready.iter().for_each(|ready| _ = black_box(black_box(ready).decide_with_reasons()));
    }

    fn end_to_end(&self) {
        self.hosts.iter().for_each(|host| _ = black_box(ours::end_to_end_with_reasons(self.policy, host)));
    }

    /// Asserts that the other engine gives every answer that ours gives, and counts, of the denials because no rule grants it, those of
    /// which either says anything. What is of another tenant is not counted: we say as little of it as of what is not there.
    fn agree(&self, bench: &mut Bench, name: &str, mut theirs: impl FnMut(&HostRequest) -> (bool, usize)) {
        assert_eq!(self.hosts.len(), COUNT);
        let [mut ungranted, mut ours_explained, mut explained] = [0; 3];
        for host in self.hosts {
            let (answer, _reasons) = ours::reasoned(self.policy, host);
            let (is_allowed, reasons) = theirs(host);
            assert_eq!(is_allowed, answer == Answer::Allowed, "{name}");
            if answer == Answer::NotPermitted && host.tenant == host.of_tenant {
                ungranted += 1;
                ours_explained += usize::from(ours::has_nearest(self.policy, host));
                explained += usize::from(reasons > 0);
            }
        }
        assert_eq!(ours_explained, ungranted);
        bench.counted(&format!("decide/no_rule_grants_of_{ungranted}_explained_by_{name}"), explained);
    }
}

fn against_regorus(bench: &mut Bench, ours: &Ours<'_>) {
    let mut engine = Rego::new(ours.policy);
    ours.agree(bench, "regorus", |host| (engine.decide(rego::ask(host)), 0));
    let inputs: Vec<_> = ours.hosts.iter().map(rego::ask).collect();
    bench.at_most(
        "decide/prebuilt_vs_regorus",
        0.01,
        || ours.prebuilt(),
        || inputs.iter().for_each(|input| _ = black_box(engine.decide(black_box(input).clone()))),
    );
    bench.report(
        "decide/end_to_end_vs_regorus",
        || ours.end_to_end(),
        || ours.hosts.iter().for_each(|host| _ = black_box(engine.decide(rego::ask(black_box(host))))),
    );
}

fn against_cedar(bench: &mut Bench, ours: &Ours<'_>) {
    let engine = Cedar::new(ours.policy);
    assert_eq!(engine.policies(), 28);
    ours.agree(bench, "cedar", |host| engine.decide(&engine.ask(host)));
    ours.agree(bench, "cedar_sliced", |host| engine.decide_sliced(&engine.ask(host), host));
    let asked: Vec<_> = ours.hosts.iter().map(|host| engine.ask(host)).collect();
    let sliced = |asked: &_, host: &HostRequest| _ = black_box(engine.decide_sliced(black_box(asked), host));
    bench.at_most(
        "decide/prebuilt_vs_cedar",
        0.0025,
        || ours.prebuilt(),
        || asked.iter().for_each(|asked| _ = black_box(engine.decide(black_box(asked)))),
    );
    bench.report(
        "decide/prebuilt_vs_cedar_sliced",
        || ours.prebuilt(),
        || asked.iter().zip(ours.hosts).for_each(|(asked, host)| sliced(asked, host)),
    );
    bench.report(
        "decide/end_to_end_vs_cedar",
        || ours.end_to_end(),
        || ours.hosts.iter().for_each(|host| _ = black_box(engine.decide(&engine.ask(black_box(host))))),
    );
    bench.report(
        "decide/end_to_end_vs_cedar_sliced",
        || ours.end_to_end(),
        || ours.hosts.iter().for_each(|host| sliced(&engine.ask(black_box(host)), host)),
    );
}

fn against_casbin(bench: &mut Bench, ours: &Ours<'_>) {
    let engine = Casbin::new(ours.policy);
    ours.agree(bench, "casbin", |host| (engine.decide(casbin::ask(host)), 0));
    let asked: Vec<_> = ours.hosts.iter().map(casbin::ask).collect();
    bench.report(
        "decide/prebuilt_vs_casbin",
        || ours.prebuilt(),
        || asked.iter().for_each(|asked| _ = black_box(engine.decide(black_box(asked).clone()))),
    );
    bench.report(
        "decide/end_to_end_vs_casbin",
        || ours.end_to_end(),
        || ours.hosts.iter().for_each(|host| _ = black_box(engine.decide(casbin::ask(black_box(host))))),
    );
}
