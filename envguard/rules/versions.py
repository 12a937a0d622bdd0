"""Versions compared exactly, local part included: ``1.0`` is not ``1.0+cpu`` (PEP 440 calls them different versions)."""

from __future__ import annotations

from .. import pep440


def same(one: str, other: str) -> bool:
    """Return whether two versions are equal; ``1.0`` and ``1.0.0`` are, texts that are no versions only if identical."""
    if one == other:
        return True
    try:
        return pep440.same(one, other)
    except ValueError:
        return False


def same_but_local(one: str, other: str) -> bool:
    """Return whether two versions differ in nothing but their local part (``+cu130``)."""
    from packaging.version import Version

    try:
        left, right = Version(one), Version(other)
    except ValueError:
        return False
    return left.public == right.public and left.local != right.local


def allows(specifier: str, version: str) -> bool:
    """Return whether *version* is in the range *specifier* (PEP 440); what is no version is in none."""
    try:
        return pep440.contains(specifier, version)
    except ValueError:
        return False
