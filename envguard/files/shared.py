"""Files that several packages have written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .compare import is_same

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .claims import Claimed
    from .compare import Seen, Where

    # The numbers of the packages, and the row of each.
    Owners = dict[int, bytes]
    # Whose files they are, whether all have written the same, and the number of the one whose content is there.
    Group = tuple[tuple[int, ...], bool, int | None]


def owners_of_shared(claimed: Iterable[Claimed]) -> dict[Where, Owners]:
    """Return the files that several packages have *claimed*, in each folder."""
    found: dict[Where, Owners] = {}
    for here in claimed:
        # As many as there are rows, so each once.
        if len(here.names) == len(here.plain) + len(here.paths):
            continue
        once: set[bytes] = set()
        again = {path for path in here.paths if path in once or once.add(path)}  # type: ignore[func-returns-value]
        for number, path in enumerate(here.paths):
            if path in again:
                found.setdefault((here.folder, path), {}).setdefault(here.owners[number], here.rows[number])
    return {where: owners for where, owners in found.items() if len(owners) > 1}


def winners(where: Where, owners: Owners, seen: Mapping[str, Seen], there: Mapping[str, frozenset[bytes]]) -> list[int]:
    """Return whose content is there, of the *owners* of a file."""
    folder, path = where
    found = [number for number, row in owners.items() if row in there[folder]]
    if found:
        return found
    now = seen[folder].row(path)
    return [] if now is None else [number for number, row in owners.items() if is_same(_digest(row), now[0])]


def group(owners: Owners, there: list[int]) -> Group:
    """Return the group of a file of *owners*, of whom those in *there* have written what is there."""
    first, *others = owners.values()
    same = all(first == other or is_same(_digest(first), _digest(other)) for other in others)
    return tuple(sorted(owners)), same, there[0] if len(there) == 1 and not same else None


def _digest(row: bytes) -> bytes:
    return row.rsplit(b",", 2)[1]
