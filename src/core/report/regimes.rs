//! How long the regimes that the page names give for an answer.

use crate::core::period::Period;

/// A regime's time to answer, with its source.
pub(super) struct Regime {
    pub(super) title: &'static str,
    pub(super) answer: Period,
    pub(super) cites: &'static str,
}

/// The regime of that name, where the page knows one.
pub(super) fn regime(name: &str) -> Option<Regime> {
    let (title, answer, cites) = match name {
        "gdpr" => ("GDPR", Period::months(1), "GDPR Art. 12(3)"),
        "ccpa" => ("CCPA", Period::days(45), "Cal. Code Regs. tit. 11 § 7021"),
        _ => return None,
    };
    Some(Regime { title, answer, cites })
}
