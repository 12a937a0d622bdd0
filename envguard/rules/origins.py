"""Whether an installed package came from where the lock says: ``direct_url.json`` (PEP 610) against a locked source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..installed.model import OriginKind
from ..lockfiles.model import SourceKind
from ..urls import split_url, unquote
from ..values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..installed.model import Distribution, Origin
    from ..lockfiles.model import Artifact, LockedPackage, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """What the lock says and what was found, in words; *unknown* where nobody can tell whether they differ."""

    expected: str
    found: str
    unknown: bool = False


def mismatch(
    package: LockedPackage, distribution: Distribution, real: Mapping[str, str], checkouts: Mapping[str, str | None]
) -> Mismatch | None:
    """Return how *distribution* came from elsewhere than the source of *package*; None where they agree.

    *real* maps local paths, as lock and metadata write them, to the paths behind all links; *checkouts* maps the paths of
    checkouts to their commits, None where a commit could not be read.
    """
    source, origin = package.source, distribution.origin
    expected = _locked_words(source)
    if origin is None:
        if source.kind is SourceKind.REGISTRY:
            return None
        return Mismatch(expected=expected, found="an index: it has no direct_url.json")
    if source.editable and origin.kind is OriginKind.EDITABLE and origin.path is not None:
        commit = checkouts.get(origin.path)
        if commit is not None and commit == source.commit:
            return None
        found = f"the checkout {origin.path} at {commit or 'a commit that could not be read'}"
        return Mismatch(expected=expected, found=found, unknown=commit is None)
    if source.kind is SourceKind.REGISTRY and origin.kind is OriginKind.ARCHIVE and _listed(package.artifacts, origin):
        return None
    agrees = _AGREES.get(source.kind)
    if agrees is not None and agrees(source, origin, real):
        return None
    return Mismatch(expected=expected, found=_found_words(origin))


def _listed(artifacts: Iterable[Artifact], origin: Origin) -> bool:
    """Return whether *origin* is one of the very files that the lock lists: conda-lock has pip install them by their address."""
    algorithm, _, digest = (origin.hash or "").partition(":")
    for file in artifacts:
        known, _, expected = (file.hash or "").partition(":")
        if digest and known == algorithm:
            if digest == expected:
                return True
        elif file.location is not None and _plain(file.location) == _plain(origin.url):
            return True
    return False


def _git(source: Source, origin: Origin, real: Mapping[str, str]) -> bool:
    del real
    return (
        origin.kind is OriginKind.GIT
        and origin.commit is not None
        and origin.commit == source.commit
        and _repository(origin.url) == _repository(source.location)
        and (origin.subdirectory or None) == (source.subdirectory or None)
    )


def _url(source: Source, origin: Origin, real: Mapping[str, str]) -> bool:
    del real
    return (
        origin.kind is OriginKind.ARCHIVE
        and _plain(origin.url) == _plain(source.location)
        and (origin.subdirectory or None) == (source.subdirectory or None)
    )


def _archive(source: Source, origin: Origin, real: Mapping[str, str]) -> bool:
    return origin.kind is OriginKind.ARCHIVE and _same_path(source, origin, real)


def _directory(source: Source, origin: Origin, real: Mapping[str, str]) -> bool:
    return origin.kind is OriginKind.DIRECTORY and _same_path(source, origin, real)


def _editable(source: Source, origin: Origin, real: Mapping[str, str]) -> bool:
    return origin.kind is OriginKind.EDITABLE and _same_path(source, origin, real)


_AGREES = {
    SourceKind.GIT: _git,
    SourceKind.URL: _url,
    SourceKind.PATH: _archive,
    SourceKind.DIRECTORY: _directory,
    SourceKind.EDITABLE: _editable,
}


def _same_path(source: Source, origin: Origin, real: Mapping[str, str]) -> bool:
    if origin.path is None:
        return False
    return real.get(source.location) == real.get(origin.path, origin.path)


def _repository(url: str) -> str:
    parts = split_url(_plain(url).removeprefix("git+"))
    return f"{parts.hostname or ''}{parts.path.rstrip('/').removesuffix('.git')}".lower()


def _plain(url: str) -> str:
    parts = split_url(url)
    host = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=host, fragment="", path=unquote(parts.path)).geturl()


def _locked_words(source: Source) -> str:
    match source.kind:
        case SourceKind.REGISTRY:
            return f"the index {source.location}" if source.location else "an index"
        case SourceKind.GIT:
            return f"git {source.location} at {source.commit or 'no commit'}" + _within(source.subdirectory)
        case SourceKind.URL:
            return f"the archive {source.location}" + _within(source.subdirectory)
        case SourceKind.PATH:
            return f"the file {source.location}"
        case SourceKind.EDITABLE:
            return f"the folder {source.location}, editable"
        case _:
            return f"the folder {source.location}, built and copied"


def _found_words(origin: Origin) -> str:
    where = origin.path or origin.url
    match origin.kind:
        case OriginKind.GIT:
            return f"git {where} at {origin.commit}" + _within(origin.subdirectory)
        case OriginKind.ARCHIVE:
            return f"the archive {where}" + _within(origin.subdirectory)
        case OriginKind.EDITABLE:
            return f"the folder {where}, editable"
        case OriginKind.DIRECTORY:
            return f"the folder {where}, built and copied"


def _within(subdirectory: str | None) -> str:
    return f", folder {subdirectory}" if subdirectory else ""
