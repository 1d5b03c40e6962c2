#!/usr/bin/env python3
"""Writes format-1.json: a second implementation of src/crypto/envelope/FORMAT.md, over PyPI's `cryptography`.

    pip install cryptography && python3 tests/vectors/format-1.py > tests/vectors/format-1.json
"""

import json
from hashlib import sha256

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

KINDS = ["tenant", "connection", "subject", "case"]


def u32(value):
    return value.to_bytes(4, "big")


def field(data):
    data = data.encode() if isinstance(data, str) else data
    return u32(len(data)) + data


def opt(text):
    return b"\0" if text is None else b"\1" + field(text)


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def scope_bytes(scope):
    number = KINDS.index(scope["kind"])
    parts = field(scope["tenant"]) + (field(scope["id"]) if number else b"")
    return bytes([number]) + parts


def place_key(scopes, label="value"):
    material = b"".join(bytes([KINDS.index(s["kind"])]) + u32(s["version"]) + bytes.fromhex(s["key"]) for s in scopes)
    info = field(label) + b"".join(field(scope_bytes(s)) for s in scopes)
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=b"stewardship/1/place", info=info).derive(material)


def leb128(value):
    out = bytearray()
    while value >= 0x80:
        out.append(0x80 | value & 0x7F)
        value >>= 7
    out.append(value)
    return bytes(out)


def head(suite, scopes):
    kinds = sum(1 << KINDS.index(s["kind"]) for s in scopes)
    return bytes([1, suite, kinds]) + b"".join(leb128(s["version"]) for s in scopes)


def context(at):
    return (
        field(at["tenant"])
        + field(at["environment"])
        + opt(at["connection"])
        + opt(at["subject"])
        + field(at["kind"])
        + field(at["record"])
        + field(at["field"])
        + field(at["class"])
    )


class Xaes:
    def __init__(self, key):
        self.key = key
        value = int.from_bytes(self.block(bytes(16)), "big") << 1
        if value >> 128:
            value ^= 0x87
        self.k1 = (value & (1 << 128) - 1).to_bytes(16, "big")

    def block(self, block):
        encryptor = Cipher(algorithms.AES(self.key), modes.ECB()).encryptor()
        return encryptor.update(block) + encryptor.finalize()

    def seal(self, nonce, plaintext, aad):
        derived = b"".join(self.block(xor(bytes([0, i, 0x58, 0]) + nonce[:12], self.k1)) for i in (1, 2))
        return AESGCM(derived).encrypt(nonce[12:], plaintext, aad)

    def commitment(self, nonce):
        chain = self.block(b"XCMT" + nonce[:12])
        return b"".join(self.block(xor(xor(nonce[12:] + bytes([0, 1, 0, i]), chain), self.k1)) for i in (1, 2))


def seal(scopes, at, nonce, plaintext):
    xaes, start = Xaes(place_key(scopes)), head(1, scopes)
    return start + nonce + xaes.seal(nonce, plaintext, start + context(at)) + xaes.commitment(nonce)


def seal_record(scopes, fields, nonce):
    xaes, start = Xaes(place_key(scopes)), head(2, scopes)
    bodies = []
    for i, (at, plaintext) in enumerate(fields):
        own = xor(nonce, bytes(20) + u32(i))
        bodies.append(xaes.seal(own, plaintext, start + u32(len(fields)) + u32(i) + context(at)))
    return start + nonce + xaes.commitment(nonce), bodies


CHUNK = 16_384


def seal_stream(scopes, at, salt, plaintext, label="stream", bound=None):
    start = head(3, scopes)
    bound = start + context(at) if bound is None else bound
    info = b"c2sp.org/chunked-encryption@v1+AEAD_AES_256_GCM\0" + salt + bound
    derived = HKDFExpand(algorithm=hashes.SHA512(), length=76, info=info).derive(place_key(scopes, label))
    key, base, commitment = derived[:32], derived[32:44], derived[44:]
    # The last chunk is the one that is shorter: there is always one.
    parts = [plaintext[k : k + CHUNK] for k in range(0, len(plaintext) + 1, CHUNK)]
    chunks = [AESGCM(key).encrypt(xor(base, k.to_bytes(12, "big")), part, b"") for k, part in enumerate(parts)]
    return start + salt + commitment + b"".join(chunks)


def wrap(key, secret, nonce, bound):
    xaes, start = Xaes(key), bytes([0x81, 1])
    return start + nonce + xaes.seal(nonce, secret, start + bound) + xaes.commitment(nonce)


def drawn(label, length):
    out = b""
    while len(out) < length:
        out += sha256(f"{label}/{len(out)}".encode()).digest()
    return out[:length]


def scope(kind, ident, version):
    return {"kind": kind, "tenant": "acme", "id": ident, "version": version, "key": drawn(f"{kind}/{ident}", 32).hex()}


def main():
    here = {
        "tenant": "acme",
        "environment": "production",
        "connection": "shop",
        "subject": "ada",
        "kind": "order",
        "record": "1001",
        "field": "email",
        "class": "buyer.email",
    }
    tenant = [scope("tenant", "", 1)]
    three = [scope("tenant", "", 1), scope("connection", "shop", 127), scope("subject", "ada", 128)]
    last = [scope("tenant", "", 2**32 - 1), scope("subject", "ada", 2**31), scope("case", "c-1", 16_384)]
    values, nonce = [], lambda n: drawn(f"nonce/{n}", 24)
    cases = [
        ("a value under three scopes", three, here, b"ada@example.com"),
        ("nothing, under one scope", tenant, here | {"connection": None, "subject": None}, b""),
        ("a long value", tenant, here, drawn("long", 5_000)),
        ("text beyond ASCII at every part", tenant, here | {"record": "é/1\u0000", "subject": "", "field": "näme"}, "Zoë".encode()),
        ("the last versions", last, here | {"environment": "development"}, b"\x00\xff"),
    ]
    for number, (name, scopes, at, plaintext) in enumerate(cases):
        sealed = seal(scopes, at, nonce(number), plaintext)
        values.append(
            {"name": name, "scopes": scopes, "context": at, "nonce": nonce(number).hex(), "plaintext": plaintext.hex(), "sealed": sealed.hex()}
        )

    fields = [
        (here, b"ada@example.com"),
        (here | {"field": "name", "class": "buyer.name"}, b""),
        (here | {"field": "note", "class": "buyer.note"}, drawn("note", 300)),
    ]
    records = []
    for name, scopes, chosen in [("three fields", three, fields), ("one field", tenant, fields[:1]), ("no field", tenant, [])]:
        start, bodies = seal_record(scopes, chosen, nonce(name))
        records.append(
            {
                "name": name,
                "scopes": scopes,
                "nonce": nonce(name).hex(),
                "head": start.hex(),
                "fields": [
                    {"context": at, "plaintext": plaintext.hex(), "sealed": body.hex()}
                    for (at, plaintext), body in zip(chosen, bodies, strict=True)
                ],
            }
        )

    streams = []
    pattern = lambda length: bytes(i % 251 for i in range(length))
    for name, scopes, at, length in [
        ("nothing, under one scope", tenant, here | {"connection": None, "subject": None}, 0),
        ("one byte", three, here, 1),
        ("text beyond ASCII at every part", tenant, here | {"record": "é/1\u0000", "subject": "", "field": "näme"}, 300),
        ("the last versions", last, here | {"environment": "development"}, 20),
        ("a byte less than a chunk", three, here, CHUNK - 1),
        ("a chunk and an empty one", three, here, CHUNK),
        ("a chunk and a byte", three, here, CHUNK + 1),
        ("300 chunks and 7 bytes", three, here, 300 * CHUNK + 7),
    ]:
        salt = drawn(f"salt/{name}", 24)
        sealed = seal_stream(scopes, at, salt, pattern(length))
        stream = {"name": name, "scopes": scopes, "context": at, "salt": salt.hex(), "length": length}
        stream |= {"sealed": sealed.hex()} if length < 1_000 else {"sealed_sha256": sha256(sealed).hexdigest()}
        streams.append(stream)

    epoch, bound = drawn("epoch", 32), b"stewardship/1/scope" + u32(3) + scope_bytes(three[2])
    wrapped = {
        "name": "a subject's key, version 3",
        "wrapping": epoch.hex(),
        "secret": drawn("secret", 32).hex(),
        "context": bound.hex(),
        "nonce": nonce("wrapped").hex(),
        "sealed": wrap(epoch, drawn("secret", 32), nonce("wrapped"), bound).hex(),
    }

    good = seal(three, here, nonce(0), b"ada@example.com")
    rest = good[7:]  # behind the head: 01 01 07 01 7f 80 01
    flipped = lambda at: good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
    bad = [
        ("nothing", b"", "malformed"),
        ("half a head", good[:2], "malformed"),
        ("plain text", b"ada@example.com", "unknown-format"),
        ("the experimental format 0", b"\x00" + good[1:], "unknown-format"),
        ("format 2", b"\x02" + good[1:], "unknown-format"),
        ("a wrapped key", bytes.fromhex(wrapped["sealed"]), "unknown-format"),
        ("suite 0", b"\x01\x00" + good[2:], "unknown-suite"),
        ("a suite that is not assigned", b"\x01\x7f" + good[2:], "unknown-suite"),
        ("a record's head", bytes.fromhex(records[0]["head"]), "unknown-suite"),
        ("no scope", b"\x01\x01\x00" + rest, "malformed"),
        ("four scopes", b"\x01\x01\x0f\x01\x01\x01\x01" + rest, "malformed"),
        ("a kind that there is not", b"\x01\x01\x11\x01\x01" + rest, "malformed"),
        ("version 0", b"\x01\x01\x01\x00" + rest, "malformed"),
        ("a version that is longer than it need be", b"\x01\x01\x07\x01\xff\x00\x80\x01" + rest, "malformed"),
        ("a version above 32 bits", b"\x01\x01\x01\x80\x80\x80\x80\x10" + rest, "malformed"),
        ("a version without an end", b"\x01\x01\x01\xff\xff\xff\xff\xff" + rest, "malformed"),
        ("a byte too few for a tag and a commitment", good[: 7 + 71], "malformed"),
        ("another version of a key", b"\x01\x01\x07\x01\x7e\x80\x01" + rest, "refused"),
        ("another nonce", flipped(7), "refused"),
        ("another ciphertext", flipped(31), "refused"),
        ("another tag", flipped(46), "refused"),
        ("another commitment", flipped(len(good) - 1), "refused"),
        ("cut off", good[:-1], "refused"),
        ("a byte longer", good + b"\x00", "refused"),
        ("sealed for another record", seal(three, here | {"record": "1002"}, nonce(0), b"ada@example.com"), "refused"),
        ("sealed for another class", seal(three, here | {"class": "buyer.name"}, nonce(0), b"ada@example.com"), "refused"),
        ("sealed in another environment", seal(three, here | {"environment": "staging"}, nonce(0), b"ada@example.com"), "refused"),
        ("a part moved over the border", seal(three, here | {"kind": "orde", "record": "r1001"}, nonce(0), b"ada@example.com"), "refused"),
    ]
    salt = drawn("salt", 24)
    stream = seal_stream(three, here, salt, b"ada@example.com")
    start = head(3, three)
    altered = lambda at: stream[:at] + bytes([stream[at] ^ 1]) + stream[at + 1 :]
    two = seal_stream(three, here, salt, pattern(CHUNK))
    bad_streams = [
        ("nothing", b"", "malformed"),
        ("plain text", b"ada@example.com", "unknown-format"),
        ("a value", good, "unknown-suite"),
        ("a record's head", bytes.fromhex(records[0]["head"]), "unknown-suite"),
        ("a wrapped key", bytes.fromhex(wrapped["sealed"]), "unknown-format"),
        ("no scope", b"\x01\x03\x00" + stream[7:], "malformed"),
        ("a version that is longer than it need be", b"\x01\x03\x07\x01\xff\x00\x80\x01" + stream[7:], "malformed"),
        ("cut off within the commitment", stream[: 7 + 55], "malformed"),
        ("no chunk", stream[: 7 + 56], "refused"),
        ("another version of a key", b"\x01\x03\x07\x01\x7e\x80\x01" + stream[7:], "refused"),
        ("another salt", altered(7), "refused"),
        ("another commitment", altered(7 + 24), "refused"),
        ("another ciphertext", altered(7 + 56), "refused"),
        ("another tag", altered(len(stream) - 1), "refused"),
        ("cut off", stream[:-1], "refused"),
        ("a byte longer", stream + b"\x00", "refused"),
        ("cut off at the border of a chunk", two[:-16], "refused"),
        ("sealed for another record", seal_stream(three, here | {"record": "1002"}, salt, b"x"), "refused"),
        ("sealed for another class", seal_stream(three, here | {"class": "buyer.name"}, salt, b"x"), "refused"),
        ("sealed in another environment", seal_stream(three, here | {"environment": "staging"}, salt, b"x"), "refused"),
        ("sealed under the key of values", seal_stream(three, here, salt, b"x", label="value"), "refused"),
        ("bound to no head", seal_stream(three, here, salt, b"x", bound=context(here)), "refused"),
        ("bound to no place", seal_stream(three, here, salt, b"x", bound=start), "refused"),
        ("bound to nothing", seal_stream(three, here, salt, b"x", bound=b""), "refused"),
    ]
    json.dump(
        {
            "format": 1,
            "values": values,
            "records": records,
            "wrapped": [wrapped],
            "refused": {
                "scopes": three,
                "context": here,
                "values": [{"name": name, "sealed": sealed.hex(), "refusal": refusal} for name, sealed, refusal in bad],
                "streams": [{"name": name, "sealed": sealed.hex(), "refusal": refusal} for name, sealed, refusal in bad_streams],
            },
            "streams": streams,
        },
        __import__("sys").stdout,
        indent=1,
        ensure_ascii=True,
    )
    print()


if __name__ == "__main__":
    main()
