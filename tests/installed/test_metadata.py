"""Names, versions and the header of METADATA."""

from __future__ import annotations

import pytest

from envguard.installed.metadata import read_header, same_version, split_stem


def test_the_header_gives_name_version_and_requirements_in_their_order() -> None:
    header = read_header(
        b"Metadata-Version: 2.1\nName: Flask-Login\nVersion: 0.6.3\n"
        b"Requires-Dist: Flask >=1.0.4\nRequires-Dist: Werkzeug ; extra == 'x'\n\nName: not this one\n"
    )
    assert (header.name, header.version, header.problem) == ("Flask-Login", "0.6.3", None)
    assert header.requires == ("Flask >=1.0.4", "Werkzeug ; extra == 'x'")


def test_continuation_lines_belong_to_their_field() -> None:
    header = read_header(b"Name: a\nRequires-Dist: numpy\n    >=1.0,\n\t<2\nVersion: 1\n")
    assert header.requires == ("numpy >=1.0, <2",)
    assert header.version == "1"


def test_a_description_in_the_header_cannot_pass_for_fields() -> None:
    header = read_header(b"Name: a\nDescription: text\n        Version: 9\n       |Name: b\nVersion: 1\n")
    assert (header.name, header.version) == ("a", "1")


def test_the_header_ends_at_a_line_that_is_no_field_as_for_the_email_package() -> None:
    header = read_header(b"Name: a\nthis line is broken\nVersion: 1\n")
    assert (header.name, header.version) == ("a", None)


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(end: bytes) -> None:
    header = read_header(b"\xef\xbb\xbf" + end.join((b"name: a", b"VERSION:1", b"", b"Version: 2", b"")))
    assert (header.name, header.version) == ("a", "1")


def test_text_that_is_not_utf8_is_a_problem_that_names_the_byte_and_keeps_the_rest() -> None:
    header = read_header(b"Name: a\nAuthor: J\xfcrgen\nVersion: 1\n\n\xff in the body does not matter")
    assert header.problem == "is not UTF-8 text: byte 0xfc at offset 17"
    assert (header.name, header.version) == ("a", "1")


@pytest.mark.parametrize("data", [b"", b"\n", b"\n\nName: a\n", b"\0\0\0", b"Name", b"Name:\nVersion:  \n"])
def test_a_header_without_content_gives_nothing(data: bytes) -> None:
    header = read_header(data)
    assert (header.name, header.version, header.requires) == (None, None, ())


@pytest.mark.parametrize(
    ("stem", "name", "version"),
    [
        ("numpy-1.26.4", "numpy", "1.26.4"),
        ("PySocks-1.7.1", "pysocks", "1.7.1"),
        ("Flask_Login-0.6.3", "flask-login", "0.6.3"),
        ("zope.interface-6.0", "zope-interface", "6.0"),
        ("torch-2.9.0+cu130", "torch", "2.9.0+cu130"),
        ("ruamel.yaml.clib-0.2.8", "ruamel-yaml-clib", "0.2.8"),
        ("odd-name-1.0", "odd-name", "1.0"),
        ("a-1.0_1", "a", "1.0-1"),
        ("a-1!2.0", "a", "1!2.0"),
        ("nodash", "nodash", None),
        ("a-", "a", None),
        ("a-1.0 beta", "a", None),
        ("a-\x1b[31m", "a", None),
    ],
)
def test_the_stem_of_a_folder_gives_a_normal_name_and_a_version(stem: str, name: str, version: str | None) -> None:
    assert split_stem(stem) == (name, version)


@pytest.mark.parametrize("stem", ["", "-1.0", "_-1.0", "na me-1.0", "näme-1.0", ".-1"])
def test_a_stem_without_a_valid_name_gives_nothing(stem: str) -> None:
    assert split_stem(stem) is None


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("1.0", "1.0", True),
        ("1.0", "1.0.0", True),
        ("2024.01.0", "2024.1", True),
        ("1.0-1", "1.0.post1", True),
        ("1.0+cpu", "1.0", False),
        ("1.0+cpu", "1.0+CPU", True),
        ("not a version", "NOT a version", True),
        ("not a version", "1.0", False),
    ],
)
def test_versions_are_the_same_by_pep_440_with_their_local_part(left: str, right: str, same: bool) -> None:
    assert same_version(left, right) is same
