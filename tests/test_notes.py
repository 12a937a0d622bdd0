"""Notes hold as long as everything that was read is equal, and every way to read is noted."""

from __future__ import annotations

import inspect
import json
import os
from typing import TYPE_CHECKING

import pytest

from envguard.errors import UnreadableError
from envguard.notes import NotingReader, still_hold
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def noted(folder: Path, *, environ: dict[str, str] | None = None) -> NotingReader:
    """Return a reader that has read everything that there is to read in *folder*."""
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "file").write_text("one", encoding="utf-8")
    (folder / "link").unlink(missing_ok=True)
    (folder / "link").symlink_to("file")
    noting = NotingReader(Reader(environ), {})
    noting.environ("NAME")
    noting.probe("interpreter")
    noting.exists(str(folder / "absent"))
    noting.is_file(str(folder / "file"))
    noting.is_dir(str(folder / "sub"))
    noting.real_path(str(folder / "link"))
    noting.list_dir(str(folder / "sub"))
    noting.read_text(str(folder / "file"))
    noting.digest(str(folder / "file"))
    return noting


# These read nothing: only a snapshot of a repository answers them, and what is kept is derived from files.
NO_READING = {"identity", "expect"}
# What tells of the machine and of parts of files is no input of what is kept by content.
NOT_NOTED: dict[str, Callable[[Reader, Path], object]] = {
    "ask": lambda reader, _: reader.ask("nvidia-bus"),
    "size": lambda reader, folder: reader.size(str(folder / "file")),
    "read_part": lambda reader, folder: reader.read_part(str(folder / "file"), 1, 1),
    "variables": lambda reader, _: reader.variables(),
    "variables_in_c": lambda reader, _: reader.variables_in_c(["OMP_NUM_THREADS"]),
}


@pytest.mark.parametrize("way", NOT_NOTED)
def test_what_is_read_in_another_way_makes_the_notes_worthless(folder: Path, way: str) -> None:
    noting = noted(folder)
    assert NOT_NOTED[way](noting, folder) == NOT_NOTED[way](Reader(), folder)
    assert not noting.complete


def test_every_way_to_read_is_noted(folder: Path) -> None:
    noting = noted(folder)
    ways = {name for name, _ in inspect.getmembers(Reader, inspect.isfunction) if not name.startswith("_")}
    ways -= NO_READING
    assert {what for what, _, _ in noting.notes} == ways - {"read_text", *NOT_NOTED}
    assert noting.complete
    # A way that is not overridden would read past the notes, or not at all.
    assert all(name in vars(NotingReader) for name in ways - {"read_text"})
    assert noting.identity(str(folder / "file")) is None
    assert not noting.expect(str(folder / "file"))


def test_notes_are_plain_and_hold_while_nothing_changes(folder: Path) -> None:
    notes = json.loads(json.dumps(noted(folder).notes))
    assert still_hold(notes, Reader())
    # Untouched is more than equal: what was written anew and is the same holds, too.
    noted(folder)
    assert still_hold(notes, Reader())


CHANGES: list[Callable[[Path], object]] = [
    lambda folder: (folder / "absent").write_text(""),
    lambda folder: (folder / "file").write_text("two"),
    lambda folder: (folder / "file").unlink(),
    lambda folder: (folder / "sub" / "more").write_text(""),
    lambda folder: (folder / "sub").rename(folder / "elsewhere"),
    lambda folder: os.replace(folder / "link", folder / "moved"),
]


@pytest.mark.parametrize("change", range(len(CHANGES)))
def test_no_note_outlives_a_change(folder: Path, change: int) -> None:
    notes = noted(folder).notes
    CHANGES[change](folder)
    assert not still_hold(notes, Reader())


def test_a_variable_is_noted_and_never_written_down(folder: Path) -> None:
    notes = noted(folder, environ={"NAME": "a-secret-token"}).notes
    assert "a-secret-token" not in json.dumps(notes)
    assert still_hold(notes, Reader({"NAME": "a-secret-token"}))
    assert not still_hold(notes, Reader({"NAME": "another"}))


def test_what_is_asked_again_becomes_an_input_of_who_asks(folder: Path) -> None:
    notes = noted(folder).notes
    reader = Reader()
    assert still_hold(notes, reader)
    assert reader.trace.files.keys() == noted(folder).trace.files.keys()
    assert reader.trace.values.keys() == noted(folder).trace.values.keys()


@pytest.mark.parametrize("way", ["read_bytes", "list_dir", "digest"])
def test_what_could_not_be_read_makes_notes_worthless(folder: Path, way: str) -> None:
    noting = NotingReader(Reader(), {})
    with pytest.raises(UnreadableError):
        getattr(noting, way)(str(folder / "absent"))
    assert not noting.complete


def test_two_answers_to_one_question_make_notes_worthless(folder: Path) -> None:
    noting = noted(folder)
    (folder / "file").write_text("two")
    noting.read_text(str(folder / "file"))
    assert not noting.complete


def test_a_given_file_is_not_read_again_and_not_noted(folder: Path) -> None:
    path = str(folder / "given")
    noting = NotingReader(Reader(), {path: b"content"})
    assert noting.read_text(path) == "content"
    assert noting.notes == []
    assert noting.complete


def test_a_given_file_that_is_too_large_is_refused_by_the_reader(folder: Path) -> None:
    path = folder / "given"
    path.write_bytes(b"content")
    noting = NotingReader(Reader(), {str(path): b"content"})
    with pytest.raises(UnreadableError, match="is too large: 7 bytes, at most 3 are read"):
        noting.read_bytes(str(path), limit=3)
    assert os.path.exists(path)


def test_the_digest_of_given_content_is_that_of_the_file(folder: Path) -> None:
    path = str(folder / "file")
    (folder / "file").write_text("one")
    given = NotingReader(Reader(), {path: b"two"})
    (folder / "other").write_text("two")
    assert given.digest(path) == Reader().digest(str(folder / "other")) != Reader().digest(path)
    assert given.notes == []
