"""Whatever a lock is instead of what its tool wrote: read, or one error of ours that names the file and the place in it.

Every format is held to the same list, by the specimen that it has. What a lock is refused for in particular stands in the
tests of its reader.
"""

from __future__ import annotations

import copy
import json
import signal
import tomllib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import EnvguardError, LockfileError, UnreadableError
from envguard.lockfiles import read_lock
from envguard.lockfiles.formats import FORMATS
from envguard.lockfiles.text import MAX_BYTES
from envguard.reader import Reader
from tests.lockfiles.specimens import CORPORA, SPECIMENS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lockfiles.specimens import Specimen

each = pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda specimen: specimen.label)
LONG = 100_000


def test_every_format_that_is_read_has_a_specimen() -> None:
    assert {specimen.format for specimen in SPECIMENS} == {form.name for form in FORMATS}


@contextmanager
def in_bounded_time(seconds: float = 10) -> Iterator[None]:
    """Interrupt what does not end: an endless loop, or an effort that grows with the square of the input."""

    def interrupt(*_: object) -> None:
        pytest.fail(f"took longer than {seconds} s")

    # Of the processor: where others have it, nothing takes longer.
    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def refusal(specimen: Specimen, folder: Path, content: str | bytes) -> EnvguardError | None:
    """Return the error that *content* is in the place of the lock, None where it is none; anything else is a crash."""
    path = specimen.write(folder, content)
    try:
        with in_bounded_time():
            specimen.use(path)
    except EnvguardError as error:
        assert str(error).startswith((f"{path}: ", f"{path}:")) or error.path in {
            str(folder / name) for name in specimen.manifests
        }
        assert len(str(error)) < 4000
        return error
    return None


def placed(error: EnvguardError) -> bool:
    """Return whether *error* says where in its file something is wrong, if it is not the file as a whole."""
    whole = ("is empty", "has no ", "is the lock of another project", "is not valid JSON: nested", "the key 'version'")
    missing = "the lock has no entry for it" in error.message
    return bool(error.keys or error.line) or error.message.startswith(whole) or missing


@each
def test_a_specimen_is_a_lock(specimen: Specimen, folder: Path) -> None:
    lock, _, _ = specimen.use(specimen.write(folder))
    assert len(lock.packages) > 3
    assert lock.format == specimen.format


@each
def test_a_lock_that_is_missing_cannot_be_read(specimen: Specimen, folder: Path) -> None:
    with pytest.raises(UnreadableError, match=r"cannot be read: no such file or directory"):
        read_lock(Reader(), str(folder / specimen.name))


EMPTY = {"nothing": b"", "spaces": b" \n\t\n", "a line end of Windows": b"\r\n"}


@each
@pytest.mark.parametrize("content", EMPTY.values(), ids=list(EMPTY))
def test_an_empty_lock_is_said_to_be_empty(specimen: Specimen, folder: Path, content: bytes) -> None:
    error = refusal(specimen, folder, content)
    assert isinstance(error, LockfileError)
    assert error.message == "is empty"
    assert error.hint


BINARY = {
    "random bytes": bytes(range(128, 256)) * 8,
    "a wheel": b"PK\x03\x04\x14\x00\x00\x00\x08\x00" + bytes(range(256)),
    "UTF-16": "version = 1\n".encode("utf-16"),
    "Latin-1 in the middle": None,
}


@each
@pytest.mark.parametrize("case", BINARY)
def test_bytes_that_are_no_text_are_refused_with_the_line_of_the_first_one(
    specimen: Specimen, folder: Path, case: str
) -> None:
    data = BINARY[case]
    text = specimen.text.encode()
    content = data if data is not None else text[: len(text) // 2] + b"\n\xe9\n" + text[len(text) // 2 :]
    error = refusal(specimen, folder, content)
    assert error is not None
    # pip alone takes UTF-16 where a byte order mark says so, and then it is no requirement.
    if (specimen.format, case) != ("requirements", "UTF-16"):
        assert error.message.startswith("is not UTF-8 text: byte 0x")
        assert error.line == content[: int(error.message.rpartition(" ")[2])].count(b"\n") + 1
    assert error.line


@each
def test_a_byte_of_zero_is_refused_with_its_line(specimen: Specimen, folder: Path) -> None:
    at = specimen.text.index("\n") + 1
    error = refusal(specimen, folder, specimen.text[:at] + "\0" + specimen.text[at:])
    assert error is not None
    assert error.line == 2


@each
def test_line_ends_of_windows_are_line_ends(specimen: Specimen, folder: Path) -> None:
    plain, _, _ = specimen.use(specimen.write(folder))
    other, _, _ = specimen.use(specimen.write(folder, specimen.text.replace("\n", "\r\n")))
    assert other == plain


@each
def test_a_byte_order_mark_is_no_part_of_the_text(specimen: Specimen, folder: Path) -> None:
    plain, _, _ = specimen.use(specimen.write(folder))
    marked, _, _ = specimen.use(specimen.write(folder, "\ufeff" + specimen.text))
    assert marked.packages == plain.packages


@pytest.mark.parametrize(
    "specimen", [item for item in SPECIMENS if item.newer is not None], ids=lambda specimen: specimen.label
)
def test_a_version_that_nobody_knows_is_refused_with_its_place(specimen: Specimen, folder: Path) -> None:
    assert specimen.newer is not None
    old, new = specimen.newer
    assert old in specimen.text
    error = refusal(specimen, folder, specimen.text.replace(old, new))
    assert isinstance(error, LockfileError)
    assert "is not known here, only" in error.message
    assert error.keys or error.line
    assert "update envguard" in str(error.hint)


@each
def test_what_is_there_twice_is_refused_with_its_place(specimen: Specimen, folder: Path) -> None:
    old, new = specimen.twice
    assert old in specimen.text
    error = refusal(specimen, folder, specimen.text.replace(old, new, 1))
    assert isinstance(error, LockfileError)
    assert error.keys or error.line


MERGES = ("<<<<<<< HEAD\n", "=======\n", ">>>>>>> theirs\n", "||||||| base\n")


@each
@pytest.mark.parametrize("mark", MERGES, ids=lambda mark: mark[:1] * 7)
def test_an_unfinished_merge_is_named_with_its_line(specimen: Specimen, folder: Path, mark: str) -> None:
    lines = specimen.text.splitlines(keepends=True)
    at = len(lines) // 2
    error = refusal(specimen, folder, "".join((*lines[:at], mark, *lines[at:])))
    assert isinstance(error, LockfileError)
    assert (error.message, error.line) == ("has an unfinished merge in it", at + 1)


@each
def test_a_lock_that_was_cut_off_anywhere_is_no_crash(specimen: Specimen, folder: Path) -> None:
    data = specimen.text.encode()
    cuts = range(0, len(data), len(data) // 150)
    refusals = [refusal(specimen, folder, data[:at]) for at in cuts]
    for error in refusals:
        assert error is None or placed(error)
    # Only between two tables what is left can be a lock; in YAML, and in a format of lines, anywhere.
    assert specimen.loads not in (tomllib.loads, json.loads) or sum(
        error is not None for error in refusals
    ) > 0.95 * len(cuts)


@each
def test_a_real_lock_that_was_cut_off_anywhere_is_no_crash(specimen: Specimen, folder: Path) -> None:
    data = (CORPORA / specimen.real).read_bytes()
    for at in range(0, len(data), len(data) // 20):
        refusal(specimen, folder, data[:at])


@each
@pytest.mark.parametrize("nested", ["[", "{", '{"a":', "(", "- ", "a:\n "], ids=range(6))
def test_absurd_nesting_is_refused(specimen: Specimen, folder: Path, nested: str) -> None:
    assert refusal(specimen, folder, nested * LONG) is not None
    if specimen.opens:
        error = refusal(specimen, folder, specimen.opens + nested * LONG)
        assert isinstance(error, LockfileError)


@each
def test_what_is_too_large_is_not_read(specimen: Specimen, folder: Path) -> None:
    path = specimen.write(folder)
    with path.open("r+b") as file:
        # A line of 100 MB, of which the disk keeps nothing.
        file.truncate(100_000_000)
    reader = Reader()
    with pytest.raises(UnreadableError, match=f"is too large: 100000000 bytes, at most {MAX_BYTES} are read"):
        read_lock(reader, str(path), anew=True)


def places(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield every value of a document, with the route to it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield (*keys, key), item
        yield from places(item, (*keys, key))


def unlike(document: Any) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Yield one of each kind of ``places``: of those that are called alike, in tables with the same keys, the first."""
    seen = set()
    for keys, item in places(document):
        holder = document
        for key in keys[:-1]:
            holder = holder[key]
        like = tuple("" if isinstance(key, int) else key for key in keys)
        kind = (like, type(item), frozenset(holder) if isinstance(holder, dict) else None)
        if kind not in seen:
            seen.add(kind)
            yield keys, item


def changed(document: Any, place: tuple[str | int, ...], *value: Any) -> Any:
    """Return a copy of *document* with *value* at *place*, or with nothing there."""
    found = copy.deepcopy(document)
    holder = found
    for key in place[:-1]:
        holder = holder[key]
    if value:
        holder[place[-1]] = copy.deepcopy(value[0])
    else:
        del holder[place[-1]]
    return found


structured = pytest.mark.parametrize(
    "specimen", [item for item in SPECIMENS if item.loads is not None], ids=lambda specimen: specimen.label
)
OTHER_TYPES: list[Any] = [3, True, 1.5, "x", [], {}, [3], [[]], {"a": 3}, [{"a": []}]]
# Long and odd, where a text is expected: nothing in them may be taken for more than a text, or take for ever.
HOSTILE = [
    "",
    " ",
    "\x00",
    "a\x00b",
    "\u202e\x1b[31m",
    "../../../../etc/passwd",
    "/etc/passwd",
    "~root/x",
    "${HOME}",
    "C:\\x",
    "//host/x",
    "https://[",
    "https://u:p@[::1",
    "file:///a%00b",
    "((",
    "==1.0 ; x",
    "extra == '",
    "python_version >= '3' and " * 500,
    *(
        part * (LONG // len(part))
        for part in ("a", "1", "1.", "(", " ", ",", "-", "a-", "||", "'", "[x", "^1 ", "1!", ">=1 ")
    ),
    "a-" * LONG + "1.tar.gz",
    "../" * LONG,
]


def call(specimen: Specimen, folder: Path, document: Any) -> EnvguardError | None:
    assert specimen.dumps is not None
    return refusal(specimen, folder, specimen.dumps(document))


@structured
def test_each_value_that_is_missing_is_read_or_refused_with_its_place(specimen: Specimen, folder: Path) -> None:
    assert specimen.loads is not None
    document = specimen.loads(specimen.text)
    refused = set()
    for place, _ in places(document):
        error = call(specimen, folder, changed(document, place))
        if error is not None:
            refused.add(place[-1])
            assert placed(error), place
    assert {key for key in refused if isinstance(key, str)} == set(specimen.needed)


@structured
@pytest.mark.slow
def test_each_value_of_another_type_is_refused_with_its_place(specimen: Specimen, folder: Path) -> None:
    """All but what no reader looks at; a list or a table that is empty says nothing wrong."""
    assert specimen.loads is not None
    document = specimen.loads(specimen.text)
    passed = set()
    for place, value in unlike(document):
        for other in OTHER_TYPES:
            if type(other) is type(value) or {type(other), type(value)} == {int, float}:
                continue
            error = call(specimen, folder, changed(document, place, other))
            if error is None and other:
                passed.add(next(key for key in reversed(place) if isinstance(key, str)))
            elif error is not None:
                assert placed(error), (place, other)
    assert passed == set(specimen.ignored)


@structured
@pytest.mark.slow
def test_no_text_is_a_crash_wherever_it_stands(specimen: Specimen, folder: Path) -> None:
    assert specimen.loads is not None
    document = specimen.loads(specimen.text)
    for place, value in unlike(document):
        for text in HOSTILE if isinstance(value, str) else ():
            call(specimen, folder, changed(document, place, text))


@structured
@pytest.mark.slow
def test_no_name_is_a_crash_wherever_it_stands(specimen: Specimen, folder: Path) -> None:
    assert specimen.loads is not None
    document = specimen.loads(specimen.text)
    for place, value in unlike(document):
        if isinstance(place[-1], str):
            for name in ("", "a.b[0]", "\x1b[31m", "x" * LONG):
                renamed = changed(changed(document, place), (*place[:-1], name), value)
                call(specimen, folder, renamed)


class Watched(Reader):
    """Remembers every file that is read."""

    __slots__ = ("read",)

    def __init__(self) -> None:
        super().__init__()
        self.read: set[str] = set()

    def read_bytes(self, path: str, *, limit: int = MAX_BYTES) -> bytes:
        self.read.add(path)
        return super().read_bytes(path, limit=limit)


OUTSIDE = [
    "../secret",
    "../secret/x-1.0.whl",
    "../../../../../../../../../etc/passwd",
    "/etc/passwd",
    "/proc/self/environ",
]


@structured
@pytest.mark.parametrize("outside", OUTSIDE)
def test_what_lies_outside_of_the_project_is_not_read(specimen: Specimen, folder: Path, outside: str) -> None:
    """Wherever a path could stand. Manifests alone are read there, as uv reads them, and archives, for their hash."""
    assert specimen.loads is not None
    assert specimen.dumps is not None
    (folder / "secret").mkdir()
    (folder / "secret" / "pyproject.toml").write_text("[project]\nname = 'secret'\nversion = '1'\n")
    project = folder / "project"
    project.mkdir()
    document = specimen.loads(specimen.text)
    for place, value in unlike(document):
        if not isinstance(value, str):
            continue
        path = specimen.write(project, specimen.dumps(changed(document, place, outside)))
        watched = Watched()
        try:
            specimen.use(path, watched)
        except EnvguardError as error:
            assert "root:" not in str(error)
        beyond = {name for name in watched.read if not name.startswith(f"{project}/")}
        allowed = ("/pyproject.toml", "/uv.toml", "secret/x-1.0.whl")
        assert not [name for name in beyond if not name.endswith(allowed)], place
