"""A lock that is read beside another text of it is the lock that is read alone, and so is what is wrong with it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard import toml
from envguard.entries import Entries
from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.formats import format_of
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

CORPORA = Path(__file__).resolve().parents[1] / "corpora"
_NAMES = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "pixi.lock", "conda-lock.yml", "requirements.txt")
LOCKS = sorted(path for path in CORPORA.rglob("*") if path.name in _NAMES and format_of(path.name) is not None)
# Short enough to be read hundreds of times.
SHORT = [
    path
    for name in _NAMES
    for path in sorted(LOCKS, key=lambda path: path.stat().st_size)
    if path.name == name and path.stat().st_size > 6 * 1024
]
SHORT = list({path.name: path for path in reversed(SHORT)}.values())
each = pytest.mark.parametrize("path", SHORT, ids=lambda path: f"{path.parent.name}/{path.name}")
_LINES = (
    "[[package]]",
    "[package.dependencies]",
    "[metadata]",
    '"""',
    "'''",
    "x = [",
    "]",
    "- name: a",
    "packages:",
    "  index: 1",
    "",
    "# a comment",
    "[[package]] # one",
)


@pytest.fixture(autouse=True)
def _long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make short texts of TOML be read as long ones are."""
    monkeypatch.setattr(toml, "_LONG", 0)


class Text(Reader):
    """Reads *text* at *path*, and everything else from the disk; what other texts had is in *entries*."""

    def __init__(self, path: Path, text: bytes, entries: Entries | None = None) -> None:
        super().__init__()
        self.path = str(path)
        self.text = text
        self.entries = entries

    def read_bytes(self, path: str, *, limit: int = 1 << 30) -> bytes:
        return self.text if path == self.path else super().read_bytes(path, limit=limit)


def said(path: Path, text: bytes, entries: Entries | None) -> Any:
    """Return the lock, or what is wrong with it in all its words."""
    try:
        return read_lock(Text(path, text, entries), str(path), anew=True)
    except EnvguardError as error:
        return type(error), str(error), error.keys, error.line, error.hint


def agrees(path: Path, old: bytes, new: bytes) -> Any:
    """Return what *new* is alone, if it is the same beside *old*."""
    alone = said(path, new, None)
    entries = Entries()
    said(path, old, entries)
    beside = said(path, new, entries)
    assert beside == alone
    # What is equal may be of another type, or in another order.
    assert repr(beside) == repr(alone)
    return alone


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_lock_beside_itself_and_beside_what_it_was(path: Path) -> None:
    text = path.read_bytes()
    digest = re.search(rb"[0-9a-f]{64}", text)
    changed = text.replace(digest[0], digest[0][::-1], 1) if digest is not None else text
    half = len(text) // 2
    for new in (text, changed, text.replace(b"\n", b"\r\n"), text[: text.index(b"\n", half) + 1], text[:half], b""):
        agrees(path, text, new)
        agrees(path, new, text)


@st.composite
def edits(draw: st.DrawFn) -> Callable[[str], str]:
    """Return a way to edit a text: lines gone, twice, moved, put in, or with another character."""
    places = draw(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 5)), min_size=1, max_size=4))
    extra = draw(st.sampled_from(_LINES))
    letter = draw(st.sampled_from("\"'\\[]{}:#=-\t0x\r"))

    def edit(text: str) -> str:
        lines = text.split("\n")
        for place, what in places:
            at = int(place * len(lines))
            line = lines[at]
            if what == 0:
                del lines[at]
            elif what == 1:
                lines.insert(at, line)
            elif what == 2:
                lines.insert(at, extra)
            elif what == 3:
                lines.insert(len(lines) - 1 - at, lines.pop(at))
            elif what == 4:
                middle = int(place * 7919) % (len(line) + 1)
                lines[at] = line[:middle] + letter + line[middle:]
            else:
                # A whole piece somewhere else.
                piece = lines[at : at + 25]
                del lines[at : at + 25]
                lines[int((1 - place) * len(lines)) : 0] = piece
            lines = lines or [""]
        return "\n".join(lines)

    return edit


@each
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(one=edits(), other=edits())
def test_edited_locks_beside_one_another(path: Path, one: Callable[[str], str], other: Callable[[str], str]) -> None:
    text = path.read_bytes().decode()
    if path.name in ("uv.lock", "pylock.toml"):
        # The first of its packages, behind which nothing comes.
        text = text[: text.index("[[package", 60_000)]
    edited = one(text)
    agrees(path, text.encode(), edited.encode())
    agrees(path, edited.encode(), other(edited).encode())


def test_every_format_is_read_beside_another_text_of_it() -> None:
    assert sorted(path.name for path in SHORT) == sorted(_NAMES)
