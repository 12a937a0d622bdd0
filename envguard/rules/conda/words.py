"""Versions and builds of conda's packages, as findings write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...installed.model import CondaPackage
    from ...lockfiles.model import LockedPackage


def words(package: LockedPackage) -> str:
    """Return version and build of a locked package."""
    build = package.conda.build if package.conda is not None else None
    return " ".join(filter(None, (package.version, build)))


def installed_words(package: CondaPackage) -> str:
    """Return version and build of an installed package."""
    return " ".join(filter(None, (package.version, package.build))) or "(no version)"
