//! What leaves the trail wants a grant for exporting; one for reading is not enough.
use stewardship::access::{Export, Grant, Read};
use stewardship::engine::{Blocking, TrailQuery};

fn export(steward: &Blocking, reading: &Grant<Read>, exporting: &Grant<Export>) {
    let mut out = Vec::new();
    let done = steward.export_trail(reading, &TrailQuery::any(), &mut out); //~ forbidden: Grant<Export>
    //~ allowed: let done = steward.export_trail(exporting, &TrailQuery::any(), &mut out);
}

fn main() {}
