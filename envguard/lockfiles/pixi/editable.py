"""Which projects in folders the manifest wants installed in place: from version 7 on the lock does not say it any more."""

from __future__ import annotations

from ...names import normalize
from .manifest import read_manifest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ...reader import Reader


def editable_names(reader: Reader, folder: str) -> frozenset[str]:
    """Return the names of the packages that the manifest in *folder* wants editable; none where there is no manifest.

    Raises ConfigError where it cannot be used, UnreadableError where it cannot be read.
    """
    manifest = read_manifest(reader, folder)
    if manifest is None:
        return frozenset()
    return frozenset(
        normalize(item.name) for feature in manifest.features.values() for item in feature.python if item.editable
    )
