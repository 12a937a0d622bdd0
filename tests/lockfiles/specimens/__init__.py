"""One lock of each format that has everything in it that its reader looks at: what tests of bad input break.

A format that is read has a specimen here, or ``test_bad_input`` fails.
"""

from __future__ import annotations

from . import of_conda_lock, of_pdm, of_pipenv, of_pixi, of_poetry, of_pylock, of_requirements, of_uv
from .base import CORPORA, Specimen

__all__ = ["CORPORA", "SPECIMENS", "Specimen"]

SPECIMENS = (
    *of_uv.SPECIMENS,
    *of_poetry.SPECIMENS,
    *of_pdm.SPECIMENS,
    *of_pipenv.SPECIMENS,
    *of_pylock.SPECIMENS,
    *of_pixi.SPECIMENS,
    *of_conda_lock.SPECIMENS,
    *of_requirements.SPECIMENS,
)
