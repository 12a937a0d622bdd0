"""Which seed a Mersenne Twister was given, told from its words: they are taken back, block by block, to those that a seed makes.

Both ways of seeding, and the step from one block of 624 words to the next, can be undone (Matsumoto and Nishimura, mt19937ar.c:
``init_genrand``, which NumPy and torch call with a whole number, and ``init_by_array``, which Python calls, and NumPy with a list).
"""

from __future__ import annotations

from itertools import pairwise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

WORDS = 624
_MIDDLE = 397
_MASK = 0xFFFFFFFF
_UPPER, _LOWER = 0x80000000, 0x7FFFFFFF
_TWIST = 0x9908B0DF
_BY_NUMBER, _BY_KEY, _AFTER_KEY = 1812433253, 1664525, 1566083941
_BACK = pow(_BY_NUMBER, -1, 1 << 32)
# A key that is repeated more rarely than this among 622 words is not told from words without one.
_MOST_KEY = 256
_FIRST_SEED = 19650218


def seed_of(words: Sequence[int], blocks: int) -> tuple[int, ...] | None:
    """Return the words of the seed from which *words*, those of a Mersenne Twister, were made at most *blocks* blocks ago.

    One word is a number below 2**32; more are a larger number in little-endian order, or a list. None where no seed is found.
    """
    now: Sequence[int] | None = words
    for back in range(blocks + 1):
        if now is None:
            return None
        found = _number(now) or _key(now)
        if found is not None:
            return found
        now = _before(now, exact=back == 0)
    return None


def _before(words: Sequence[int], *, exact: bool) -> list[int] | None:
    """Return the block before *words*, without the lower 31 bits of its first word, which nothing depends on.

    None where there is none. Without *exact* the first of *words* is itself such a word.
    """
    last = _halves(words[-1] ^ words[_MIDDLE - 1])
    first = (words[0] & _UPPER) | (last & _LOWER)
    if exact and first != words[0]:
        return None
    known = [first, *words[1:]]
    late = [_halves(word ^ other) for word, other in zip(known[WORDS - _MIDDLE :], known, strict=False)]
    # halves[k] is made of the upper bit of word k and the lower bits of word k + 1.
    upper = [(here & _UPPER) | (before & _LOWER) for before, here in pairwise(late)]
    early = [
        _halves(word ^ other) for word, other in zip(known[: WORDS - _MIDDLE], upper[-(WORDS - _MIDDLE) :], strict=True)
    ]
    halves = early + late
    lower = [here & _UPPER | before & _LOWER for before, here in pairwise(halves)]
    return [halves[0] & _UPPER, *lower]


def _halves(twisted: int) -> int:
    # The constant has its upper bit set, and what was shifted has not.
    return ((twisted ^ _TWIST) << 1 | 1) & _MASK if twisted & _UPPER else twisted << 1


def _number(words: Sequence[int]) -> tuple[int] | None:
    """Return the number that ``init_genrand`` made *words* from, whatever the lower bits of the first are; else None."""
    for at in range(2, WORDS):
        if words[at] != _next(words[at - 1], at):
            return None
    mixed = (words[1] - 1) * _BACK & _MASK
    return (mixed ^ mixed >> 30,)


def _next(word: int, at: int) -> int:
    return (_BY_NUMBER * (word ^ word >> 30) + at) & _MASK


def _mixed(word: int, factor: int) -> int:
    return (word ^ word >> 30) * factor


def _key(words: Sequence[int]) -> tuple[int, ...] | None:
    """Return the key that ``init_by_array`` made *words* from, whatever their first is; else None."""
    found = _added(words)
    # The key and the place in it were added to each word: a number that grows by one with each place.
    for length in range(1, _MOST_KEY + 1):
        if found[length:] == found[:-length]:
            return tuple((found[(place - 2) % length] - place) & _MASK for place in range(length))
    return None


_started: list[int] = []


def _added(words: Sequence[int]) -> list[int]:
    """Return what ``init_by_array`` would have added to the words 3 to 623 in its first walk, from place 2 of the key on.

    Word 1 was walked over twice, and word 2 is made of what it was between.
    """
    if not _started:
        word = _FIRST_SEED
        _started.append(word)
        for at in range(1, WORDS):
            word = _next(word, at)
            _started.append(word)
    # The second walk began at word 2, and came to word 1 last, by way of word 623.
    one = (words[1] + 1 ^ _mixed(words[-1], _AFTER_KEY)) & _MASK
    walked = [(words[2] + 2 ^ _mixed(one, _AFTER_KEY)) & _MASK]
    walked += [(words[at] + at ^ _mixed(words[at - 1], _AFTER_KEY)) & _MASK for at in range(3, WORDS)]
    return [
        (word - (start ^ _mixed(before, _BY_KEY))) & _MASK
        for before, word, start in zip(walked, walked[1:], _started[3:], strict=False)
    ]
