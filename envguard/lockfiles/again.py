"""The package of an entry that another text of the same lock had, too: made once, whatever place the entry has in each."""

from __future__ import annotations

from functools import partial

from ..values import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..entries import Entries
    from ..getters import Table
    from .model import LockedPackage, When


def package_of(
    entries: Entries | None, index: int, table: Table, make: Callable[[], LockedPackage], *, given: object = None
) -> LockedPackage:
    """Return the package that *make* makes of the entry *table*, the one numbered *index*, or made of it before.

    All of it but its place must follow from what is in the table, and from *given*.
    """
    if entries is None:
        return make()
    package = entries.made(table.value, "package", given, make)
    keys = table.keys if package.keys else ()
    same = package.index == index and package.keys == keys
    return package if same else replace(package, index=index, keys=keys)


def listed_in(entries: Entries | None, package: LockedPackage, when: tuple[When, ...]) -> LockedPackage:
    """Return *package* with the conditions *when*; the very same as before, where that was asked before."""
    make = partial(replace, package, when=when)
    return make() if entries is None else entries.made(package, "listed", when, make)
