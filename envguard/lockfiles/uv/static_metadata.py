"""``tool.uv.dependency-metadata``, what a manifest states for packages in place of their own, against the lock's record."""

from __future__ import annotations

from ... import pep440
from ...names import normalize
from ...values import dataclass
from ..markers import MarkerError
from ..model import Reason
from . import reasons
from .comparison import differences
from .requirements import stated
from .specifiers import specifier_set

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...getters import Table
    from ..manifests.section import Section
    from .ranges import Bounds
    from .requirements import Requirement

_METADATA = "dependency-metadata"
Scope = tuple[str, str]
"""A package, and a version of it or an empty text."""


def metadata_reasons(manifest: Table, settings: Section, inside: Bounds, names: set[str]) -> Iterator[Reason]:
    """Yield where the metadata of *settings* is not the one in *manifest*, the lock's record, as far as *names* need it."""
    now, before = _stated(settings), _stated(manifest)
    for scope in sorted(now.keys() | before.keys()):
        one, other = now.get(scope), before.get(scope)
        if other is None and scope[0] not in names:
            continue
        if one is None or other is None or one.rest != other.rest:
            expected, found = ("none" if side is None else side.words() for side in (one, other))
        else:
            try:
                different = list(differences(one.requires, other.requires, inside))
            except MarkerError as error:
                message = f"'{_METADATA}' cannot be compared: {error}"
                yield reasons.unknown(scope[0], message, settings.path, one.keys)
                continue
            if not different:
                continue
            expected = ", ".join(item.text for difference in different for item in difference.now)
            found = ", ".join(item.text for difference in different for item in difference.before)
        yield Reason(
            subject=scope[0],
            message=f"the lock was made with another '{_METADATA}' for {' '.join(filter(None, scope))}",
            path=settings.path,
            keys=(*settings.keys, _METADATA) if one is None else one.keys,
            expected=expected or "none",
            found=found or "none",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stated:
    """The metadata that a manifest states for a package: what it requires, and the rest in comparable form."""

    requires: tuple[Requirement, ...]
    rest: tuple[object, ...]
    keys: tuple[str | int, ...]

    def words(self) -> str:
        return ", ".join(item.text for item in self.requires) or "no requirement"


def _stated(table: Table) -> dict[Scope, _Stated]:
    found = {}
    for item in table.tables(_METADATA):
        texts = item.texts("requires-dist")
        requires = [stated(text, item, at) for at, text in enumerate(texts)]
        extras = (*item.texts("provides-extra"), *item.texts("provides-extras"))
        rest = (_range(item.text("requires-python") or ""), frozenset(normalize(extra) for extra in extras))
        scope = (normalize(item.required("name")), _version(item.text("version") or ""))
        found[scope] = _Stated(requires=tuple(requires), rest=rest, keys=item.keys)
    return found


def _version(text: str) -> str:
    try:
        return pep440.normal(text)
    except ValueError:
        return text


def _range(text: str) -> object:
    try:
        return specifier_set(text)
    except ValueError:
        return text
