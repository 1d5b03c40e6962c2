//! Access decisions and proofs against a second implementation, over random policies and over every request of small domains.

mod agreement;
mod grants;
mod grid;
mod laws;
mod nearest;
mod promise;
mod proofs;
mod random;
mod reference;
mod requests;
