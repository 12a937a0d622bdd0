"""What a requirement of a manifest asks for once ``[tool.uv.sources]`` is applied, as uv records it in the lock."""

from __future__ import annotations

from ...names import normalize
from ..markers import MarkerError, parse
from .equivalence import grid
from .groups import both
from .lowering import Lowering
from .origins import Origin
from .ranges import EVERYTHING
from .requirements import Requirement, parse_requirement, words
from .specifiers import specifier_set
from .workspace import sources_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...reader import Reader
    from ..manifests.section import Section
    from ..markers import Marker
    from .manifest import Manifest
    from .workspace import Workspace

_OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in", "not in": "in"}


class Sources:
    """Applies the sources of one project of a workspace to its requirements.

    *project* is None for what stands in the root manifest without belonging to its project (constraints and the like).
    *root* is the folder of the lock; *ignored* are packages whose sources are switched off, None where all are.
    """

    def __init__(
        self,
        reader: Reader,
        workspace: Workspace,
        project: Manifest | None,
        *,
        root: str,
        ignored: frozenset[str] | None = frozenset(),
    ) -> None:
        self.workspace = workspace
        self.project = project
        self.root = root
        self.ignored = ignored
        self._lowering = Lowering(reader, workspace, project, root)

    def declared(
        self,
        text: str,
        keys: tuple[str | int, ...],
        *,
        extra: str | None = None,
        group: str | None = None,
        within: str | None = None,
    ) -> list[Requirement]:
        """Return what the requirement *text* at *keys* asks for: one, or one for each source that may apply.

        *extra* and *group*, normalised, are those that it stands in; *within* is a marker of the place where it stands.

        Raises ConfigError where it or its source cannot be used, UndecidableError where its source is not known here.
        """
        manifest = self.project or self.workspace.root
        parsed = parse_requirement(text, manifest.path, keys)
        written = parsed.marker
        name = normalize(parsed.name)
        clause = f"extra == '{extra}'" if extra is not None else None
        own = both(written, within)
        found = []
        for origin, marker, source in self._origins(name, parsed.url, extra, group, keys):
            own_marker = both(own, marker)
            holds = both(own_marker, clause)
            # uv drops what sources leave nothing of, yet keeps what nobody can ever install.
            if marker is not None and holds is not None and not grid(frozenset((holds,)), EVERYTHING).truth(holds):
                continue
            specifier = parsed.specifier if origin.kind == "registry" else ""
            shown = words(parsed.name, sorted(parsed.extras), specifier, origin, both(written, marker), self.root)
            found.append(
                Requirement(
                    name=name,
                    extras=frozenset(normalize(item) for item in parsed.extras),
                    specifier=specifier_set(specifier),
                    origin=origin,
                    marker=holds,
                    own_marker=own_marker,
                    extra=extra,
                    text=text if origin == Origin() else shown,
                    path=manifest.path,
                    keys=keys,
                    source=(source.path, source.keys) if source is not None else None,
                )
            )
        return found

    def _origins(
        self, name: str, url: str | None, extra: str | None, group: str | None, keys: tuple[str | int, ...]
    ) -> Iterator[tuple[Origin, str | None, Section | None]]:
        """Yield the origins of a requirement, each with the marker that its source adds, and the source."""
        base, sources = self._sources(name)
        rest: list[str] | None = []
        for source in sources:
            if not _concerns(source, "extra", extra) or not _concerns(source, "group", group):
                continue
            marker = source.text("marker")
            if marker is not None:
                self._check(source, marker)
            yield self._lowering.resolve(name, source, base), marker, source
            rest = [*rest, marker] if rest is not None and marker is not None else None
        if rest is not None:
            # Where no source holds, the requirement is what it says itself.
            marker = " and ".join(f"({negated(parse(marker))})" for marker in rest) or None
            yield self._lowering.direct(url, self.project or self.workspace.root, keys), marker, None

    @staticmethod
    def _check(source: Section, marker: str) -> None:
        try:
            parse(marker)
        except MarkerError as error:
            raise source.error("marker", f"is no marker: {error}") from None

    def _sources(self, name: str) -> tuple[Manifest, list[Section]]:
        """Return the sources of *name*, and the manifest whose folder their paths are relative to."""
        manifest = self.project or self.workspace.root
        if self.ignored is None or name in self.ignored:
            return manifest, []
        if sources := sources_of(manifest, name):
            return manifest, sources
        return self.workspace.root, sources_of(self.workspace.root, name)


def _concerns(source: Section, key: str, place: str | None) -> bool:
    """Return whether *source* is for the extra or group (*key*) *place*; one that names none is for all."""
    written = source.text(key)
    return written is None or (place is not None and normalize(written) == place)


def negated(marker: Marker) -> str:
    """Return a marker that holds where *marker* does not."""
    if marker.atom is not None:
        atom = marker.atom
        left, right = f"'{atom.value}'", atom.variable
        if not atom.reversed:
            left, right = right, left
        if atom.operator not in _OPPOSITES:
            raise MarkerError(f"a source's marker with {atom.operator} cannot be compared")
        return f"{left} {_OPPOSITES[atom.operator]} {right}"
    word = " or " if marker.operator == "and" else " and "
    return "(" + word.join(negated(part) for part in marker.parts) + ")"
