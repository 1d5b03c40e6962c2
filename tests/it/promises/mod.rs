//! The thirteen promises, each as tests whose names say it.

mod find;
mod layers;
mod life;
mod p01_nested;
mod p01_values;
mod p02_grants;
mod p03_places;
mod p04_keys;
mod p04_life;
mod p05_holds;
mod p06_due;
mod p07_cache;
mod p07_epochs;
mod p07_revocation;
mod p08_cases;
mod p09_crashes;
mod p09_keys;
mod p10_proofs;
mod p10_trail;
mod p11_sources;
mod p12_page;
mod p13_input;
mod pseudonyms;
mod races;
mod stores;
mod streams;
