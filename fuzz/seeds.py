"""Writes the seeds that the tests own: the vectors of both formats 1, and the example policies. `seeds/` has the others."""

import base64
import json
import pathlib
import sys
import tomllib

root, out = pathlib.Path(__file__).parent.parent, pathlib.Path(sys.argv[1])


def seed(target, name, data):
    folder = out / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


def record(head, fields):
    parts = [bytes.fromhex(part) for part in (head, *fields)]
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


vectors = json.loads((root / "tests/vectors/format-1.json").read_text())
for number, case in enumerate(vectors["values"]):
    sealed = bytes.fromhex(case["sealed"])
    seed("envelope", f"value-{number}", sealed)
    seed("sealed_value", f"value-{number}", base64.urlsafe_b64encode(sealed).rstrip(b"="))
for number, case in enumerate(vectors["records"]):
    seed("record", f"record-{number}", record(case["head"], [field["sealed"] for field in case["fields"]]))
for number, case in enumerate(vectors["wrapped"]):
    seed("wrapped_key", f"key-{number}", bytes.fromhex(case["sealed"]) + bytes.fromhex(case["context"]))
for number, case in enumerate(vectors["streams"]):
    if "sealed" in case:
        seed("stream", f"stream-{number}", bytes.fromhex(case["sealed"]))
entries = json.loads((root / "tests/vectors/audit-1.json").read_text())
for number, case in enumerate(entries["entries"]):
    seed("audit_entry", f"entry-{number}", case["bytes"].encode())
    # Without the beginning that the target puts in front.
    seed("audit_entry", f"behind-{number}", case["bytes"].encode()[len('{"format":1,"at":"2026-11-22T09:00:00.000000Z","policy":""') + 64 :])
for number, case in enumerate(entries["refused"]):
    seed("audit_entry", f"refused-{number}", bytes.fromhex(case["bytes"]))
# For streams that the target seals itself: lengths of pieces, the cut, the altered byte and its mask, and what is sealed.
for number, chosen in enumerate(["ffff0000000000", "03400000000000", "20800001000000", "80200000004001", "80204010000080"]):
    seed("stream", f"sealed-here-{number}", bytes.fromhex(chosen) + bytes(range(256)) * (number * 33))
for policy in (root / "examples/policies").glob("*.toml"):
    seed("policy_toml", policy.name, policy.read_bytes())
    seed("policy_json", policy.stem + ".json", json.dumps(tomllib.loads(policy.read_text()), default=str).encode())
