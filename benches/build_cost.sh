#!/usr/bin/env bash
# What declaring records costs a host's build: 100 structs of 10 fields.
#
#   benches/build_cost.sh [ROUNDS]     (5 rounds unless told)
#
# Writes one small library for each way of declaring them under target/build_cost, builds what they depend on, and then builds each
# library anew in every round (debug profile, no incremental cache from before), in turns. Prints the median of what each takes beyond
# the same library with plain structs, of the same round:
#
#   figure NAME SECONDS <= GOAL
#
# plain                  100 structs of 10 `String`s, nothing derived
# declared               `classes!` and `record!`, each field with a class of its own (1,000 classes)
# declared_shared        the same, with ten classes that all records share
# declared_bound         `declared`, all 100 bound to a builder, in tuples of ten, and each put once
# peer_data_privacy      `data_privacy` as its documentation has it: a newtype under `#[classified]` for each field (1,000),
#                        structs that derive Debug and RedactedDebug
# peer_data_privacy_shared  the same, with ten newtypes that all structs share
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
rounds=${1:-5}
work=target/build_cost
export CARGO_TERM_COLOR=never CARGO_TARGET_DIR=$root/$work/target
libraries=(plain declared declared_shared declared_bound peer_data_privacy peer_data_privacy_shared)
goal_declared=1.0

# library <name> <dependencies>: its folder and manifest; the code comes on standard input.
library() {
    mkdir -p "$work/$1/src"
    printf '[package]\nname = "%s"\nversion = "0.0.0"\nedition = "2024"\n\n[dependencies]\n%s\n' "$1" "$2" >"$work/$1/Cargo.toml"
    cat >"$work/$1/src/lib.rs"
}

plain() {
    awk 'BEGIN { for (s = 0; s < 100; s++) {
        printf "pub struct S%d {\n", s
        for (f = 0; f < 10; f++) printf "    pub f%d: String,\n", f
        print "}"
    } }'
}

# declared <shared: 0 or 1>
declared() {
    awk -v shared="$1" '
        function classes(prefix, id,    f) {
            print "stewardship::classes! {"
            for (f = 0; f < 10; f++) printf "    pub %sF%d: Confidential in \"c\" = \"%s.f%d\";\n", prefix, f, id, f
            print "}"
        }
        BEGIN {
            if (shared) classes("", "c")
            for (s = 0; s < 100; s++) {
                if (!shared) classes("S" s, "s" s)
                printf "stewardship::record! {\n    pub struct S%d in \"c\" {\n", s
                for (f = 0; f < 10; f++) printf "        pub f%d: String as %sF%d;\n", f, shared ? "" : "S" s, f
                print "    }\n}"
            }
        }'
}

bound() {
    declared 0
    awk 'BEGIN {
        print "use stewardship::contracts::AnyPorts;\nuse stewardship::engine::{Blocking, Builder, PutError};\nuse stewardship::{Place, Purpose};"
        print "pub fn bind(builder: Builder<AnyPorts>) -> Builder<AnyPorts> {\n    builder"
        for (t = 0; t < 10; t++) {
            printf "        .bind::<("
            for (s = 0; s < 10; s++) printf "S%d, ", 10 * t + s
            print ")>()"
        }
        print "}"
        for (s = 0; s < 100; s++) {
            printf "pub fn put%d(steward: &Blocking, place: &Place, record: &S%d, purpose: &Purpose) -> Result<(), PutError> {\n", s, s
            print "    steward.put(place, record, purpose)?;\n    Ok(())\n}"
        }
    }'
}

# peer <shared: 0 or 1>
peer() {
    awk -v shared="$1" '
        function classes(prefix,    f) {
            for (f = 0; f < 10; f++) printf "#[classified(Shop::C%d)]\npub struct %sF%d(pub String);\n", f, prefix, f
        }
        BEGIN {
            print "use data_privacy::{RedactedDebug, classified, taxonomy};\n#[taxonomy(shop)]\npub enum Shop {"
            for (f = 0; f < 10; f++) printf "    C%d,\n", f
            print "}"
            if (shared) classes("")
            for (s = 0; s < 100; s++) {
                if (!shared) classes("S" s)
                printf "#[derive(Debug, RedactedDebug)]\npub struct S%d {\n", s
                for (f = 0; f < 10; f++) printf "    pub f%d: %sF%d,\n", f, shared ? "" : "S" s, f
                print "}"
            }
        }'
}

mkdir -p "$work"
ours="stewardship = { path = '$root' }"
# The version that the other benchmarks compare with.
theirs=$(grep '^data_privacy ' benches/peers/Cargo.toml)
plain | library plain ""
declared 0 | library declared "$ours"
declared 1 | library declared_shared "$ours"
bound | library declared_bound "$ours"
peer 0 | library peer_data_privacy "$theirs"
peer 1 | library peer_data_privacy_shared "$theirs"
printf '[workspace]\nresolver = "3"\nmembers = ["%s"]\n' "$(sed 's/ /", "/g' <<<"${libraries[*]}")" >"$work/Cargo.toml"
cp benches/peers/Cargo.lock "$work/Cargo.lock"
cd "$work"
cargo build --quiet

# build <name>: seconds that it takes to build it anew.
build() {
    rm -rf "$CARGO_TARGET_DIR/debug/incremental/$1-"*
    touch "$1/src/lib.rs"
    local start=$EPOCHREALTIME
    cargo build --quiet --offline -p "$1"
    awk -v start="$start" -v end="$EPOCHREALTIME" 'BEGIN { printf "%.3f", end - start }'
}

for ((round = 1; round <= rounds; round++)); do
    base=""
    for name in "${libraries[@]}"; do
        seconds=$(build "$name")
        base=${base:-$seconds}
        printf '%s %s %s\n' "$name" "$seconds" "$(awk -v a="$seconds" -v b="$base" 'BEGIN { printf "%.3f", a - b }')"
    done
done >times

# median <name> <column of times>
median() {
    awk -v name="$1" -v column="$2" '$1 == name { print $column }' times | sort -n | awk '{ all[NR] = $1 } END { print all[int((NR + 1) / 2)] }'
}

for name in "${libraries[@]}"; do
    printf '%-26s %6.2f s\n' "$name" "$(median "$name" 2)"
done
for name in "${libraries[@]:1}"; do
    case $name in
    declared) printf 'figure declared_100x10_extra_seconds %.2f <= %s\n' "$(median declared 3)" "$goal_declared" ;;
    *) printf 'figure %s_100x10_extra_seconds %.2f\n' "$name" "$(median "$name" 3)" ;;
    esac
done
