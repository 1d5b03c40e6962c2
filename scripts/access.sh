#!/usr/bin/env bash
# The access engine against a second implementation of its documentation, on 1,000,000 random pairs of a policy and a request, and its proofs
# against every request of hundreds of small domains. Optimised, since it takes many minutes otherwise; some two minutes after the build.
# `cargo test` runs both on fewer.
set -euo pipefail
cd "$(dirname "$0")/.."
said=$(cargo test --locked --release --all-features --test access -- --ignored --nocapture)
printf '%s\n' "$said"
# A filter that matches nothing passes too.
grep -q "^1000000 pairs of a policy and a request agree: " <<<"$said"
grep -q "capabilities and 400 reviews agree with every request$" <<<"$said"
