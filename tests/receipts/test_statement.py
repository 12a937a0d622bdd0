"""A receipt as an in-toto Statement, held to the specification by its own library."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest
from google.protobuf import json_format
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from envguard.errors import ReceiptError, UnreadableError
from envguard.reader import Reader
from envguard.receipts.statement import render, statement, subjects_of
from tests.receipts.specimens import document, ledger, written

if TYPE_CHECKING:
    from pathlib import Path


def test_the_library_of_the_specification_takes_it(folder: Path) -> None:
    made = document(folder)
    text = render(statement(made, {"model.bin": "ab" * 32, "a/log.txt": "cd" * 32}))
    message = json_format.Parse(text, StatementMessage())
    Statement(
        subjects=list(message.subject),
        predicate_type=message.predicate_type,
        predicate=json_format.MessageToDict(message.predicate),
    ).validate()
    found = json.loads(text)
    assert list(found) == ["_type", "subject", "predicateType", "predicate"]
    assert found["_type"] == "https://in-toto.io/Statement/v1"
    assert found["predicateType"] == "https://envguard/receipt/v2"
    assert found["predicate"] == made
    assert found["subject"] == [
        {"name": "a/log.txt", "digest": {"sha256": "cd" * 32}},
        {"name": "model.bin", "digest": {"sha256": "ab" * 32}},
    ]


def test_its_subjects_are_what_is_named_else_what_the_run_made_else_the_receipt(folder: Path) -> None:
    (folder / "out.bin").write_bytes(b"out")
    (folder / "named.bin").write_bytes(b"named")
    run = ledger(folder)
    path = run.finish([folder / "out.bin", folder / "none"])
    assert path is not None
    finished = json.loads((folder / ".envguard/runs" / os.path.basename(path)).read_bytes())
    out, named = (hashlib.sha256(content).hexdigest() for content in (b"out", b"named"))
    assert subjects_of(Reader(), path, finished, [f"{folder}/named.bin"]) == {f"{folder}/named.bin": named}
    assert subjects_of(Reader(), path, finished, []) == {f"{folder}/out.bin": out}
    bare = written(folder / "r.json", document(folder))
    digest = hashlib.sha256(bare.read_bytes()).hexdigest()
    assert subjects_of(Reader(), str(bare), document(folder), []) == {"r.json": digest}


def test_subjects_that_cannot_be_used_are_named(folder: Path) -> None:
    (folder / "a").touch()
    os.mkfifo(folder / "pipe")
    made = document(folder)
    with pytest.raises(ReceiptError, match=r"the subject '.*/a' is named twice"):
        subjects_of(Reader(), "r", made, [f"{folder}/a", f"{folder}/./a"])
    with pytest.raises(UnreadableError, match="none: cannot be read: no such file or directory"):
        subjects_of(Reader(), "r", made, [f"{folder}/none"])
    with pytest.raises(UnreadableError, match="pipe: is not a regular file"):
        subjects_of(Reader(), "r", made, [f"{folder}/pipe"])
