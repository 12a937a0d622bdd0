"""What a scan finds in a folder of packages, the traps above all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.errors import UnreadableError
from envguard.installed import scan
from envguard.installed.model import Distribution, Layer, OriginKind
from envguard.model import Unknown
from envguard.reader import Reader

from .tools import dist_info, environment, scanned

if TYPE_CHECKING:
    from collections.abc import Iterator


def only(site: Path) -> Distribution:
    (distribution,) = scanned(site).distributions
    return distribution


def reason(distribution: Distribution) -> str:
    assert isinstance(distribution.digest, Unknown)
    return distribution.digest.reason


def direct(editable: bool = False) -> str:
    return json.dumps({"url": "file:///src/tiny", "dir_info": {"editable": editable}})


def test_a_whole_distribution(tmp_path: Path) -> None:
    folder = dist_info(tmp_path, "Flask_Login-0.6.3")
    found = only(tmp_path)
    assert (found.name, found.version, found.metadata_version) == ("flask-login", "0.6.3", "0.6.3")
    assert (found.path, found.layer, found.installer) == (str(folder), Layer.ENVIRONMENT, None)
    assert (found.origin, found.problems, found.requires) == (None, (), ())
    assert str(found.digest).startswith("blake3:")


def test_distributions_are_sorted_by_name_and_then_as_they_shadow_one_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    dist_info(first, "b-1.0")
    dist_info(second, "b-2.0")
    dist_info(second, "A-1.0")
    found = scanned(first, (second, Layer.INHERITED)).distributions
    assert [(item.name, item.version, item.layer) for item in found] == [
        ("a", "1.0", Layer.INHERITED),
        ("b", "1.0", Layer.ENVIRONMENT),
        ("b", "2.0", Layer.INHERITED),
    ]


def test_two_versions_in_one_folder_are_both_listed(tmp_path: Path) -> None:
    dist_info(tmp_path, "numpy-1.26.4")
    dist_info(tmp_path, "numpy-2.0.0")
    assert [item.version for item in scanned(tmp_path).distributions] == ["1.26.4", "2.0.0"]


def test_what_is_no_metadata_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "numpy").mkdir()
    (tmp_path / "six.py").touch()
    (tmp_path / "README.dist-info.txt").touch()
    dist_info(tmp_path / "setuptools" / "_vendor", "vendored-1.0")
    inventory = scanned(tmp_path)
    assert (inventory.distributions, inventory.strays) == ((), ())


@pytest.mark.parametrize(
    ("stem", "metadata", "problems"),
    [
        ("a-1.0", "Name: a\nVersion: 9.9\n", ("METADATA says version 9.9, the name of its folder says 1.0",)),
        ("a-1.0", "Name: b\nVersion: 1.0\n", ("METADATA says it is b, the name of its folder says a",)),
        ("a-1.0+cpu", "Name: a\nVersion: 1.0\n", ("METADATA says version 1.0, the name of its folder says 1.0+cpu",)),
        ("a-1.0", "Name: A\nVersion: 1.0.0\n", ()),
        ("a-1.0", "Version: 1.0\n", ("METADATA gives no name",)),
        ("a-1.0", "Name: a\n", ("METADATA gives no version",)),
        ("a-1.0", "", ("METADATA gives no name", "METADATA gives no version")),
        ("a", "Name: a\nVersion: 1.0\n", ("the name of its folder has no version",)),
        (
            "a-1.0",
            b"Name: a\nVersion: 1.0\nAuthor: \xff\n",
            ("METADATA is not UTF-8 text: byte 0xff at offset 29",),
        ),
        (
            "a-1.0",
            "Name: \x1b[31m\nVersion: \x07\n",
            (
                "METADATA says it is \\x1b[31m, the name of its folder says a",
                "METADATA says version \\x07, the name of its folder says 1.0",
            ),
        ),
    ],
)
def test_metadata_that_contradicts_its_folder_is_a_problem(
    tmp_path: Path, stem: str, metadata: str | bytes, problems: tuple[str, ...]
) -> None:
    dist_info(tmp_path, stem, {"METADATA": metadata})
    found = only(tmp_path)
    assert found.problems == problems
    assert found.name == "a"


def test_both_versions_are_kept_where_they_differ(tmp_path: Path) -> None:
    dist_info(tmp_path, "a-1.0", {"METADATA": "Name: a\nVersion: 9.9\n"})
    assert (only(tmp_path).version, only(tmp_path).metadata_version) == ("1.0", "9.9")


def test_an_empty_folder_is_a_broken_distribution(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.dist-info").mkdir()
    found = only(tmp_path)
    assert (found.name, found.version, found.problems) == ("a", "1.0", ("its folder is empty",))
    assert reason(found) == "its installer left no RECORD"


def test_a_folder_without_metadata_is_a_broken_distribution(tmp_path: Path) -> None:
    (dist_info(tmp_path, "a-1.0") / "METADATA").unlink()
    assert only(tmp_path).problems == ("METADATA is missing",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a thing of POSIX")
def test_metadata_that_is_a_pipe_does_not_block(tmp_path: Path) -> None:
    metadata = dist_info(tmp_path, "a-1.0") / "METADATA"
    metadata.unlink()
    os.mkfifo(metadata)
    assert only(tmp_path).problems == ("METADATA is not a regular file",)


def test_metadata_that_is_a_dangling_link_is_a_problem(tmp_path: Path) -> None:
    metadata = dist_info(tmp_path, "a-1.0") / "METADATA"
    metadata.unlink()
    metadata.symlink_to(tmp_path / "nowhere")
    assert only(tmp_path).problems == ("METADATA cannot be read: no such file or directory",)


def test_metadata_too_large_to_be_any_is_a_problem(tmp_path: Path) -> None:
    with (dist_info(tmp_path, "a-1.0") / "METADATA").open("r+b") as file:
        file.truncate(17 * 1024 * 1024)
    assert only(tmp_path).problems == ("METADATA is too large: 17825792 bytes, at most 16777216 are read",)


def test_a_record_too_large_to_be_any_gives_no_digest(tmp_path: Path) -> None:
    with (dist_info(tmp_path, "a-1.0") / "RECORD").open("r+b") as file:
        file.truncate(65 * 1024 * 1024)
    assert reason(only(tmp_path)) == "RECORD is too large: 68157440 bytes, at most 67108864 are read"


@pytest.mark.parametrize(
    "entry", ["~umpy-1.26.4.dist-info", "~umpy", "~-mpy", "~umpy-1.26.4.egg-info"], ids=["info", "code", "dash", "egg"]
)
def test_what_an_interrupted_pip_leaves_is_a_stray(tmp_path: Path, entry: str) -> None:
    (tmp_path / entry).mkdir()
    inventory = scanned(tmp_path)
    assert inventory.strays == ((str(tmp_path / entry), "a leftover of an interrupted pip"),)
    assert inventory.distributions == ()


def test_a_link_that_leads_nowhere_is_a_stray(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.dist-info").symlink_to(tmp_path / "nowhere")
    (tmp_path / "b-1.0.dist-info").symlink_to(tmp_path / "b-1.0.dist-info")
    assert [problem for _, problem in scanned(tmp_path).strays] == ["a link that leads nowhere"] * 2


def test_a_link_to_a_metadata_folder_is_a_distribution(tmp_path: Path) -> None:
    site, cache = tmp_path / "site", tmp_path / "cache"
    dist_info(cache, "a-1.0")
    site.mkdir()
    (site / "a-1.0.dist-info").symlink_to(cache / "a-1.0.dist-info")
    assert (only(site).name, only(site).problems) == ("a", ())


def test_a_file_instead_of_a_folder_is_a_stray(tmp_path: Path) -> None:
    (tmp_path / "a-1.0.dist-info").touch()
    assert scanned(tmp_path).strays == (
        (str(tmp_path / "a-1.0.dist-info"), "a file, where a folder with metadata is expected"),
    )


@pytest.mark.parametrize("entry", [".dist-info", "-1.0.dist-info", "na me-1.0.dist-info", "näm-1.0.dist-info"])
def test_a_name_that_is_none_is_a_stray(tmp_path: Path, entry: str) -> None:
    (tmp_path / entry).mkdir()
    assert scanned(tmp_path).strays == ((str(tmp_path / entry), "its name is no valid package name"),)


@pytest.mark.parametrize("entry", [b"a\xff-1.0.dist-info", b"\x1b[31m-1.0.dist-info", b"~\xff"])
def test_a_name_that_no_terminal_should_see_is_a_stray_in_escapes(tmp_path: Path, entry: bytes) -> None:
    os.mkdir(os.fsencode(tmp_path) + b"/" + entry)
    ((path, _),) = scanned(tmp_path).strays
    assert path.isprintable()
    assert path.encode("utf-8").isascii()
    assert path.startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "direct_url.json is not valid JSON: Expecting property name enclosed in double quotes: line 1 column 2"),
        ("[]", "direct_url.json holds a list, an object is expected"),
        ('{"url": "https://host.example/x", "dir_info": 1}', "direct_url.json holds a number in 'dir_info', an object"),
    ],
)
def test_a_broken_direct_url_is_a_problem(tmp_path: Path, content: str, problem: str) -> None:
    dist_info(tmp_path, "a-1.0", {"direct_url.json": content})
    (found,) = only(tmp_path).problems
    assert found.startswith(problem)
    assert only(tmp_path).origin is None


def test_the_direct_url_of_a_conda_package_is_the_builders_and_is_passed_over(tmp_path: Path) -> None:
    dist_info(tmp_path, "a-1.0", {"direct_url.json": "{"}, installer="conda")
    dist_info(tmp_path, "b-1.0", {"direct_url.json": direct()}, installer="conda\n")
    assert [(item.origin, item.problems) for item in scanned(tmp_path).distributions] == [(None, ()), (None, ())]


def test_an_editable_install_has_no_digest(tmp_path: Path) -> None:
    dist_info(tmp_path, "tiny-1.0", {"direct_url.json": direct(editable=True)})
    found = only(tmp_path)
    assert found.origin is not None
    assert (found.origin.kind, found.origin.path) == (OriginKind.EDITABLE, "/src/tiny")
    assert reason(found) == "it is an editable install: what it runs is its source folder"


def test_a_folder_that_was_copied_has_a_digest(tmp_path: Path) -> None:
    dist_info(tmp_path, "tiny-1.0", {"direct_url.json": direct()})
    assert isinstance(only(tmp_path).digest, str)


def test_an_installer_that_is_odd_is_shown_in_escapes(tmp_path: Path) -> None:
    dist_info(tmp_path, "a-1.0", {"direct_url.json": direct()}, installer="\x1b[2Jpip\nsecond line")
    dist_info(tmp_path, "b-1.0", {"direct_url.json": direct()}, installer=" \n")
    assert [item.installer for item in scanned(tmp_path).distributions] == ["\\x1b[2Jpip", None]


def test_paths_in_a_record_are_text_and_nothing_they_name_is_opened(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("x")
    site = tmp_path / "site"
    dist_info(site, "a-1.0", {"RECORD": f"{secret},sha256=a,1\n../secret,sha256=a,1\n/dev/zero,sha256=a,1\n"})
    reader = Reader({})
    (found,) = scan(reader, environment(site)).distributions
    assert isinstance(found.digest, str)
    assert all(path.startswith(str(site)) for path in reader.trace.files)


def test_a_scan_reads_three_paths_for_each_distribution_and_two_more_for_a_direct_url(tmp_path: Path) -> None:
    plain, url = dist_info(tmp_path, "a-1.0"), dist_info(tmp_path, "b-1.0", {"direct_url.json": direct()})
    reader = Reader({})
    scan(reader, environment(tmp_path))
    expected = {tmp_path, *(folder / name for folder in (plain, url) for name in ("", "METADATA", "RECORD"))}
    assert set(map(Path, reader.trace.files)) == expected | {url / "direct_url.json", url / "INSTALLER"}


def test_every_change_of_metadata_is_seen_by_the_trace(tmp_path: Path) -> None:
    folder = dist_info(tmp_path, "a-1.0", {"direct_url.json": direct()})
    (tmp_path / "c-1.0.dist-info").symlink_to(tmp_path / "nowhere")

    def trace() -> dict[str, str]:
        reader = Reader({})
        scan(reader, environment(tmp_path))
        return reader.trace.files

    seen = trace()
    for change in (
        lambda: (folder / "METADATA").write_text("Name: a\nVersion: 1.0\n\nother\n"),
        lambda: (folder / "RECORD").write_text("b.py,sha256=zzz,30\n"),
        lambda: (folder / "INSTALLER").write_text("another"),
        lambda: (folder / "direct_url.json").write_text(direct(editable=True)),
        lambda: (folder / "REQUESTED").touch(),
        lambda: dist_info(tmp_path, "b-1.0"),
        lambda: (tmp_path / "nowhere").mkdir(),
    ):
        before, _, seen = seen, change(), trace()
        assert any(seen.get(path) != signature for path, signature in before.items())


def test_only_metadata_folders_count_on_pythonpath(tmp_path: Path) -> None:
    dist_info(tmp_path, "a-1.0")
    (tmp_path / "b.egg-info").mkdir()
    (tmp_path / "b.egg-info" / "PKG-INFO").write_text("Name: b\nVersion: 1.0\n")
    (tmp_path / "c.egg-link").write_text("/nowhere\n")
    inventory = scanned((tmp_path, Layer.PYTHONPATH))
    assert [item.name for item in inventory.distributions] == ["a"]
    assert inventory.strays == ()


def test_a_folder_of_the_environment_that_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError) as caught:
        scanned(tmp_path / "gone")
    assert str(caught.value) == f"{tmp_path / 'gone'}: cannot be read: no such file or directory"


def test_another_folder_that_is_gone_is_a_stray(tmp_path: Path) -> None:
    dist_info(tmp_path / "site", "a-1.0")
    inventory = scanned(tmp_path / "site", (tmp_path / "gone", Layer.INHERITED))
    assert inventory.strays == ((str(tmp_path / "gone"), "the folder cannot be read: no such file or directory"),)
    assert len(inventory.distributions) == 1


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder that every user can reach, which ``tmp_path`` is not."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


@contextlib.contextmanager
def without_rights() -> Iterator[None]:
    """Drop the rights of root for a while, which would read everything."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.name == "nt", reason="rights are another thing on Windows")
@pytest.mark.parametrize(
    ("locked", "problems", "digest"),
    [
        ("METADATA", ("METADATA cannot be read: permission denied",), None),
        ("RECORD", (), "RECORD cannot be read: permission denied"),
        ("INSTALLER", (), None),
        ("direct_url.json", ("direct_url.json cannot be read: permission denied",), None),
        (
            "",
            ("its folder cannot be read: permission denied",),
            "its metadata folder cannot be read: permission denied",
        ),
    ],
)
def test_what_cannot_be_read_is_told(
    open_folder: Path, locked: str, problems: tuple[str, ...], digest: str | None
) -> None:
    path = dist_info(open_folder, "a-1.0", {"direct_url.json": direct()}) / locked
    mode = path.stat().st_mode
    path.chmod(0)
    try:
        with without_rights():
            found = only(open_folder)
    finally:
        path.chmod(mode)
    assert found.problems == problems
    assert (reason(found) if digest is not None else None) == digest
