"""What uv and pip-compile write below a pin: for which other package it is there, or which file asks for it.

The forms are ``# via one, two`` and ``# via`` with a line for each (pip-tools: ``--annotation-style``).
"""

from __future__ import annotations

import functools

from ...names import normalize
from ...patterns import late
from ...values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VIA = late(r"\s*via(?:\s+(?P<rest>.*))?$")
_ITEM = late(r"\s{2,}(?P<item>\S.*)$")
# An older pip-tools names the line as well.
_OPTION = late(r"(?P<option>--?[a-z-]+)\s+(?P<path>\S.*?)(?: \(line \d+\))?$")
_MANIFEST = late(r"(?P<name>[A-Za-z0-9._-]+)\s+\((?P<path>[^()]+)\)$")
_NAME = late(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)(?:\[[^\[\]]*\])?$")
_INPUT = ("-r", "--requirement")
_LIMIT = ("-c", "--constraint")


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """Why a pin is there: *packages* that require it, *files* that ask for it, *manifests* of projects that do.

    A group of a project stands behind a colon. *others* is whether something else is named, such as an override.
    """

    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    manifests: tuple[str, ...] = ()
    others: bool = False

    @property
    def direct(self) -> bool:
        """Whether something outside of the lock asks for the pin."""
        return bool(self.files or self.manifests or self.others)


@functools.lru_cache(maxsize=4096)
def via(comments: tuple[str, ...]) -> Via | None:
    """Return what *comments* (without their ``#``) say about the pin above them; None where they say nothing of the kind."""
    items = list(_items(comments))
    if not items:
        return None
    packages, files, manifests = [], [], []
    others = False
    for item in items:
        if option := _OPTION.match(item):
            if option["option"] in _INPUT:
                files.append(option["path"])
            elif option["option"] not in _LIMIT:
                others = True
        elif manifest := _MANIFEST.match(item):
            manifests.append(manifest["path"])
        elif name := _NAME.match(item):
            packages.append(normalize(name["name"]))
        else:
            others = True
    return Via(packages=tuple(packages), files=tuple(files), manifests=tuple(manifests), others=others)


def _items(comments: Iterable[str]) -> Iterator[str]:
    listing = False
    for comment in comments:
        begin = _VIA.match(comment)
        if begin is not None:
            rest = (begin["rest"] or "").strip()
            yield from filter(None, (item.strip() for item in rest.split(",")))
            listing = not rest
        elif listing and (item := _ITEM.match(comment)):
            yield item["item"].strip()
        else:
            listing = False
