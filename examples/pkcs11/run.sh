#!/usr/bin/env bash
# Checks the example against SoftHSM (Debian: `softhsm2`), in a token of its own that goes when this ends: format, clippy, tests, program.
set -euo pipefail
cd "$(dirname "$0")"
export CARGO_TERM_COLOR=never

if ! command -v softhsm2-util >/dev/null; then
    printf 'there is no softhsm2-util: install SoftHSM (Debian: apt-get install softhsm2)\n' >&2
    exit 1
fi
if [ -z "${PKCS11_MODULE:-}" ]; then
    for module in /usr/lib/softhsm /usr/lib/*/softhsm /usr/lib64/pkcs11 /usr/local/lib/softhsm /opt/homebrew/lib/softhsm; do
        if [ -e "$module/libsofthsm2.so" ]; then
            export PKCS11_MODULE="$module/libsofthsm2.so"
            break
        fi
    done
fi
: "${PKCS11_MODULE:?there is no libsofthsm2.so where it is looked for: say where it is}"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/tokens"
export SOFTHSM2_CONF="$folder/softhsm2.conf"
printf 'directories.tokendir = %s\nobjectstore.backend = file\nlog.level = ERROR\n' "$folder/tokens" >"$SOFTHSM2_CONF"

export PKCS11_TOKEN=stewardship PKCS11_PIN_FILE="$folder/pin"
(umask 077 && od -An -N8 -tx1 /dev/urandom | tr -d ' \n' >"$PKCS11_PIN_FILE")
# The second one is for the test that takes it away.
for label in "$PKCS11_TOKEN" taken-away; do
    softhsm2-util --init-token --free --label "$label" --so-pin "$(cat "$PKCS11_PIN_FILE")" --pin "$(cat "$PKCS11_PIN_FILE")" >/dev/null
done

cargo fmt --check
cargo clippy --locked --all-targets -- -D warnings
TOKENS="$folder/tokens" cargo test --locked
cargo run --locked --quiet
