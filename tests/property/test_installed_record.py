"""RECORD, read fast, says what the csv module says of it."""

from __future__ import annotations

import csv
import io
from typing import Literal

import blake3
from hypothesis import given
from hypothesis import strategies as st

from envguard.installed.record import BOOKKEEPING, DOMAIN, SCRIPT_BYTES, payload_digest
from envguard.model import Unknown

OWN = "tiny-1.0.dist-info"
# Few letters, so that rows collide with one another and with the separators; and any text at all.
field = st.one_of(
    st.text(alphabet='ab/.,"= -\0é', max_size=6),
    st.text(st.characters(exclude_characters="\r\n", codec="utf-8"), max_size=8),
)
path = st.one_of(
    field,
    st.builds(
        "/".join,
        st.lists(
            st.sampled_from(
                ("..", ".", "", "bin", "Scripts", "__pycache__", "a.py", "a.pyc", "a,b", OWN, "METADATA", "INSTALLER")
            ),
            min_size=1,
            max_size=5,
        ),
    ),
)
digest = st.one_of(st.just("sha256=abc"), field.map("md5={}".format), st.just(""))
size = st.one_of(st.integers(0, 2 * SCRIPT_BYTES).map(str), st.just(""), field)
rows = st.lists(st.tuples(path, digest, size), max_size=12)


def written(table: list[tuple[str, ...]], quoting: Literal[0, 1], end: str) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=quoting, lineterminator=end).writerows(table)
    return text.getvalue().encode()


def counts(name: str, length: str) -> bool:
    """The rule of the documentation, written down again without a thought of speed."""
    if name.endswith(".pyc") or "__pycache__/" in name:
        return False
    folder, _, base = name.rpartition("/")
    if folder == OWN:
        return base.encode() not in BOOKKEEPING
    if name.startswith(("../", "/")) and folder.rpartition("/")[2].lower() in ("bin", "scripts"):
        return length.encode().isdigit() and int(length) >= SCRIPT_BYTES
    return True


def expected(record: bytes) -> str | None:
    """Return the digest by the csv module; None where there is none to be had."""
    payload: set[bytes] = set()
    for name, checksum, length in csv.reader(io.StringIO(record.decode(), newline="")):
        plain = name.removeprefix("./")
        if not plain:
            return None
        if counts(plain, length):
            if "=" not in checksum:
                return None
            payload.add(written([(plain, checksum, length)], csv.QUOTE_MINIMAL, "\n"))
    if not payload:
        return None
    text = b"".join(line + b"\n" for line in sorted(line.removesuffix(b"\n") for line in payload))
    return f"blake3:{blake3.blake3(DOMAIN + text).hexdigest()}"


@given(table=rows, quoting=st.sampled_from((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)), end=st.sampled_from(("\n", "\r\n")))
def test_the_digest_is_the_one_by_the_csv_module(
    table: list[tuple[str, ...]], quoting: Literal[0, 1], end: str
) -> None:
    record = written(table, quoting, end)
    found = payload_digest(record, OWN)
    assert (None if isinstance(found, Unknown) else found) == expected(record)


@given(table=rows, order=st.randoms(use_true_random=False))
def test_order_repetition_quotes_and_line_ends_do_not_matter(table: list[tuple[str, ...]], order: object) -> None:
    plain = payload_digest(written(table, csv.QUOTE_MINIMAL, "\n"), OWN)
    mixed = table + table[:3]
    order.shuffle(mixed)  # type: ignore[attr-defined]
    other = payload_digest(written(mixed, csv.QUOTE_ALL, "\r\n"), OWN)
    assert isinstance(plain, Unknown) == isinstance(other, Unknown)
    assert isinstance(plain, Unknown) or plain == other


@given(first=rows, second=rows)
def test_lists_with_the_same_digest_are_the_same(first: list[tuple[str, ...]], second: list[tuple[str, ...]]) -> None:
    def payload(table: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
        stripped = [(name.removeprefix("./"), *rest) for name, *rest in table]
        return {row for row in stripped if counts(row[0], row[2])}

    left, right = (payload_digest(written(table, csv.QUOTE_MINIMAL, "\n"), OWN) for table in (first, second))
    if isinstance(left, str) and isinstance(right, str):
        assert (left == right) == (payload(first) == payload(second))


@given(data=st.binary(max_size=200))
def test_any_bytes_give_a_digest_or_a_reason(data: bytes) -> None:
    found = payload_digest(data, OWN)
    assert isinstance(found, str) or found.reason.startswith("RECORD ")


@given(data=st.text(alphabet="a,=/.\n\r\0", max_size=40).map(str.encode))
def test_any_arrangement_of_separators_gives_what_the_parser_gives(data: bytes) -> None:
    # A row in quotes sends the whole text through the parser, and adds nothing by itself.
    fast, slow = payload_digest(data, OWN), payload_digest(data + b'\n"a.pyc",,\n', OWN)
    assert isinstance(fast, Unknown) == isinstance(slow, Unknown)
    assert isinstance(fast, Unknown) or fast == slow
