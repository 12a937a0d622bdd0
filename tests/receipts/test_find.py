"""A receipt is found by its file, by how late it is, and by how its name begins."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from envguard.errors import ReceiptError
from envguard.reader import Reader
from envguard.receipts.find import find_receipt, receipts_in

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "20261126T023543Z-2875772b.json",
    "20261126T023544Z-aaaa0001.json",
    "20261126T023544Z-aaaa0000.json",
    "20261127T000000Z-1df936d4-rank3.json",
)
REFUSALS = ("20261126T000000Z-2f936d41.refused.json", "20261128T000000Z-2f936d4f-rank1.refused.json")


@pytest.fixture
def runs(folder: Path) -> Path:
    kept = folder / "runs"
    kept.mkdir()
    for number, name in enumerate((*NAMES, *REFUSALS)):
        (kept / name).touch()
        os.utime(kept / name, (number, number))
    (kept / ".gitignore").touch()
    (kept / "20261126T023544Z-aaaa0000.patch").touch()
    return kept


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("latest", NAMES[3]),
        ("@1", NAMES[3]),
        ("@2", NAMES[2]),  # of two of one second the one that was written later
        ("@4", NAMES[0]),
        ("20261127", NAMES[3]),
        ("2875", NAMES[0]),
        ("20261126T023544Z-aaaa0001", NAMES[1]),
        ("1df936d4-rank3", NAMES[3]),
        ("refused", REFUSALS[1]),
        ("20261128", REFUSALS[1]),
    ],
)
def test_it_is_found(runs: Path, text: str, name: str) -> None:
    assert find_receipt(Reader(), str(runs), text) == f"{runs}/{name}"


def test_a_file_is_a_file_wherever_it_lies(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs.parent)
    (runs.parent / "latest").touch()
    assert find_receipt(Reader(), None, "latest") == f"{runs.parent}/latest"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("@5", "there is no receipt @5: 4 of them are kept here"),
        ("@0", "there is no receipt '@0', neither a file nor the beginning of a name"),
        ("", "there is no receipt '', neither a file nor the beginning of a name"),
        ("../x", "there is no receipt '../x', neither a file nor the beginning of a name"),
        ("aaaa", f"several receipts begin with 'aaaa': {NAMES[1]}, {NAMES[2]}"),
    ],
)
def test_what_is_not_there_is_said(runs: Path, text: str, message: str) -> None:
    with pytest.raises(ReceiptError) as error:
        find_receipt(Reader(), str(runs), text)
    assert (error.value.message, error.value.path) == (message, str(runs))


def test_where_none_are_kept(folder: Path) -> None:
    for kept in (None, str(folder / "none")):
        assert receipts_in(Reader(), kept) == []
        with pytest.raises(ReceiptError, match="there is no receipt latest: none of them are kept here"):
            find_receipt(Reader(), kept, "latest")
