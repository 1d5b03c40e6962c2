#!/usr/bin/env bash
# Runs every benchmark, those against other crates and the build cost among them, and prints what they found last:
#
#   ratio NAME VALUE <= GOAL     ours against theirs, of times that were taken in turns (or >=)
#   figure NAME VALUE <= GOAL    seconds
#   report NAME VALUE            the same without a goal
#
# Ends with an error when a goal is missed. Takes some five minutes on two cores; wants them for itself, and the network once, for the
# crates that it compares with.
#
#   benches/run.sh [--without-build-cost]
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TERM_COLOR=never
found=$(mktemp)
trap 'rm -f "$found"' EXIT

# Shows what a benchmark says, and keeps it.
run() {
    printf '\n==> %s\n' "$*"
    "$@" | tee -a "$found"
}

cargo build --quiet --release --locked --manifest-path benches/peers/Cargo.toml
for bench in benches/*.rs; do
    run cargo bench --quiet --locked --all-features --bench "$(basename "$bench" .rs)"
done
for bench in benches/peers/*.rs; do
    run "benches/peers/target/release/$(basename "$bench" .rs)" --bench
done
if [ "${1:-}" != --without-build-cost ]; then
    run benches/build_cost.sh
fi

printf '\n'
grep -E '^(ratio|figure|report) ' "$found"
awk '/^(ratio|figure) / && NF == 5 {
    met = $4 == "<=" ? $3 + 0 <= $5 + 0 : $3 + 0 >= $5 + 0
    if (!met) { print "missed: " $0; missed = 1 }
} END { exit missed }' "$found"
