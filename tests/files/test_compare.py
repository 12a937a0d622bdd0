"""Rows against rows."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.files.claims import Claims, Owner
from envguard.files.compare import Seen, Verdict, compare, digest_of, is_same
from envguard.installed.model import Layer
from envguard.walked import Problem

RAW = hashlib.sha256(b"x").digest()
SAFE = b"sha256=" + base64.urlsafe_b64encode(RAW).rstrip(b"=")
OTHER = b"sha256=" + base64.urlsafe_b64encode(hashlib.sha256(b"y").digest()).rstrip(b"=")


def judged(claimed: list[bytes], there: list[bytes], *problems: Problem) -> Verdict:
    owner = Owner(name="x", version="1", path="/site/x.dist-info", layer=Layer.ENVIRONMENT)
    claims = Claims(owner=owner, rows={"/site": claimed})
    return compare(claims, {"/site": Seen(there, [0] * len(there), problems)}, {"/site": frozenset(there)})


def test_what_is_as_it_was_written_has_nothing_to_say() -> None:
    assert judged([b"a,%b,1" % SAFE], [b"a,%b,1" % SAFE, b"b,,3"]) == Verdict()


@pytest.mark.parametrize(
    "claim",
    [
        b"a,%b," % SAFE,
        b"a,%b,999" % SAFE,
        b"a,%b,x" % SAFE,
        b"a,%b=,1" % SAFE,
        b"a,sha256=%b,1" % base64.b64encode(RAW),
        b"a,sha256=%b,1" % RAW.hex().encode(),
        b"a,sha256=%b,1" % RAW.hex().upper().encode(),
    ],
)
def test_the_same_digest_is_the_same_however_it_is_written(claim: bytes) -> None:
    assert judged([claim], [b"a,%b,1" % SAFE]) == Verdict()


@pytest.mark.parametrize("digest", [OTHER, b"sha256=", b"sha256=x", b"sha256=" + b"!" * 43, SAFE[:-1], SAFE + b"AAAA"])
def test_another_digest_is_a_change(digest: bytes) -> None:
    assert judged([b"a,%b,1" % digest], [b"a,%b,1" % SAFE]).changed == {("/site", b"a"): (digest, b"1", SAFE, b"1")}


def test_what_is_not_there_is_missing_or_could_not_be_looked_at() -> None:
    claimed = [b"%b,%b,1" % (path, SAFE) for path in (b"gone", b"locked", b"folder/deep/x", b"folders/x")]
    locked = Problem(path=b"locked", kind="unreadable", errno=13)
    folder = Problem(path=b"folder", kind="unreadable", errno=13)
    verdict = judged(claimed, [], locked, folder)
    assert verdict.missing == {("/site", b"gone"): (SAFE, b"1"), ("/site", b"folders/x"): (SAFE, b"1")}
    assert verdict.unread == {("/site", b"locked"): locked, ("/site", b"folder/deep/x"): folder}
    root = Problem(path=b"", kind="unreadable", errno=13)
    assert set(judged(claimed, [], root).unread.values()) == {root}


@pytest.mark.parametrize("order", [[SAFE, OTHER], [OTHER, SAFE], [SAFE, SAFE], [OTHER, SAFE + b"="]])
def test_of_two_rows_for_one_path_one_must_hold(order: list[bytes]) -> None:
    claimed = [b"a,%b,1" % digest for digest in order]
    assert judged(claimed, [b"a,%b,1" % SAFE]) == Verdict()
    assert list(judged([b"a,%b,1" % OTHER] * 2, [b"a,%b,1" % SAFE]).changed) == [("/site", b"a")]


def test_what_is_no_file_any_more_is_a_change() -> None:
    assert judged([b"a,%b,1" % SAFE], [b"a,dangling,"]).changed == {("/site", b"a"): (SAFE, b"1", b"dangling", b"")}


@given(data=st.binary(max_size=50), size=st.integers(0, 1 << 40))
def test_every_digest_is_read_back(data: bytes, size: int) -> None:
    raw = hashlib.sha256(data).digest()
    text = b"sha256=" + base64.urlsafe_b64encode(raw).rstrip(b"=")
    assert digest_of(text) == raw
    assert is_same(text, b"sha256=" + raw.hex().encode())
    assert judged([b"p,q,%b,%d" % (text, size)], [b"p,q,%b,%d" % (text, size)]) == Verdict()


@given(text=st.binary(max_size=80))
def test_no_text_is_a_digest_by_accident(text: bytes) -> None:
    found = digest_of(text)
    assert found is None or (text.startswith(b"sha256=") and len(found) == 32)
    assert not is_same(text, b"sha256=")
