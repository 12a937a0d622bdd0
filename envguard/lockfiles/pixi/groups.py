"""Solve groups: environments that were resolved together and so have the same package wherever they have it at all."""

from __future__ import annotations

from ..model import Reason
from ..parts import version_words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..conda.cells import Cell
    from ..model import Lock, LockedPackage
    from .manifest import Manifest


def solve_group_reasons(lock: Lock, manifest: Manifest, cells: Sequence[Cell]) -> Iterator[Reason]:
    """Yield the packages that the environments of one solve group have in two ways on one platform."""
    found: dict[tuple[str, str], list[Cell]] = {}
    for cell in cells:
        group = manifest.groups.get(cell.environment or "")
        if group is not None:
            found.setdefault((group, cell.platform), []).append(cell)
    for (group, platform), members in found.items():
        seen: dict[tuple[str, bool], tuple[Cell, LockedPackage]] = {}
        python: dict[str, tuple[Cell, LockedPackage]] = {}
        for cell in members:
            for package in cell.packages:
                first, other = seen.setdefault((package.name, package.conda is None), (cell, package))
                if other is not package:
                    yield _reason(lock, group, platform, (first, other), (cell, package))
                for name in _python_names(package):
                    first, other = python.setdefault(name, (cell, package))
                    if (other.conda is None) != (package.conda is None):
                        yield _reason(lock, group, platform, (first, other), (cell, package))


def _python_names(package: LockedPackage) -> tuple[str, ...]:
    return (package.name,) if package.conda is None else package.conda.python or ()


def _reason(
    lock: Lock, group: str, platform: str, one: tuple[Cell, LockedPackage], other: tuple[Cell, LockedPackage]
) -> Reason:
    (first, ours), (second, theirs) = one, other
    return Reason(
        subject=theirs.name,
        message=f"the environments of the solve group '{group}' have {theirs.name} in two ways on {platform}",
        path=lock.path,
        keys=theirs.route,
        expected=f"{_words(ours)}, as in {first.environment}",
        found=f"{_words(theirs)}, in {second.environment}",
    )


def _words(package: LockedPackage) -> str:
    return f"{version_words(package)} of {'Python' if package.conda is None else 'conda'}"
