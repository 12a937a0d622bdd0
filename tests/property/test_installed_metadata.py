"""The header of METADATA, read without the email package, is what the email package reads; versions as packaging has them."""

from __future__ import annotations

import email
import email.policy

from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from envguard.installed.metadata import read_header, same_version, split_stem
from envguard.names import normalize

word = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)
line = st.one_of(
    st.builds(
        "{}:{}{}".format,
        st.sampled_from(("Name", "VERSION", "version", "Requires-Dist", "Author", "X-Name")),
        st.sampled_from(("", " ", "\t ")),
        word,
    ),
    st.builds("{}{}".format, st.sampled_from((" ", "\t", "        ")), word),
    st.just(""),
    word,
    st.text(st.characters(codec="utf-8", exclude_characters="\r\n\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), max_size=8),
)
name = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._]{0,6}[A-Za-z0-9])?", fullmatch=True)
release = st.builds(
    "{}{}{}".format,
    st.from_regex(r"[0-9]{1,2}(\.[0-9]{1,2}){0,2}", fullmatch=True),
    st.sampled_from(("", "a1", "rc2", ".post3", ".dev4", "-5", "RC2")),
    st.sampled_from(("", "+cpu", "+cu130", "+CU130", "+ubuntu.1", "+ubuntu_1")),
)


@given(lines=st.lists(line, max_size=12), end=st.sampled_from(("\n", "\r\n")))
def test_the_email_package_reads_the_same(lines: list[str], end: str) -> None:
    text = end.join(lines)
    # importlib.metadata hands over text whose line ends are one line feed each.
    message = email.message_from_string(text.replace("\r\n", "\n"))

    def fold(value: object) -> str:
        return " ".join(part.strip() for part in str(value).split("\n")).strip()

    found = read_header(text.encode())
    assert found.problem is None
    assert found.name == (fold(message["Name"]) or None if "Name" in message else None)
    assert found.version == (fold(message["Version"]) or None if "Version" in message else None)
    assert found.requires == tuple(fold(value) for value in message.get_all("Requires-Dist") or ())


@given(data=st.binary(max_size=200))
def test_any_bytes_are_read(data: bytes) -> None:
    read_header(data)


@given(name=name, version=release)
def test_a_stem_gives_back_what_it_was_made_of(name: str, version: str) -> None:
    assert split_stem(f"{name}-{version.replace('-', '_')}") == (canonicalize_name(name), version.replace("_", "-"))


@given(text=st.text(alphabet="aZ0._-", max_size=12))
def test_names_are_normal_as_for_packaging(text: str) -> None:
    assert normalize(text) == canonicalize_name(text)


@given(left=release, right=release)
def test_versions_are_the_same_as_for_packaging(left: str, right: str) -> None:
    assert same_version(left, right) == (Version(left) == Version(right))
