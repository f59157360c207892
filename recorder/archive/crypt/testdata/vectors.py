"""Vectors for the format of docs/formats/encrypted.md, made from the page alone
with the package cryptography: python3 vectors.py > vectors.json"""
import hashlib, json, struct
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK = 65536


def hkdf(key, salt, info, n):
    return HKDF(algorithm=hashes.SHA256(), length=n, salt=salt, info=info).derive(key)


def content(n):
    out, block = b"", hashlib.sha256(b"content").digest()
    while len(out) < n:
        out += block
        block = hashlib.sha256(block).digest()
    return out[:n]


def encrypt(key, rec, side, salt, plain):
    header = b"vaadenc\n" + struct.pack("<HHI", 1, 96, CHUNK) + rec + side.ljust(16, b"\0")
    header += hkdf(key, None, b"vaad key id 1", 16) + salt + struct.pack("<Q", len(plain)) + bytes(8)
    cipher = AESGCM(hkdf(key, salt, b"vaad file 1" + header[16:48], 32))
    pieces = [plain[i : i + CHUNK] for i in range(0, len(plain), CHUNK)] or [b""]
    out = header
    for n, piece in enumerate(pieces):
        nonce = n.to_bytes(11, "big") + (b"\1" if n == len(pieces) - 1 else b"\0")
        out += cipher.encrypt(nonce, piece, header)
    return out


vectors = []
for i, (side, size) in enumerate([("network", 0), ("local", 1), ("mixed", CHUNK), ("", 3000), ("mixed", 2 * CHUNK + 5)]):
    key = hashlib.sha256(b"key %d" % i).digest()
    rec = hashlib.sha256(b"recording %d" % i).digest()[:16]
    salt = hashlib.sha256(b"salt %d" % i).digest()[:16]
    stored = encrypt(key, rec, side.encode(), salt, content(size))
    vectors.append({"key": key.hex(), "id": rec.hex(), "side": side, "salt": salt.hex(), "size": size,
                    "header": stored[:96].hex(), "first": stored[96:128].hex(), "bytes": len(stored),
                    "sha256": hashlib.sha256(stored).hexdigest()})
print(json.dumps(vectors, indent=1))
