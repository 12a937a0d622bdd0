"""A lock that cannot be read ends every command that needs one with exit status 2 and one message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lockfiles.specimens import SPECIMENS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lockfiles.specimens import Specimen

    from .conftest import Cli

BAD = {
    "binary": b"\xff\xfe\x00" * 40,
    "merge": b"<<<<<<< HEAD\n",
    "nesting": b"[" * 100_000,
}


@pytest.mark.parametrize("content", BAD.values(), ids=list(BAD))
@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.label)
def test_a_lock_that_is_none_is_one_message_and_status_2(
    cli: Cli, specimen: Specimen, folder: Path, content: bytes
) -> None:
    path = specimen.write(folder, content)
    (folder / "envguard.toml").write_text(f'lock = "{specimen.name}"\n')
    for command in (["check", str(folder)], ["lock", "check", str(folder)], ["lock", "list", str(path)]):
        result = cli(*command)
        assert (result.status, result.out) == (2, ""), command
        assert result.err.count("error: ") == 1
        assert specimen.name in result.err
        assert "Traceback" not in result.err
        assert "bug" not in result.err
    result = cli("diff", str(path), str(path))
    assert result.status == 2
    assert "Traceback" not in result.err
