//! 1: a value above Internal never leaves through Debug, Display, Serialize, a log field or an error message.
//!
//! That a classified value has neither Display nor Serialize is shown by `compile_fail` examples at `Classified`.

use proptest::prelude::*;
use stewardship::engine::{Blocking, PutError};
use stewardship::{Place, Purpose};

use crate::world::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn promise_01_no_value_leaves_through_debug_or_an_error(secret in "[a-zA-Z0-9]{16,32}") {
        let world = World::new();
        let steward = world.connected();
        let place = about(&format!("person-{secret}"));
        let mut shown = Vec::new();

        let record = creator(&secret);
        shown.push(format!("{record:?} {record:#?}"));
        shown.push(format!("{:?}", steward.put(&place, &record, &sync()).unwrap()));
        let payload = serde_json::json!({ "token": secret, "shop": { "name": 7 } });
        let refused: PutError = steward.ingest::<Token>(&at_shop(), "tiktok-shop", &payload, &sync()).unwrap_err();
        shown.push(chain(&refused));
        shown.push(chain(&steward.put(&place, &record, &Purpose::new("improve")).unwrap_err()));

        let grant = grant::<Creator>(&steward, &place);
        let opened = steward.open::<Creator>(&grant, &place).unwrap();
        shown.push(format!("{opened:?} {grant:?}"));
        let other = Place::tenant(TENANT).connection(SHOP).subject("somebody-else");
        shown.push(chain(&steward.open::<Creator>(&grant, &other).unwrap_err()));
        shown.push(format!("{:?} {:?}", world.memory, &steward as &Blocking<_>));
        steward.revoke(&shop_scope(), "the seller asked").unwrap();
        shown.push(chain(&steward.open::<Creator>(&grant, &place).unwrap_err()));
        shown.push(format!("{:?}", steward.sweep().unwrap()));
        for text in shown {
            prop_assert!(!text.contains(&secret), "{text}");
        }
    }
}

/// Everything that an error and its sources say.
pub(super) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        text += &format!("{error} {error:?} ");
        next = error.source();
    }
    text
}
