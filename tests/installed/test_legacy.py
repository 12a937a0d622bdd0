"""egg-info, egg-link and eggs: installations from before wheels."""

from __future__ import annotations

from importlib.metadata import distributions  # noqa: TID251 - the oracle
from typing import TYPE_CHECKING

import pytest

from envguard.installed.model import OriginKind
from envguard.model import Unknown

from .tools import dist_info, scanned

if TYPE_CHECKING:
    from pathlib import Path

INFO = "Metadata-Version: 1.2\nName: Old_Thing\nVersion: 1.5\nRequires-Dist: six\n"


def oracle(site: Path) -> list[tuple[str, str]]:
    found = distributions(path=[str(site)])
    return sorted((item.metadata["Name"].lower().replace("_", "-"), item.version) for item in found)


@pytest.mark.parametrize(
    "entry", ["Old_Thing-1.5.egg-info", "Old_Thing-1.5-py3.11.egg-info", "Old_Thing-1.5-py3.11-linux-x86_64.egg-info"]
)
@pytest.mark.parametrize("folder", [True, False], ids=["folder", "file"])
def test_an_egg_info_is_a_distribution_without_a_digest(tmp_path: Path, entry: str, folder: bool) -> None:
    if folder:
        (tmp_path / entry).mkdir()
    (tmp_path / entry / "PKG-INFO" if folder else tmp_path / entry).write_text(INFO)
    (found,) = scanned(tmp_path).distributions
    assert (found.name, found.version, found.metadata_version) == ("old-thing", "1.5", "1.5")
    assert (found.requires, found.problems) == (("six",), ())
    assert isinstance(found.digest, Unknown)
    assert found.digest.reason == "it was installed without a RECORD"
    assert oracle(tmp_path) == [("old-thing", "1.5")]


def test_an_egg_info_without_a_version_in_its_name_has_the_one_inside(tmp_path: Path) -> None:
    (tmp_path / "old_thing.egg-info").mkdir()
    (tmp_path / "old_thing.egg-info" / "PKG-INFO").write_text(INFO)
    (found,) = scanned(tmp_path).distributions
    assert (found.name, found.version) == ("old-thing", "1.5")


def test_an_unpacked_egg_is_a_distribution(tmp_path: Path) -> None:
    inside = tmp_path / "Old_Thing-1.5-py3.11.egg" / "EGG-INFO"
    inside.mkdir(parents=True)
    (inside / "PKG-INFO").write_text(INFO)
    (found,) = scanned(tmp_path).distributions
    assert (found.name, found.version) == ("old-thing", "1.5")


def test_one_installation_that_is_described_twice_is_one_distribution(tmp_path: Path) -> None:
    dist_info(tmp_path, "old_thing-1.5")
    (tmp_path / "old_thing.egg-info").mkdir()
    (tmp_path / "old_thing.egg-info" / "PKG-INFO").write_text(INFO)
    (found,) = scanned(tmp_path).distributions
    assert found.path.endswith(".dist-info")


def test_another_version_beside_it_is_another_distribution(tmp_path: Path) -> None:
    dist_info(tmp_path, "old_thing-1.6")
    (tmp_path / "old_thing-1.5.egg-info").write_text(INFO)
    assert [item.version for item in scanned(tmp_path).distributions] == ["1.6", "1.5"]


@pytest.mark.parametrize("second_line", ["", "\n../", "\n."])
def test_an_egg_link_is_an_editable_install_of_its_source(tmp_path: Path, second_line: str) -> None:
    site, source = tmp_path / "site", tmp_path / "my source"
    site.mkdir()
    (source / "Old_Thing.egg-info").mkdir(parents=True)
    (source / "Old_Thing.egg-info" / "PKG-INFO").write_text(INFO)
    (site / "Old-Thing.egg-link").write_text(f"{source}{second_line}")
    (found,) = scanned(site).distributions
    assert (found.name, found.version) == ("old-thing", "1.5")
    assert found.origin is not None
    assert (found.origin.kind, found.origin.path) == (OriginKind.EDITABLE, str(source))
    assert isinstance(found.digest, Unknown)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("/nowhere/at/all\n.", "its source folder /nowhere/at/all is not there"),
        ("", "its source folder (none) is not there"),
        ("\x1b[31m\0", "its source folder \\x1b[31m\\x00 is not there"),
    ],
)
def test_an_egg_link_to_nowhere_is_a_stray(tmp_path: Path, content: str, problem: str) -> None:
    (tmp_path / "old.egg-link").write_text(content)
    assert scanned(tmp_path).strays == ((str(tmp_path / "old.egg-link"), problem),)


def test_an_egg_link_to_a_source_without_metadata_is_a_stray(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "old.egg-link").write_text(f"{tmp_path / 'source'}\n")
    assert scanned(tmp_path).strays == (
        (str(tmp_path / "old.egg-link"), f"its source folder {tmp_path / 'source'} has no metadata of old"),
    )


def test_metadata_that_is_missing_or_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.egg-info").mkdir()
    (tmp_path / "b-1.0.egg-info").write_bytes(b"Name: b\nVersion: 1.0\nAuthor: \xff\n")
    first, second = scanned(tmp_path).distributions
    assert first.problems == ("PKG-INFO cannot be read: no such file or directory",)
    assert (first.name, first.version) == ("a", "1.0")
    assert second.problems == ("b-1.0.egg-info is not UTF-8 text: byte 0xff at offset 29",)


def test_links_that_lead_nowhere_and_zipped_eggs_are_strays(tmp_path: Path) -> None:
    (tmp_path / "a.egg-info").symlink_to(tmp_path / "gone")
    (tmp_path / "b-1.0-py3.11.egg").write_bytes(b"PK\x05\x06" + bytes(18))
    (tmp_path / "_.egg-info").touch()
    assert [problem for _, problem in scanned(tmp_path).strays] == [
        "its name is no valid package name",
        "a link that leads nowhere",
        "a zipped egg, which envguard does not read",
    ]
