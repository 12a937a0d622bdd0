"""The digest of a payload: what counts, what does not, and what cannot be told."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import blake3
import pytest

from envguard.installed.record import BOOKKEEPING, DOMAIN, SCRIPT_BYTES, payload_digest
from envguard.model import Unknown

from .tools import row

if TYPE_CHECKING:
    from pathlib import Path

OWN = "tiny-1.0.dist-info"
MODULE = "tiny.py,sha256=aaa,3\n"
METADATA = f"{OWN}/METADATA,sha256=bbb,4\n"
PLAIN = MODULE + METADATA + f"{OWN}/RECORD,,\n"


def digest(text: str) -> str:
    found = payload_digest(text.encode("utf-8", "surrogateescape"), OWN)
    assert isinstance(found, str), found
    return found


def reason(data: bytes) -> str:
    found = payload_digest(data, OWN)
    assert isinstance(found, Unknown), found
    return found.reason


def test_the_digest_is_that_of_the_sorted_rows() -> None:
    assert digest(PLAIN) == f"blake3:{blake3.blake3(DOMAIN + (METADATA + MODULE).encode()).hexdigest()}"


def test_public_tools_reproduce_the_digest(tmp_path: Path) -> None:
    record = tmp_path / "RECORD"
    record.write_text(PLAIN)
    command = f"printf 'envguard payload 1\\n'; grep -v '/RECORD,' '{record}' | LC_ALL=C sort -u"
    rows = subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True).stdout
    assert digest(PLAIN) == f"blake3:{blake3.blake3(rows).hexdigest()}"


def test_one_changed_byte_of_a_file_changes_the_digest() -> None:
    assert digest(row("a.py", b"x = 1\n")) != digest(row("a.py", b"x = 2\n"))


@pytest.mark.parametrize(
    "other",
    [
        METADATA + MODULE,
        MODULE + PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.rstrip("\n"),
        PLAIN + "\n",
        '"tiny.py","sha256=aaa","3"\n' + METADATA,
        "./" + PLAIN,
        '"./tiny.py",sha256=aaa,3\n' + METADATA,
        PLAIN + "__pycache__/tiny.cpython-311.pyc,,\n",
        PLAIN.replace("\n", "\r\n") + "__pycache__/tiny.cpython-311.pyc,,\r\n",
        PLAIN + "__pycache__/tiny.cpython-311.pyc,sha256=ccc,9\n",
        PLAIN + "tiny.pyc,sha256=ccc,9\n",
        PLAIN + "__pycache__/tiny.jit,sha256=ccc,9\n",
        PLAIN + "../../../bin/tiny,sha256=ccc,221\n",
        PLAIN + "../../../bin/tiny,,\n",
        PLAIN + "../../Scripts/tiny.exe,sha256=ccc,108000\n",
        PLAIN + "/usr/local/bin/tiny,sha256=ccc,221\n",
        PLAIN + '"../../../bin/a,b",sha256=ccc,221\n',
    ],
)
def test_what_differs_between_installers_does_not_count(other: str) -> None:
    assert digest(other) == digest(PLAIN)


@pytest.mark.parametrize("name", sorted(name.decode() for name in BOOKKEEPING))
def test_what_installers_write_for_themselves_does_not_count(name: str) -> None:
    assert digest(f"{PLAIN}{OWN}/{name},sha256=ccc,9\n") == digest(PLAIN)


@pytest.mark.parametrize(
    "extra",
    [
        f"{OWN}/WHEEL,sha256=ccc,9\n",
        f"{OWN}/variant.json,sha256=ccc,9\n",
        f"{OWN}/deep/INSTALLER,sha256=ccc,9\n",
        "other-1.0.dist-info/INSTALLER,sha256=ccc,9\n",
        f"tiny/_vendor/{OWN}/RECORD,sha256=ccc,9\n",
        "tiny/bin/tool,sha256=ccc,9\n",
        "bin/tool,sha256=ccc,9\n",
        "../../../share/tiny/data.json,sha256=ccc,9\n",
        f"../../../bin/tiny,sha256=ccc,{SCRIPT_BYTES}\n",
        "tiny.py,sha256=aaa,4\n",
        '"a,b.py",sha256=ccc,9\n',
        "tiny/__pycache__,sha256=ccc,9\n",
        "tiny.pyx,sha256=ccc,9\n",
    ],
)
def test_everything_else_counts(extra: str) -> None:
    assert digest(PLAIN + extra) != digest(PLAIN)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ('"a,sha256=b",sha256=c,1\n', "a,sha256=b,1\n"),
        ('"a""b",sha256=c,1\n', '"a"",b",sha256=c,1\n'),
        ("a,sha256=b,1\nc,sha256=d,2\n", "a,sha256=b,1c\nc,sha256=d,2\n"),
    ],
)
def test_two_lists_never_share_a_text(left: str, right: str) -> None:
    assert digest(left) != digest(right)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "RECORD lists no files"),
        (b"\n\n", "RECORD lists no files"),
        (f"{OWN}/RECORD,,\n".encode(), "RECORD lists no files"),
        (b"a.py,sha256=b\n", "RECORD is malformed: line 1 has 2 fields, 3 are expected"),
        (b"a.py,sha256=b,1\nb.py,sha256=b,1,x\n", "RECORD is malformed: line 2 has 4 fields, 3 are expected"),
        (b"a.py,sha256=b\nb.py,sha256=b,1,x\n", "RECORD is malformed: line 1 has 2 fields, 3 are expected"),
        (b"a.py\n", "RECORD is malformed: line 1 has 1 fields, 3 are expected"),
        (b"\0\x01\xff", "RECORD is malformed: line 1 has 1 fields, 3 are expected"),
        (b",sha256=b,1\n", "RECORD is malformed: line 1 has a line break in a field, or no path"),
        (b"!,sha256=b,1\n,sha256=b,1\n", "RECORD is malformed: line 2 has a line break in a field, or no path"),
        (b'"a\nb",sha256=b,1\n', "RECORD is malformed: line 2 has a line break in a field, or no path"),
        (b'"a,sha256=b,1\n', "RECORD is malformed: line 2: unexpected end of data"),
        (b'"a"b,sha256=b,1\n', "RECORD is malformed: line 1: ',' expected after '\"'"),
        (b"a.py,,\n", "RECORD has no hash for a.py"),
        (b"a.py,,12\nb.py,sha256=b,1\n", "RECORD has no hash for a.py"),
        (b"a\x1b[31m,abc,12\n", "RECORD has no hash for a\\x1b[31m"),
    ],
)
def test_a_broken_record_tells_nothing_and_says_why(data: bytes, text: str) -> None:
    assert reason(data) == text


def test_a_lone_carriage_return_is_malformed() -> None:
    assert reason(b"a\rb,sha256=c,1\n").startswith("RECORD is malformed: line 1: new-line character seen")


def test_a_field_too_large_for_any_path_is_malformed() -> None:
    assert reason(b'"' + b"a" * 200_000 + b'",sha256=c,1\n') == (
        "RECORD is malformed: line 1: field larger than field limit (131072)"
    )


def test_a_size_of_thousands_of_digits_is_a_size() -> None:
    assert digest(f"{PLAIN}../../../bin/tiny,sha256=ccc,{'9' * 5000}\n") != digest(PLAIN)


def test_names_that_are_not_utf8_have_a_digest() -> None:
    assert digest("a\udcff,sha256=b,1\n") == digest('"a\udcff",sha256=b,1\n') != digest("a\udcfe,sha256=b,1\n")
