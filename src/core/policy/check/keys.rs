//! Crypto-periods: a key has a time in which it protects, and it ends.

use super::Check;
use crate::core::keys::CryptoPeriod;
use crate::core::policy::finding::FindingCode;
use crate::core::policy::path::Path;

pub(super) fn check(check: &mut Check<'_, '_>) {
    let Some(keys) = &check.document.keys else { return };
    let limits = [
        ("rotate_after", keys.rotate_after),
        ("refuse_after", keys.refuse_after),
        ("epoch_after", keys.epoch_after),
    ];
    for (key, limit) in limits {
        let Some(limit) = limit else { continue };
        let path = Path::of(["keys", key]);
        if limit.is_zero() {
            let message = "a key would be over as soon as it is made";
            let hint = "write the age that a key may have, such as `90 days`";
            check.error(FindingCode::KeyNeverFresh, &path, message, hint);
        } else if limit.approximate_seconds() > CryptoPeriod::DEFAULT_REFUSE.approximate_seconds() {
            let message = format!("{limit} is longer than a key should protect");
            let hint = "two years is the most that NIST SP 800-57 Part 1 rev. 5, section 5.3.6, recommends";
            check.warning(FindingCode::LongKeyPeriod, &path, message, hint);
        }
    }
    if let (Some(soft), Some(hard)) = (keys.rotate_after, keys.refuse_after)
        && soft.approximate_seconds() >= hard.approximate_seconds()
    {
        let message = format!("a key would be refused after {hard}, and replaced after {soft}");
        let hint = "let `rotate_after` be shorter than `refuse_after`";
        check.error(FindingCode::KeyNeverFresh, &Path::of(["keys", "rotate_after"]), message, hint);
    }
}
