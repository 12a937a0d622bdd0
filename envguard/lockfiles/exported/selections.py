"""What of a project is in a lock that was exported: the choice of its writer, where that can be told.

poetry writes it into a table of its own; uv into the command at the top of the file.
"""

from __future__ import annotations

from ...getters import Table
from ...names import normalize
from ...values import dataclass
from ..model import SourceKind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Lock

UV, POETRY = "uv", "poetry-plugin-export"
_ITSELF = (SourceKind.EDITABLE, SourceKind.DIRECTORY)
_POETRY_MAIN = "main"
# What other options of "uv export" do to the choice is not followed.
_OTHER_PROJECT = frozenset(
    ("--package", "--all-packages", "--script", "--prune", "--project", "--directory", "--no-emit-package")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """Whether the project's own requirements are in a lock, and which of its extras and groups (normalised names).

    *everything* stands for all of the extras. *everywhere* is whether they are there for every environment, and not only for
    the one in which the lock was made.
    """

    own: bool
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    everything: bool = False
    everywhere: bool = False

    def has_extra(self, name: str) -> bool:
        """Return whether the requirements of the extra *name* are there."""
        return self.everything or name in self.extras


def chosen(lock: Lock, manifest: Table) -> Chosen | None:
    """Return what *lock* was made for, of the project that the root table *manifest* declares; None where nobody can tell.

    Raises the error of *manifest* where a table in it is none.
    """
    match lock.options["writer"]:
        case "poetry-plugin-export":
            table = Table(lock.path, ("tool",), lock.manifest).table(POETRY)
            groups = frozenset(map(normalize, table.texts("groups")))
            return Chosen(
                own=_POETRY_MAIN in groups,
                extras=frozenset(map(normalize, table.texts("extras"))),
                groups=groups - {_POETRY_MAIN},
                everywhere=True,
            )
        case "uv" if lock.options["command"][:2] == ["uv", "export"]:
            found = _by_uv(lock.options["command"][2:], manifest)
            if found is not None:
                return found
        case _:
            pass
    # Where the project is in the lock, what it requires must be there too.
    itself = any(p.source.location == "." and p.source.kind in _ITSELF for p in lock.packages)
    return Chosen(own=True) if itself else None


def _by_uv(words: list[str], manifest: Table) -> Chosen | None:
    """Return what ``uv export`` with the options *words* chooses; None where they mean another project than this one."""
    options = list(_options(words))
    flags = {name for name, _ in options}

    def values(name: str) -> frozenset[str]:
        return frozenset(normalize(value) for option, value in options if option == name)

    if flags & _OTHER_PROJECT:
        return None
    extras = frozenset(map(normalize, manifest.table("project").table("optional-dependencies").value))
    groups = frozenset(map(normalize, manifest.table("dependency-groups").value))
    default = _default_groups(manifest, groups)
    if flags & {"--only-group", "--only-dev"}:
        only = values("--only-group") | ({"dev"} if "--only-dev" in flags else frozenset())
        return Chosen(own=False, groups=only, everywhere=True)
    picked = values("--group") | ({"dev"} if "--dev" in flags else frozenset())
    if "--all-groups" in flags:
        picked |= groups
    if not flags & {"--no-default-groups"}:
        picked |= default
    picked -= values("--no-group") | ({"dev"} if "--no-dev" in flags else frozenset())
    return Chosen(
        own=True,
        extras=(extras if "--all-extras" in flags else values("--extra")) - values("--no-extra"),
        groups=picked,
        everywhere=True,
    )


def _options(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield every option with the word that follows it, or what stands behind its equals sign."""
    for number, word in enumerate(words):
        name, equals, value = word.partition("=")
        if name.startswith("--"):
            yield name, value if equals else next(iter(words[number + 1 :]), "")


def _default_groups(manifest: Table, groups: frozenset[str]) -> frozenset[str]:
    """Return the groups that uv takes unless somebody says otherwise: those of the settings, else ``dev``."""
    named = manifest.table("tool").table("uv").value.get("default-groups", ["dev"])
    if named == "all":
        return groups
    return frozenset(normalize(name) for name in named if isinstance(name, str)) if isinstance(named, list) else groups
