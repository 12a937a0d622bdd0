"""Every test of the look into a folder runs with both engines: what they do is one contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.files import quick
from envguard.files.walk import look as look_in_python

if TYPE_CHECKING:
    from collections.abc import Callable

    from envguard.walked import Listed

    Engine = Callable[..., Listed]

ENGINES: dict[str, Engine] = {"python": look_in_python}
if quick.engine() is not look_in_python:
    ENGINES["core"] = quick.engine()

# A cutoff that every change lies before: what is recorded need not wait until files have settled.
LATER = 1 << 62


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Return one engine; everything that looks uses the same."""
    found = ENGINES[request.param]
    monkeypatch.setattr(quick, "engine", lambda: found)
    return found
