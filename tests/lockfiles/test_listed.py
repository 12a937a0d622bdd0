"""Files of a package taken over as a whole, or left to the reader that says what is wrong with each."""

from __future__ import annotations

from typing import Any

import pytest

from envguard.lockfiles.listed import artifacts, listed
from envguard.lockfiles.model import Artifact


def test_plain_tables_become_the_files_that_the_constructor_makes() -> None:
    files = [{"file": "a-1-py3-none-any.whl", "hash": "sha256:1"}, {"file": "a-1.tar.gz", "hash": "sha256:2"}]
    plain = listed(files, "file", "hash")
    assert plain is not None
    assert artifacts(plain, [None, "https://files.index.example/a-1.tar.gz"]) == [
        Artifact(filename="a-1-py3-none-any.whl", wheel=True, hash="sha256:1"),
        Artifact(
            filename="a-1.tar.gz", wheel=False, hash="sha256:2", location="https://files.index.example/a-1.tar.gz"
        ),
    ]
    assert artifacts([], []) == []


@pytest.mark.parametrize(
    "other",
    [3, {}, {"file": "a"}, {"file": "", "hash": "b"}, {"file": "a", "hash": 1}, {"file": "a", "hash": "b", "c": ""}],
)
def test_anything_else_is_looked_at_by_itself(other: Any) -> None:
    assert listed([{"file": "a", "hash": "b"}, other], "file", "hash") is None
