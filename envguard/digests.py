"""Digests of what is short, SHA-256 without the milliseconds that loading OpenSSL costs; for what is long that is faster."""

from __future__ import annotations

try:
    from _sha2 import sha256  # type: ignore[import-not-found]  # since Python 3.12
except ImportError:
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256


def digest_of(algorithm: str, data: bytes) -> str:
    """Return the digest of *data* by *algorithm*, as ``hashlib`` calls it, as lower-case hexadecimal digits."""
    if algorithm == "sha256":
        digest: str = sha256(data).hexdigest()
        return digest
    import hashlib

    return hashlib.new(algorithm, data, usedforsecurity=False).hexdigest()
