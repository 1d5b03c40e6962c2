use std::sync::Mutex;

use super::super::check_anchor;
use super::catches;
use crate::contracts::{Anchor, StoreError, block_on};
use crate::core::audit::tree::TreeHead;

/// One head; every rule kept where there is no flaw.
struct Kept {
    flaw: Option<Flaw>,
    head: Mutex<Option<TreeHead>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Flaw {
    KeepsTheFirst,
    KeepsTheLast,
    KeepsAnotherOfTheSize,
    ComparesBytes,
    ForgetsTheRoot,
    IsNotEmpty,
}

impl Anchor for Kept {
    async fn newest(&self) -> Result<Option<TreeHead>, StoreError> {
        let head = *self.head.lock().unwrap();
        Ok(match self.flaw {
            Some(Flaw::IsNotEmpty) => head.or(Some(TreeHead { size: 0, root: [0; 32] })),
            Some(Flaw::ForgetsTheRoot) => head.map(|head| TreeHead { root: [0; 32], ..head }),
            _ => head,
        })
    }

    async fn keep(&self, head: TreeHead) -> Result<(), StoreError> {
        let mut kept = self.head.lock().unwrap();
        let size = kept.map_or(0, |kept| kept.size);
        let keeps = match self.flaw {
            Some(Flaw::KeepsTheFirst) => kept.is_none(),
            Some(Flaw::KeepsTheLast) => true,
            Some(Flaw::KeepsAnotherOfTheSize) => head.size >= size,
            Some(Flaw::ComparesBytes) => head.size.to_le_bytes() > size.to_le_bytes(),
            _ => head.size > size,
        };
        if keeps {
            *kept = Some(head);
        }
        Ok(())
    }
}

#[test]
fn every_flaw_of_an_anchor_is_caught_by_its_rule() {
    let check = |flaw| block_on(check_anchor(async || Kept { flaw, head: Mutex::default() }));
    check(None).into_result().unwrap();
    for flaw in [
        Flaw::KeepsTheFirst,
        Flaw::KeepsTheLast,
        Flaw::KeepsAnotherOfTheSize,
        Flaw::ComparesBytes,
        Flaw::ForgetsTheRoot,
        Flaw::IsNotEmpty,
    ] {
        catches(&check(Some(flaw)), "forward", &flaw);
    }
}
