"""A document in the one form of which its digest is taken: RFC 8785, the JSON Canonicalization Scheme."""

from __future__ import annotations

import hashlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DIGEST = "digest"
EXACT = 1 << 53  # beyond, a double does not hold every whole number


def canonical(document: Any) -> bytes:
    """Return plain JSON values as RFC 8785 writes them: sorted keys, no spaces, UTF-8.

    Numbers are whole and within 2**53, as ``plain`` leaves them: the RFC's rules for others are never needed. ValueError where
    text is no text (half a surrogate pair).
    """
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if text and max(text) > "\uffff":
        # The RFC sorts by UTF-16 code units, which differs from the order of Python beyond the first plane.
        text = json.dumps(_sorted(document), ensure_ascii=False, separators=(",", ":"))
    return text.encode()


def digest_of(document: Mapping[str, Any]) -> str:
    """Return ``sha256:`` and the digest of *document* without its key ``digest``."""
    rest = {key: value for key, value in document.items() if key != DIGEST}
    return f"sha256:{hashlib.sha256(canonical(rest)).hexdigest()}"


def plain(value: object, depth: int = 32) -> Any:
    """Return *value* as JSON values of which a digest can be taken.

    Numbers that are not whole, or too large for a double, become text, as does whatever JSON does not have; half of a
    surrogate pair, as in names of files that are not UTF-8, is spelled out; what is nested more deeply than *depth* is left out.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if -EXACT < value < EXACT else str(int(value))
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if depth and isinstance(value, dict):
        return {plain(str(key)): plain(item, depth - 1) for key, item in value.items()}
    if depth and isinstance(value, (list, tuple)):
        return [plain(item, depth - 1) for item in value]
    if depth and isinstance(value, (set, frozenset)):
        return sorted(str(plain(item, depth - 1)) for item in value)
    return plain(str(value)) if depth else "..."


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
