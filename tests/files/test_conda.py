"""The files of packages of conda, with both engines, against records as the tools of several years write them."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from envguard.files.look import look_at
from envguard.installed import find_environment, scan
from envguard.reader import Reader
from envguard.trace import holds
from tests.installed.prefixes import SITE, WRITERS, install, make_prefix, python_part
from tests.installed.tools import row

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.files.model import InstalledFiles, PackageFiles
    from envguard.installed.model import Inventory

pytestmark = pytest.mark.usefixtures("engine")

PLACEHOLDER = "/home/builder/_h_env_placehold_placehold"
NATIVE = {"lib/libtiny.so.1": b"machine code", "include/tiny.h": b"int tiny;\n", "share/tiny/a,b\n.txt": b"odd"}


@pytest.fixture
def prefix(folder: Path) -> Path:
    return make_prefix(folder / "env")


def inventory(prefix: Path, reader: Reader) -> Inventory:
    return scan(reader, find_environment(reader, str(prefix), str(prefix)))


def look(prefix: Path, reader: Reader | None = None, **options: Any) -> InstalledFiles:
    reader = reader or Reader({})
    return look_at(reader, inventory(prefix, reader), **options)


def only(prefix: Path) -> PackageFiles:
    (package,) = look(prefix).packages
    return package


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def entry(path: str, data: bytes | None = None, **more: Any) -> dict[str, Any]:
    """Return what ``paths_data`` says of a file with the content *data*."""
    told = {"sha256": sha(data), "sha256_in_prefix": sha(data), "size_in_bytes": len(data)} if data is not None else {}
    return {"_path": path, "path_type": "hardlink", **told, **more}


def put(prefix: Path, name: str, there: dict[str, bytes], paths: list[dict[str, Any]], **more: Any) -> Path:
    """Install a package whose record has *paths*, and put *there* what it is of."""
    data = {"paths_version": 1, "paths": paths}
    return install(
        prefix, name, "1.0", "h1_0", there, paths_data=data, **{"files": [item["_path"] for item in paths], **more}
    )


@pytest.mark.parametrize("writer", WRITERS)
def test_what_conda_installed_is_compared_with_its_record(prefix: Path, writer: str) -> None:
    install(prefix, "tiny", "1.0", "h1_0", NATIVE, writer=writer)
    install(prefix, "numpy", "2.1.0", "py312_0", python_part("numpy", "2.1.0"), writer=writer)
    found = look(prefix)
    assert (found.packages, found.shared, found.strays) == ((), (), ())
    assert (found.count, found.files) == (2, 7)
    (prefix / "lib/libtiny.so.1").write_bytes(b"machine c0de")
    (prefix / SITE / "numpy" / "__init__.py").write_bytes(b"")
    (prefix / "include/tiny.h").unlink()
    tiny, numpy = sorted(look(prefix).packages, key=lambda item: item.name, reverse=True)
    assert (tiny.name, tiny.source, [item.path for item in tiny.changed], [item.path for item in tiny.missing]) == (
        "tiny",
        "conda-meta",
        [str(prefix.resolve() / "lib/libtiny.so.1")],
        [str(prefix.resolve() / "include/tiny.h")],
    )
    assert tiny.unfinished is False
    assert (numpy.name, [item.path for item in numpy.changed]) == (
        "numpy",
        [str(prefix.resolve() / SITE / "numpy/__init__.py")],
    )
    assert (tiny.changed[0].cause, numpy.untold) == ("changed, and its times do not tell when", ())


def test_an_edit_after_the_installation_is_told_by_the_time_of_the_record(prefix: Path) -> None:
    record = install(prefix, "tiny", "1.0", "h1_0", NATIVE)
    os.utime(record, (1_700_000_000, 1_700_000_000))
    (prefix / "lib/libtiny.so.1").write_bytes(b"machine code, patched")
    (change,) = only(prefix).changed
    assert change.cause == "edited after the installation"


def test_a_file_in_which_the_prefix_was_written_has_a_hash_of_its_own(prefix: Path) -> None:
    now = f"#!{prefix}/bin/python\n".encode()
    text = {"path_type": "hardlink", "file_mode": "text", "prefix_placeholder": PLACEHOLDER}
    before = f"#!{PLACEHOLDER}/bin/python\n".encode()
    entries: list[dict[str, Any]] = [
        {
            "_path": "bin/tool",
            **text,
            "sha256": sha(before),
            "sha256_in_prefix": sha(now),
            "size_in_bytes": len(before),
        },
        {"_path": "lib/x.so", **text, "file_mode": "binary", "sha256": sha(before), "sha256_in_prefix": sha(now)},
    ]
    put(prefix, "tiny", {"bin/tool": now, "lib/x.so": now}, entries)
    assert look(prefix).packages == ()
    (prefix / "bin/tool").write_bytes(before)
    (change,) = only(prefix).changed
    assert change.expected.startswith("sha256=")
    # Without a hash of what is there now nobody can tell.
    del entries[0]["sha256_in_prefix"], entries[1]["sha256_in_prefix"]
    put(prefix, "tiny", {}, entries)
    assert only(prefix).untold == ("2 files without a hash: bin/tool, lib/x.so",)


def test_rattler_writes_the_second_hash_only_where_it_differs(prefix: Path) -> None:
    put(prefix, "tiny", {"lib/a": b"1"}, [{"_path": "lib/a", "path_type": "hardlink", "sha256": sha(b"1")}])
    assert look(prefix).packages == ()
    (prefix / "lib/a").write_bytes(b"2")
    assert len(only(prefix).changed) == 1


def test_links_bytecode_and_entry_points_are_there_and_no_more_is_asked(prefix: Path) -> None:
    """conda's hash of a link is of its text in one tool, and of what it leads to in another; the others have none."""
    entries = [
        entry("lib/libtiny.so.1", b"x"),
        entry("lib/libtiny.so", b"else", path_type="softlink"),
        entry("lib/folder", b"else", path_type="softlink"),
        entry("lib/dangling", b"else", path_type="softlink"),
        {"_path": "bin/tool", "path_type": "unix_python_entry_point"},
        {"_path": f"{SITE}/pure/__pycache__/__init__.cpython-312.pyc", "path_type": "pyc_file"},
        {"_path": "share/empty", "path_type": "directory"},
    ]
    put(prefix, "tiny", {"lib/libtiny.so.1": b"x", "bin/tool": b"#!/bin/sh\n"}, entries)
    (prefix / "lib/libtiny.so").symlink_to("libtiny.so.1")
    (prefix / "lib/folder").symlink_to("python3.12")
    (prefix / "lib/dangling").symlink_to("nothing")
    reader = Reader({})
    assert look(prefix, reader).packages == ()
    (prefix / "bin/tool").unlink()
    (prefix / "lib/folder").unlink()
    assert [item.path.removeprefix(f"{prefix.resolve()}/") for item in only(prefix).missing] == [
        "lib/folder",
        "bin/tool",
    ]


def test_a_noarch_package_whose_paths_are_as_in_the_archive(prefix: Path) -> None:
    """As micromamba wrote them in 2023: only the names are those of the environment."""
    files = python_part("pure", "1.5")
    entries = [entry(path.replace(SITE, "site-packages"), data) for path, data in files.items()]
    entries.append({"_path": f"{SITE}/pure/__pycache__/__init__.cpython-312.pyc", "path_type": "pyc_file"})
    names = [*files, f"{SITE}/pure/__pycache__/__init__.cpython-312.pyc"]
    put(prefix, "pure", files, entries, files=names, noarch="python")
    assert look(prefix).packages == ()
    (prefix / SITE / "pure" / "__init__.py").write_bytes(b"other")
    assert [item.path for item in only(prefix).changed] == [str(prefix.resolve() / SITE / "pure/__init__.py")]


def test_a_record_of_names_alone_cannot_be_verified(prefix: Path) -> None:
    install(prefix, "tiny", "1.0", "h1_0", {"lib/a": b"1", "lib/b": b"2"}, paths_data=None)
    assert only(prefix).untold == ("2 files without a hash: lib/a, lib/b",)
    (prefix / "lib/a").unlink()
    assert [item.path for item in only(prefix).missing] == [str(prefix.resolve() / "lib/a")]


def test_what_pip_has_written_over_is_pips(prefix: Path) -> None:
    part = python_part("numpy", "2.1.0")
    install(prefix, "numpy", "2.1.0", "py312_0", {**part, "bin/f2py": b"#!conda\n", "lib/libn.so": b"n"})
    info = prefix / SITE / "numpy-2.1.0.dist-info"
    new = {"numpy/__init__.py": b"pip\n", "../../../bin/f2py": b"#!pip\n", "numpy-2.1.0.dist-info/INSTALLER": b"pip\n"}
    for path, data in new.items():
        (prefix / SITE / path).write_bytes(data)
    metadata = (info / "METADATA").read_bytes()
    text = "".join(row(path, data) for path, data in {**new, "numpy-2.1.0.dist-info/METADATA": metadata}.items())
    (info / "RECORD").write_text(f"{text}numpy-2.1.0.dist-info/RECORD,,\n")
    found = look(prefix)
    assert (found.packages, found.shared) == ((), ())
    (prefix / "lib/libn.so").write_bytes(b"m")
    (package,) = look(prefix).packages
    assert (package.source, len(package.changed)) == ("conda-meta", 1)


def test_two_packages_that_write_one_file(prefix: Path) -> None:
    install(prefix, "one", "1.0", "h1_0", {"lib/same.so": b"1"})
    install(prefix, "two", "1.0", "h1_0", {"lib/same.so": b"2"})
    (shared,) = look(prefix).shared
    assert (shared.names, shared.same, shared.winner) == (("one", "two"), False, "two")


@pytest.mark.parametrize(
    ("change", "untold"),
    [
        ({"paths_data": {"paths": [{"path": "x"}]}}, "the lists of files in its record are not as conda writes them"),
        ({"paths_data": {"paths": 5}}, "the lists of files in its record are not as conda writes them"),
        (
            {"paths_data": {"paths": [{"_path": "lib/a", "sha256": "zz"}]}},
            "the lists of files in its record are not as conda writes them",
        ),
        ({"name": 5}, "its record is damaged: its name is a number, a string is expected"),
        (
            {
                "paths_data": {
                    "paths": [entry("../../etc/passwd", b"x"), entry("/etc/passwd", b"x"), entry("lib/../x", b"")]
                }
            },
            "3 paths lead out of the environment: ../../etc/passwd, /etc/passwd, lib/../x",
        ),
    ],
)
def test_a_record_that_is_none_is_told(prefix: Path, change: dict[str, Any], untold: str) -> None:
    path = install(prefix, "tiny", "1.0", "h1_0", {"lib/a": b"1"})
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}, indent=2))
    assert only(prefix).untold == (untold,)


def test_a_clean_look_is_an_input_that_can_be_asked_again(prefix: Path) -> None:
    from envguard.files.probe import retell

    put(prefix, "tiny", {"lib/a": b"1", f"{SITE}/m.py": b""}, [entry("lib/a", b"1"), entry(f"{SITE}/m.py", b"")])
    reader = Reader({})
    look(prefix, reader)
    trace = reader.trace

    def same() -> bool:
        from envguard.probes import PROBES

        files = {path: seen for path, seen in trace.files.items() if "/lib/" in path}
        values = {key: value for key, value in trace.values.items() if key[0] == "kind"}
        return holds(files, values, PROBES, {"files": retell})

    assert str(prefix.resolve() / "lib/a") in trace.files
    assert same()
    (prefix / "lib/a").write_bytes(b"2")
    assert not same()
