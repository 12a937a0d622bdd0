"""What conda installed, read from records that are made by hand; test_conda_against_rattler.py has real ones."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from envguard.installed import find_environment, scan
from envguard.installed.model import CondaPackage, PythonPart
from envguard.model import Unknown
from envguard.reader import Reader
from tests.installed.prefixes import CHANNEL, SITE, WRITERS, document, install, make_prefix, python_part, written
from tests.installed.tools import dist_info, virtual

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.installed.model import Inventory

NUMPY = python_part("numpy", "2.1.0")


@pytest.fixture
def prefix(folder: Path) -> Path:
    return make_prefix(folder / "env")


def look(prefix: Path) -> Inventory:
    reader = Reader({})
    return scan(reader, find_environment(reader, str(prefix), str(prefix)))


def only(prefix: Path) -> CondaPackage:
    (package,) = look(prefix).conda or ()
    return package


@pytest.mark.parametrize("writer", WRITERS)
def test_a_record_is_read_as_every_tool_writes_it(prefix: Path, writer: str) -> None:
    path = install(prefix, "numpy", "2.1.0", "py312_0", NUMPY, writer=writer)
    record = json.loads(path.read_text())
    assert only(prefix) == CondaPackage(
        name="numpy",
        path=str(path),
        version="2.1.0",
        build="py312_0",
        subdir="linux-64",
        channel=CHANNEL,
        url=f"{CHANNEL}/linux-64/numpy-2.1.0-py312_0.conda",
        sha256=record["sha256"],
        md5=record["md5"],
        parts=(PythonPart(name="numpy", path=str(prefix / SITE / "numpy-2.1.0.dist-info")),),
    )


def test_lists_are_found_however_a_record_is_written(prefix: Path) -> None:
    """On one line, with tabs, with the line ends of Windows, with the lists in another place, without one of them."""
    record = document("numpy", "2.1.0", "py312_0", NUMPY)
    first = {"files": record.pop("files"), "paths_data": record.pop("paths_data")}
    whole = {**first, **record}
    texts = {
        "one line": json.dumps(whole),
        "tabs": json.dumps(whole, indent="\t"),
        "Windows": written(whole).replace("\n", "\r\n"),
        "first": json.dumps(whole, indent=2),
        "last": json.dumps({**record, **first}, indent=2),
        "paths first": json.dumps({"paths_data": first["paths_data"], **record, "files": first["files"]}, indent=2),
        "an object behind": json.dumps({**whole, "link": {"type": 1}, "more": {"a": {"b": 1}}}, indent=2),
    }
    found = {}
    for name, text in texts.items():
        install(prefix, "numpy", "2.1.0", "py312_0", NUMPY).write_text(text, newline="")
        found[name] = only(prefix)
    assert {name: package for name, package in found.items() if package != found["one line"]} == {}
    assert found["one line"].parts[0].path == str(prefix / SITE / "numpy-2.1.0.dist-info")
    # Another installer's RECORD is told by the hash in each of them.
    (prefix / SITE / "numpy-2.1.0.dist-info" / "RECORD").write_text("numpy.py,,\n")
    for name, text in texts.items():
        (prefix / "conda-meta" / "numpy-2.1.0-py312_0.json").write_text(text, newline="")
        assert only(prefix).parts[0].overwritten, name


def test_lists_of_nothing_are_no_lists(prefix: Path) -> None:
    install(prefix, "blas", "1.0", "mkl", {}, requested_specs=["blas", "x"])
    package = only(prefix)
    assert (package.name, package.version, package.build, package.parts) == ("blas", "1.0", "mkl", ())
    assert package.problems == ()
    install(prefix, "blas", "1.0", "mkl", files=None, paths_data=None)
    assert only(prefix) == package


def test_a_large_record_is_looked_through_and_not_parsed(prefix: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from envguard.installed import conda

    parsed: list[int] = []
    document = conda._document

    def counted(data: bytes, path: str) -> dict[str, Any]:
        parsed.append(len(data))
        return document(data, path)

    monkeypatch.setattr(conda, "_document", counted)
    files = {f"include/torch/{number}/header.h": b"" for number in range(20_000)}
    for writer in WRITERS:
        size = install(prefix, "libtorch", "2.9.0", "cuda129_0", files | NUMPY, writer=writer).stat().st_size
        assert size > 4_000_000
        assert [part.name for part in only(prefix).parts] == ["numpy"]
    assert len(parsed) == len(WRITERS)
    assert max(parsed) < 2_000


def test_only_a_folder_of_records_makes_an_environment_of_conda(folder: Path, prefix: Path) -> None:
    install(prefix, "numpy", "2.1.0", "py312_0", NUMPY)
    assert [item.name for item in look(prefix).distributions] == ["numpy"]
    # A virtual environment of conda's Python has none of conda's packages.
    inside = virtual(folder / "venv", prefix / "bin" / "python3.12", "3.12.4")
    assert look(inside).conda is None
    for record in (prefix / "conda-meta").iterdir():
        record.unlink()
    assert look(prefix).conda == ()
    (prefix / "conda-meta").rmdir()
    assert look(prefix).conda is None


def test_other_files_among_the_records_are_none(prefix: Path) -> None:
    install(prefix, "numpy", "2.1.0", "py312_0", NUMPY)
    (prefix / "conda-meta" / "pixi").write_text('{"environment_name": "default"}')
    (prefix / "conda-meta" / "state").write_text("{")
    assert only(prefix).name == "numpy"


def test_secrets_of_channels_are_not_kept(prefix: Path) -> None:
    url = "https://me:hunter2@conda.index.example/t/tk-hunter2/private/linux-64/a-1-0.conda"
    install(prefix, "a", "1", "0", url=url, channel="https://me:hunter2@conda.index.example/t/tk-hunter2/private")
    package = only(prefix)
    assert "hunter2" not in repr(package)
    assert package.channel == "https://conda.index.example/private"
    assert package.url == "https://conda.index.example/private/linux-64/a-1-0.conda"


CHANNELS = {
    "https://conda.index.example/conda-forge/linux-64": "https://conda.index.example/conda-forge",
    "conda-forge": "conda-forge",
    "": None,
}


@pytest.mark.parametrize(("written", "channel"), CHANNELS.items())
def test_without_an_address_the_channel_is_what_the_record_says(
    prefix: Path, written: str, channel: str | None
) -> None:
    install(prefix, "a", "1", "0", url=None, channel=written)
    assert only(prefix).channel == channel


def test_the_platform_may_stand_in_the_address_alone(prefix: Path) -> None:
    path = install(prefix, "a", "1", "0", subdir="noarch")
    record = json.loads(path.read_text())
    del record["subdir"]
    path.write_text(json.dumps(record))
    assert only(prefix).subdir == "noarch"


def test_the_strongest_hash_is_the_digest(prefix: Path) -> None:
    install(prefix, "a", "1", "0", sha256="0" * 64, md5="1" * 32)
    assert only(prefix).digest == f"sha256:{'0' * 64}"
    install(prefix, "a", "1", "0", sha256=None, md5="1" * 32)
    assert only(prefix).digest == f"md5:{'1' * 32}"
    install(prefix, "a", "1", "0", sha256=None, md5=None)
    digest = only(prefix).digest
    assert isinstance(digest, Unknown)
    assert digest.reason == "its record has no hash of its archive"


def test_what_another_installer_did_to_a_part_is_seen(prefix: Path) -> None:
    install(prefix, "numpy", "2.1.0", "py312_0", NUMPY)
    info = prefix / SITE / "numpy-2.1.0.dist-info"
    (part,) = only(prefix).parts
    assert (part.there, part.overwritten) == (True, False)
    (info / "RECORD").write_text((info / "RECORD").read_text() + "numpy/more.py,,\n")
    (part,) = only(prefix).parts
    assert (part.there, part.overwritten) == (True, True)
    for file in info.iterdir():
        file.unlink()
    info.rmdir()
    (part,) = only(prefix).parts
    assert (part.name, part.there, part.overwritten) == ("numpy", False, False)


def test_a_package_may_bring_several_parts_and_older_ones(prefix: Path) -> None:
    files = {
        **python_part("torch", "2.9.0"),
        **python_part("functorch", "2.9.0"),
        f"{SITE}/Old_Thing-1.0-py3.12.egg-info": b"Metadata-Version: 1.0\nName: Old.Thing\nVersion: 1.0\n",
        f"{SITE}/folder-1.0-py3.12.egg-info/PKG-INFO": b"Metadata-Version: 1.0\nName: folder\nVersion: 1.0\n",
        # What is carried along deep inside, or elsewhere, is no installed package.
        f"{SITE}/setuptools/_vendor/wheel-0.45.1.dist-info/METADATA": b"",
        "share/x.dist-info/METADATA": b"",
        f"{SITE}/torch/notes.dist-information": b"",
    }
    install(prefix, "pytorch", "2.9.0", "cuda129_0", files)
    parts = {part.name: part for part in only(prefix).parts}
    assert sorted(parts) == ["folder", "functorch", "old-thing", "torch"]
    assert all(part.there and not part.overwritten for part in parts.values())
    assert {part.path for part in parts.values()} == {item.path for item in look(prefix).distributions}


def test_a_part_that_the_same_list_has_late_or_out_of_order_is_found(prefix: Path) -> None:
    many = {f"{SITE}/a/{number:05}.py": b"" for number in range(3000)}
    path = install(prefix, "numpy", "2.1.0", "py312_0", {**many, **NUMPY})
    record = json.loads(path.read_text())
    (prefix / SITE / "numpy-2.1.0.dist-info" / "RECORD").write_text("other\n")
    for reverse in (False, True):
        record["paths_data"]["paths"].sort(key=lambda item: str(item["_path"]), reverse=reverse)
        path.write_text(written(record))
        assert only(prefix).parts[0].overwritten


def test_a_record_without_hashes_proves_nothing(prefix: Path) -> None:
    path = install(prefix, "numpy", "2.1.0", "py312_0", NUMPY)
    record = json.loads(path.read_text())
    for item in record["paths_data"]["paths"]:
        del item["sha256"], item["sha256_in_prefix"]
    path.write_text(written(record))
    (prefix / SITE / "numpy-2.1.0.dist-info" / "RECORD").write_text("other\n")
    assert not only(prefix).parts[0].overwritten


BROKEN = {
    "nothing": ("", "it is not valid JSON: expecting value (line 1)"),
    "half": (
        written(document("a", "1", "0", NUMPY))[:-40],
        "it is not valid JSON: unterminated string starting at (line 55)",
    ),
    "half of a list": (
        written(document("a", "1", "0", NUMPY))[:800],
        "it is not valid JSON: unterminated string starting at (line 27)",
    ),
    "zeros": (written(document("a", "1", "0", NUMPY)) + "\0" * 10, "it is not valid JSON: extra data (line 57)"),
    "a list": ("[]", "it holds a list, an object is expected"),
    "a key twice": (
        '{\n  "name": "a",\n  "name": "b"\n}',
        "in 'name': the key is there twice, and nobody can tell which one counts",
    ),
    "no version": (written(document("a", "1", "0", {}, version=None)), "it has no version"),
    "no text": (written(document("a", "1", "0", {}, build=0)), "its build is a number, a string is expected"),
    "another package": (
        written(document("b", "1", "0", {})),
        "it is of b-1-0, the name of its file says a-1-0",
    ),
}


@pytest.mark.parametrize(("text", "problem"), BROKEN.values(), ids=BROKEN)
def test_a_broken_record_is_a_package_with_a_problem(prefix: Path, text: str, problem: str) -> None:
    path = prefix / "conda-meta" / "a-1-0.json"
    path.write_text(text)
    package = only(prefix)
    assert package.problems == (problem,)
    assert package.path == str(path)


def test_a_record_that_is_not_text_says_where(prefix: Path) -> None:
    (prefix / "conda-meta" / "a-1-0.json").write_bytes(b'{\n"name": "\xff"}')
    assert only(prefix).problems == ("it is not UTF-8 text: byte 0xff (line 2)",)


def test_a_record_that_cannot_be_reached_is_a_problem(prefix: Path) -> None:
    (prefix / "conda-meta" / "A-b-1-0.json").symlink_to("nowhere")
    package = only(prefix)
    assert package.name == "a-b"
    assert package.problems == ("it cannot be read: no such file or directory",)


def test_what_pip_installed_beside_is_no_part_of_conda(prefix: Path) -> None:
    install(prefix, "numpy", "2.1.0", "py312_0", NUMPY)
    dist_info(prefix / SITE, "click-8.1", installer="pip")
    found = look(prefix)
    assert [item.name for item in found.distributions] == ["click", "numpy"]
    assert [part.name for package in found.conda or () for part in package.parts] == ["numpy"]


def test_every_record_is_an_input_of_the_check(prefix: Path) -> None:
    path = install(prefix, "numpy", "2.1.0", "py312_0", NUMPY)
    reader = Reader({})
    scan(reader, find_environment(reader, str(prefix), str(prefix)))
    assert {str(path), str(prefix / "conda-meta")} <= reader.trace.files.keys()
