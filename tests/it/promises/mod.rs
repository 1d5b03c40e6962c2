//! The thirteen promises, each as tests whose names say it.

mod life;
mod p03_places;
mod p05_holds;
mod p07_revocation;
mod p09_crashes;
mod races;
