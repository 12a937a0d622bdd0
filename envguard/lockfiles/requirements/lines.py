"""The lines of a requirements file, as pip joins and strips them (pip: "Requirements File Format").

A backslash at the end joins a line with the next; a comment begins with ``#`` at the start or after white space; a line
that is a comment ends what was joined. What the tools disagree about, or what pip alone takes for the end of a line, is refused.
"""

from __future__ import annotations

from ...errors import LockfileError
from ...patterns import late
from ...values import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LINE = 4 * 1024 * 1024
_COMMENT = late(r"(?:^|\s)#(?P<text>.*)$")
_IS_COMMENT = late(r"\s*#(?P<text>.*)$")
# str.splitlines, which pip uses, ends a line at each of these; uv and an editor do not.
_ENDS = "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
_END = late(f"[{_ENDS}]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line with what was joined to it, its *number* counted from one, and the *comments* behind and below it, without ``#``."""

    text: str
    number: int
    comments: tuple[str, ...] = ()


def logical_lines(text: str, path: str) -> Iterator[Line]:
    """Yield the lines of *text*, read from *path*, that are neither empty nor comments alone.

    Raises LockfileError where a line is too long, or ends where other tools see no end.
    """
    # To look for one character at a time is many times as fast as to look for any of them.
    end = _END.search(text) if any(character in text for character in _ENDS) else None
    if end is not None:
        number = text.count("\n", 0, end.start()) + 1
        message = f"has the character {end[0]!r}, which pip takes for the end of the line and other tools do not"
        raise LockfileError(message, path=path, line=number)
    found: Line | None = None
    comments: list[str] = []
    for number, joined, inline in _joined(text, path):
        if joined:
            if found is not None:
                yield Line(text=found.text, number=found.number, comments=tuple(comments))
            found, comments = Line(text=joined, number=number), []
        if inline is not None:
            comments.append(inline)
        elif not joined and comments and comments[-1]:
            # An empty line ends what is said about the line above.
            comments.append("")
    if found is not None:
        yield Line(text=found.text, number=found.number, comments=tuple(comments))


def _joined(text: str, path: str) -> Iterator[tuple[int, str, str | None]]:
    """Yield each joined line with its number, its text without a comment, and the comment."""
    parts: list[str] = []
    first = 0
    size = 0
    for number, line in enumerate(text.split("\n"), start=1):
        comment = _IS_COMMENT.match(line) if "#" in line else None
        if parts and comment is not None:
            # The comment belongs to the line that it ends.
            yield first, "".join(parts).strip(), comment["text"]
            parts, size = [], 0
            continue
        if not parts:
            first = number
        size += len(line)
        if size > MAX_LINE:
            raise LockfileError(f"has a line of more than {MAX_LINE} characters", path=path, line=first)
        if comment is None and line.endswith("\\"):
            if "#" in line and _COMMENT.search(line):
                message = (
                    "ends a comment with a backslash: pip takes the next line for a part of it, other tools do not"
                )
                raise LockfileError(message, path=path, line=number)
            parts.append(line.strip("\\"))
            continue
        yield first, *_stripped("".join((*parts, line)))
        parts, size = [], 0
    if parts:
        yield first, *_stripped("".join(parts))


def _stripped(line: str) -> tuple[str, str | None]:
    comment = _COMMENT.search(line) if "#" in line else None
    return (line.strip(), None) if comment is None else (line[: comment.start()].strip(), comment["text"])
