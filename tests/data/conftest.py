"""Every test of trees runs with both engines: what they do is one contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.data import quick
from envguard.data.walk import walk as walk_in_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from envguard.walked import Walked

    Engine = Callable[..., Walked]

ENGINES: dict[str, Engine] = {"python": walk_in_python}
if quick.engine() is not walk_in_python:
    ENGINES["core"] = quick.engine()

# A cutoff that every change lies before: the tests of what is recorded need not wait until files have settled.
LATER = 1 << 62


@pytest.fixture(params=ENGINES)
def walk(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return the walk of one engine; ``hash_tree`` uses the same."""
    found = ENGINES[request.param]
    monkeypatch.setattr(quick, "engine", lambda: found)
    return found
