"""Versions and ranges of them (PEP 440), those that are spelled as tools write them told without importing ``packaging``.

A lock has a version for each package and a range for each dependency; nearly all are spelled in the normal form, of which keys
that compare are a few lines. Whatever is spelled otherwise is left to ``packaging``, so that its word counts for everything:
an import of 20 ms, which a lock seldom needs.
"""

from __future__ import annotations

import functools

from .patterns import late
from .values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    # A version in its order: epoch, numbers, pre-release, post-release, development release, local part.
    Key = tuple[int, tuple[int, ...], tuple[int, int], int, int, tuple[tuple[int, int, str], ...]]

# In the normal form, but for zeros before a number of the release, which calendar versions have, and a dot behind the "a" of a
# pre-release, which is how boto3 bounds what it asks for.
_NORMAL = late(
    r"(?:([1-9][0-9]{0,8})!)?([0-9]{1,15}(?:\.[0-9]{1,15})*+)"
    r"(?:(a|b|rc)\.?(0|[1-9][0-9]{0,14}))?(?:\.post(0|[1-9][0-9]{0,14}))?(?:\.dev(0|[1-9][0-9]{0,14}))?"
    r"(?:\+([a-z0-9]{1,99}(?:\.[a-z0-9]{1,99})*+))?"
)
_RELEASE = late(r"(?:[0-9]+!)?([0-9.]*[0-9])")
_DOTTED = late(r"(a|b|rc)\.(?=[0-9])")
_CLAUSE = late(r"\s*(~=|==|!=|<=|>=|<|>)\s*([0-9][A-Za-z0-9.!+]*?)(\.\*)?\s*")
_STAGES = {"a": 0, "b": 1, "rc": 2}
_FINAL, _BEFORE_ALL = (3, 0), (-1, 0)
_NEVER = 1 << 62  # after every number of a development release


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A version that is spelled as usual: its *key*, the key without the local part, and the *release* with the zeros at its end."""

    key: Key
    public: Key
    release: tuple[int, ...]


@functools.lru_cache(maxsize=16384)
def written(text: str) -> Written | None:
    """Return the version *text*, None where it is not spelled as usual, or is no version."""
    match = _NORMAL.fullmatch(text)
    if match is None:
        return None
    epoch, release_text, stage, stage_number, post, dev, local = match.groups()
    release = tuple(map(int, release_text.split(".")))
    pre = _FINAL if stage is None else (_STAGES[stage], int(stage_number))
    if stage is None and post is None and dev is not None:
        pre = _BEFORE_ALL
    public: Key = (
        int(epoch or 0),
        stripped(release),
        pre,
        -1 if post is None else int(post),
        _NEVER if dev is None else int(dev),
        (),
    )
    if local is None:
        return Written(key=public, public=public, release=release)
    parts = tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in local.split("."))
    return Written(key=(*public[:5], parts), public=public, release=release)


def stripped(release: tuple[int, ...]) -> tuple[int, ...]:
    """Return *release* without the zeros at its end."""
    while release and release[-1] == 0:
        release = release[:-1]
    return release


def release_of(text: str) -> tuple[int, ...]:
    """Return the numbers of the version *text*; ValueError where it is none."""
    plain = written(text)
    if plain is not None:
        return plain.release
    from packaging.version import Version

    return Version(text).release


def normal(text: str) -> str:
    """Return the version *text* in its normal form; ValueError where it is none."""
    plain = written(text)
    if plain is not None:
        return _respelled(text, plain.release)
    from packaging.version import Version

    return str(Version(text))


def shortest(text: str) -> str:
    """Return the version *text* in its normal form without the zeros at the end of its release; as it is where it is none."""
    plain = written(text)
    if plain is None:
        from packaging.utils import canonicalize_version

        return canonicalize_version(text)
    return _respelled(text, plain.key[1] or (0,))


def _respelled(text: str, release: tuple[int, ...]) -> str:
    """Return the version *text*, spelled as usual, with the numbers *release* in the place of its own."""
    place = _RELEASE.match(text)
    if place is None:
        return text
    rest, plus, local = text[place.end(1) :].partition("+")
    return text[: place.start(1)] + ".".join(map(str, release)) + _DOTTED.sub(r"\1", rest) + plus + local


def same(one: str, other: str) -> bool:
    """Return whether two versions are equal, local part included; ValueError where one is none."""
    left, right = written(one), written(other)
    if left is not None and right is not None:
        return left.key == right.key
    from packaging.version import Version

    return Version(one) == Version(other)


def clauses(text: str) -> list[tuple[str, str]]:
    """Return the clauses of the range *text*, each with its operator and what follows it; ValueError where it is none."""
    plain = _plain(text)
    if plain is not None:
        return [(operator, version) for operator, version, _, _ in plain]
    from packaging.specifiers import SpecifierSet

    return [(clause.operator, clause.version) for clause in SpecifierSet(text)]


@functools.lru_cache(maxsize=8192)
def spelled(text: str) -> str:
    """Return the range *text* as ``packaging`` spells it: clauses sorted and without spaces; ValueError where it is none."""
    plain = _plain(text)
    # Of clauses that mean the same it keeps one.
    if plain is not None and len({(operator, version.key) for operator, _, version, _ in plain}) == len(plain):
        return ",".join(sorted(operator + version for operator, version, _, _ in plain))
    from packaging.specifiers import SpecifierSet

    return str(SpecifierSet(text))


@functools.lru_cache(maxsize=8192)
def is_spelled(text: str) -> bool:
    """Return whether *text* is a range of versions in their normal form: no prefix, no epoch, no space, nothing that is not plain."""
    plain = _plain(text)
    return (
        plain is not None
        and ",".join([operator + version for operator, version, _, _ in plain]) == text
        and not any(prefix or told.key[0] for _, _, told, prefix in plain)
        and all(
            version == ".".join(map(str, told.release)) or version == _respelled(version, told.release)
            for _, version, told, _ in plain
        )
    )


def contains(specifier: str, version: str) -> bool:
    """Return whether *version* is in the range *specifier*, pre-releases too; ValueError where one of them is none."""
    plain, known = _plain(specifier), written(version)
    if plain is not None and known is not None:
        answers = [_holds(operator, asked, known, prefix=prefix) for operator, _, asked, prefix in plain]
        if None not in answers:
            return all(answers)
    from packaging.specifiers import SpecifierSet

    return SpecifierSet(specifier).contains(version, prereleases=True)


@functools.lru_cache(maxsize=8192)
def _plain(text: str) -> tuple[tuple[str, str, Written, bool], ...] | None:
    """Return the clauses of the range *text*: operator, text, version, and whether it is a prefix; None where one is not plain."""
    found = []
    for part in text.split(",") if text and not text.isspace() else ():
        match = _CLAUSE.fullmatch(part)
        version = written(match[2]) if match is not None else None
        if match is None or version is None or not _is_plain(match[1], version, prefix=match[3] is not None):
            return None
        found.append((match[1], match[2] + (match[3] or ""), version, match[3] is not None))
    return tuple(found)


def _is_plain(operator: str, version: Written, *, prefix: bool) -> bool:
    """Return whether ``_holds`` knows what the clause means; odd combinations are left to ``packaging``."""
    _, _, pre, post, dev, local = version.key
    final = pre == _FINAL and post == -1 and dev == _NEVER and not local
    if prefix:
        return final and operator in ("==", "!=")
    if operator == "~=":
        return final and len(version.release) > 1
    return not local or operator in ("==", "!=")


def _holds(operator: str, asked: Written, known: Written, *, prefix: bool) -> bool | None:
    if operator in ("<", ">") and asked.key[2:5] != (_FINAL, -1, _NEVER) and known.key[:2] == asked.key[:2]:
        # What a bound that is itself before or after a release leaves out of that release is told in several ways.
        return None
    match operator:
        case "==" | "!=":
            if prefix:
                equal = _begins(known, asked.key[0], asked.release)
            else:
                equal = (known.key if asked.key[5] else known.public) == asked.key
            return equal is (operator == "==")
        case ">=":
            return known.public >= asked.key
        case "<=":
            return known.public <= asked.key
        case "~=":
            return known.public >= asked.key and _begins(known, asked.key[0], asked.release[:-1])
        case "<":
            # Nor what leads up to it.
            return known.key < asked.key and known.key[:2] != asked.key[:2]
        case _:
            # Nor what follows from it: a later release of the same numbers, or one of a place of its own.
            return known.key > asked.key and known.key[:2] != asked.key[:2]


def _begins(known: Written, epoch: int, release: tuple[int, ...]) -> bool:
    padded = known.release + (0,) * (len(release) - len(known.release))
    return known.key[0] == epoch and padded[: len(release)] == release
