mod clocks;
mod deadline;
pub use clocks::*;
pub use deadline::*;
