#!/usr/bin/env bash
# Runs the fuzz targets of `fuzz/`, each for some seconds, from the seeds that lie there and the vectors and policies of the tests.
#
#   scripts/fuzz.sh [SECONDS] [TARGET…]      600 seconds and every target unless told
#
# On the stable toolchain: libFuzzer's coverage comes from flags of the compiler, without a sanitizer, since nothing here is unsafe. Ends with
# an error where a target finds something; what it found lies in `fuzz/artifacts/TARGET`. Prints `executions TARGET NUMBER` for each.
set -euo pipefail
cd "$(dirname "$0")/../fuzz"
seconds=${1:-600}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(sed -n 's/^name = "\(.*\)"$/\1/p' Cargo.toml | grep -v '^fuzz$')
fi

export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares"
host=$(rustc -vV | sed -n 's/^host: //p')
# For the target alone: build scripts and proc-macros have no fuzzer to link with.
cargo build --quiet --locked --release --target "$host" "${targets[@]/#/--bin=}"

# Seeds that the tests own are taken from there, so that they cannot drift.
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
python3 seeds.py "$seeds"

for target in "${targets[@]}"; do
    mkdir -p "corpus/$target" "artifacts/$target" "$seeds/$target" "seeds/$target"
    log=$seeds/log
    if ! "target/$host/release/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
        -max_len=65536 -artifact_prefix="artifacts/$target/" "corpus/$target" "$seeds/$target" "seeds/$target" >"$log" 2>&1; then
        tail -40 "$log"
        echo "found by $target: see fuzz/artifacts/$target"
        exit 1
    fi
    printf 'executions %s %s\n' "$target" "$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
done
