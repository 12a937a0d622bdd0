"""A walk of a tree, held against the obvious way to say what is in it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blake3 import blake3

from envguard.walked import Problem

from .obvious import files_of, manifest_of

if TYPE_CHECKING:
    from envguard.walked import Walked

    from .conftest import Engine


def manifest(walked: Walked) -> bytes:
    return b"".join(walked.manifest())


def check(walk: Engine, root: Path, **options: Any) -> None:
    """The walk of *root* says what the obvious way says."""
    wanted = files_of(root)
    with walk(os.fsencode(root), **options) as walked:
        assert walked.problems == ()
        assert manifest(walked) == manifest_of(wanted)
        assert walked.root == blake3(manifest_of(wanted)).digest()
        assert (walked.files, walked.bytes) == (len(wanted), sum(map(len, wanted.values())))
        assert (walked.cached, walked.sampled) == (0, 0)


def problems(walk: Engine, root: Path, **options: Any) -> tuple[Problem, ...]:
    with walk(os.fsencode(root), **options) as walked:
        assert walked.root is None
        return walked.problems
