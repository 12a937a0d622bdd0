"""Version specifiers (PEP 440) by what they accept."""

from __future__ import annotations

import functools

from ... import pep440

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from packaging.version import Version

Clauses = frozenset[str]


def specifier_set(text: str) -> Clauses:
    """Return the clauses of a version specifier by value (``==1.0`` is ``==1``); ValueError where it is none."""
    try:
        return frozenset(_clause(operator, version) for operator, version in pep440.clauses(text))
    except ValueError as error:
        raise ValueError(str(error)) from None


def _clause(operator: str, version: str) -> str:
    # The number of parts is part of the meaning here.
    strip = operator not in ("~=", "===") and not version.endswith(".*")
    return operator + (pep440.shortest(version) if strip else version)


class Samples:
    """Versions by which specifiers are told apart: some for each piece into which the clauses cut the line of versions.

    All specifiers that are compared must have been given as *texts*.
    """

    __slots__ = ("_known", "_versions")

    def __init__(self, texts: Iterable[Clauses]) -> None:
        different = set(texts)
        named = {version for clauses in different for clause in clauses for version in _named(clause)}
        self._versions = sorted({"0.dev0", *(sample for version in named for sample in _around(version))})
        # Where all are spelled the same, nothing has to be tried.
        self._known: dict[Clauses, tuple[object, ...]] = dict.fromkeys(different, ()) if len(different) == 1 else {}

    def accepted(self, clauses: Clauses) -> tuple[object, ...]:
        """Return what *clauses* accept together, to be compared with the same of others."""
        if clauses not in self._known:
            self._known[clauses] = self._accepted(clauses)
        return self._known[clauses]

    def _accepted(self, clauses: Clauses) -> tuple[object, ...]:
        chosen = sorted(clauses)
        arbitrary = tuple(clause for clause in chosen if clause.startswith("==="))
        both = ",".join(clause for clause in chosen if not clause.startswith("==="))
        # A clause that names a pre-release lets pre-releases in, whatever its bounds are.
        pre = any(version.is_prerelease for clause in chosen for version in _named(clause))
        return arbitrary, pre, tuple(pep440.contains(both, version) for version in self._versions)


@functools.lru_cache(maxsize=4096)
def _named(clause: str) -> tuple[Version, ...]:
    from packaging.version import Version

    text = clause.lstrip("<>=!~").removesuffix(".*")
    try:
        version = Version(text)
    except ValueError:
        return ()
    if clause.endswith(".*") or clause.startswith("~="):
        kept = version.release if clause.endswith(".*") else version.release[:-1]
        end = ".".join(map(str, (*kept[:-1], kept[-1] + 1)))
        return version, Version(f"{version.epoch}!{end}" if version.epoch else end)
    return (version,)


def _around(version: Version) -> Iterator[str]:
    """Yield *version*, its base with a development, a later and a local release, and what comes right after it."""
    base = version.base_version
    yield from (str(version), version.public, f"{version.public}+0", f"{version.public}+zz")
    yield from (base, f"{base}.dev0", f"{base}a0", f"{base}rc99", f"{base}+zz", f"{base}.post0", f"{base}.0.0.0.1")
    if version.is_prerelease or version.is_postrelease:
        yield f"{version.public}.post99" if version.post is None and version.dev is None else f"{base}.post99"
