//! What depends on the day.

use chrono::NaiveDate;

use super::Check;
use crate::core::policy::document::PolicyDocument;
use crate::core::policy::finding::{FindingCode, Findings};
use crate::core::policy::path::{Path, shortened};

/// Checks a policy that is used on `today`.
pub(crate) fn check_dates(document: &PolicyDocument, today: NaiveDate, findings: &mut Findings) {
    let mut check = Check { document, findings };
    if document.updated > today {
        let message = format!("updated on {}, which is after {today}", document.updated);
        check.error(
            FindingCode::FutureDate,
            &Path::of(["updated"]),
            message,
            "write the day of the last change",
        );
    }
    if document.effective > today {
        let message = format!("applies from {}, which is after {today}", document.effective);
        let hint = "use the policy that applies now until then";
        check.warning(FindingCode::NotYetEffective, &Path::of(["effective"]), message, hint);
    }
    for (index, certificate) in document.certifications.iter().enumerate() {
        if certificate.valid_until < today {
            let message =
                format!("`{}` was valid until {}", shortened(&certificate.standard), certificate.valid_until);
            let path = Path::of(["certifications"]).index(index).key("valid_until");
            check.error(FindingCode::CertificationExpired, &path, message, "renew it, or drop the claim");
        }
    }
}
