"""Which part of a split a sample belongs to: a function of root, name and the sample's identity, free of any generator.

Scheme ``envguard.part.v1``: BLAKE2b-256 with that name as personalisation over the root as 32 bytes in little-endian
order, the length of the name as u32 and its UTF-8 bytes, and the sample: ``s`` and UTF-8 for text, ``b`` and the bytes, or
``i`` and the number in two's complement, little-endian, in as few bytes as hold it. The digest, read as a little-endian
number below 2**256, falls into the first part whose end it lies before, the ends being the sums of the fractions so far
times 2**256: whole numbers and fractions of them, nothing rounded. So what is added or reordered moves nobody else, and a
fraction that grows takes from its neighbours alone.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, overload

from .streams import check_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal
    from fractions import Fraction

    Share = int | float | Fraction | Decimal

SPLIT_SCHEME = "envguard.part.v1"
_BITS = 256
_NEAR = 10**9

_cuts: dict[tuple[Any, ...], tuple[tuple[int, ...], tuple[str | int, ...]]] = {}
_MOST_CUTS = 64


@overload
def bucket(root: int, name: str, sample: str | bytes | int, fractions: Mapping[str, Share]) -> str: ...


@overload
def bucket(root: int, name: str, sample: str | bytes | int, fractions: Sequence[Share]) -> int: ...


def bucket(
    root: int, name: str, sample: str | bytes | int, fractions: Mapping[str, Share] | Sequence[Share]
) -> str | int:
    """Return the part of *fractions* that *sample* belongs to: its key, or its place in a sequence.

    Fractions are of 1, whole numbers parts of their sum; a decimal fraction means what is written (0.1 is a tenth). The
    parts of a mapping lie in the order of their names, those of a sequence in its own. ValueError where they are
    negative, no numbers, or no whole together.
    """
    check_whole(root, "a seed", 32)
    ends, parts = _ends(fractions)
    encoded = name.encode()
    message = root.to_bytes(32, "little") + len(encoded).to_bytes(4, "little") + encoded + _sample(sample)
    digest = hashlib.blake2b(message, digest_size=32, person=SPLIT_SCHEME.encode()).digest()
    number = int.from_bytes(digest, "little")
    return next(part for end, part in zip(ends, parts, strict=True) if number < end)


def _sample(sample: object) -> bytes:
    if isinstance(sample, str):
        return b"s" + sample.encode("utf-8", "surrogateescape")
    if isinstance(sample, bytes):
        return b"b" + sample
    if isinstance(sample, bool) or not hasattr(sample, "__index__"):
        raise TypeError(f"the identity of a sample is text, bytes or a whole number, not {sample!r}")
    number: int = sample.__index__()
    return b"i" + number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "little", signed=True)


def _ends(fractions: Mapping[str, Share] | Sequence[Share]) -> tuple[tuple[int, ...], tuple[str | int, ...]]:
    pairs = _pairs(fractions)
    # 0.1 and Fraction(0.1) are equal for a dict, and mean different shares.
    key = (*pairs, *(type(share) for _, share in pairs))
    found = _cuts.get(key)
    if found is None:
        if len(_cuts) >= _MOST_CUTS:
            _cuts.clear()
        found = _cuts[key] = _measure(pairs)
    return found


def _pairs(fractions: Any) -> list[tuple[str | int, Share]]:
    return sorted(fractions.items()) if hasattr(fractions, "keys") else list(enumerate(fractions))


def _measure(pairs: list[tuple[str | int, Share]]) -> tuple[tuple[int, ...], tuple[str | int, ...]]:
    from fractions import Fraction

    try:
        # repr() of a float is the shortest text that means it: 0.1 is a tenth, as it was written.
        shares = [Fraction(repr(share)) if isinstance(share, float) else Fraction(share) for _, share in pairs]
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"fractions are numbers, not {[share for _, share in pairs]!r}") from None
    whole = all(isinstance(share, int) for _, share in pairs)
    total = sum(shares, Fraction(0))
    if not shares or min(shares) < 0 or not total:
        raise ValueError(f"fractions are at least 0 and not all of them 0, not {dict(pairs)!r}")
    if not whole and abs(total - 1) * _NEAR > 1:
        raise ValueError(f"fractions have a sum of 1, not {float(total):g}: {dict(pairs)!r}")
    ends, so_far = [], Fraction(0)
    for share in shares:
        so_far += share
        # A number lies before an end where it is less than the end rounded up.
        ends.append(-(-(so_far.numerator * total.denominator << _BITS) // (so_far.denominator * total.numerator)))
    return tuple(ends), tuple(part for part, _ in pairs)
