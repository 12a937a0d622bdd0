"""Requirements files as locks: read whole, or refused with file and line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError, LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.consistency import inconsistencies
from envguard.lockfiles.model import Artifact, Commands, Edge, Selection, Source, SourceKind, When
from envguard.lockfiles.requirements import files
from envguard.lockfiles.select import select
from envguard.reader import Reader
from tests.lockfiles.specimens.base import HERE
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.model import Lock, LockedPackage

CORPORA = sorted((ROOT / "tests" / "corpora").glob("requirements-*/requirements*.txt"))
HASH = "sha256:" + "1" * 64
OTHER = "sha256:" + "2" * 64
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def read(folder: Path, text: str, name: str = "requirements.txt") -> Lock:
    (folder / name).write_text(text)
    return read_lock(Reader(), str(folder / name))


def one(folder: Path, line: str) -> LockedPackage:
    (package,) = read(folder, line + "\n").packages
    return package


def test_a_pin_has_its_version_its_hashes_its_marker_and_its_line(tmp_path: Path) -> None:
    text = (
        "# a comment\n\n"
        f"One_Two[extra]==1.0 ; python_version >= '3.9' \\\n    --hash={HASH} \\\n    --hash {OTHER}\n"
        "three===2.0+cu130  # a word\n"
    )
    one, three = read(tmp_path, text).packages
    assert (one.name, one.version, one.line, one.path) == ("one-two", "1.0", 3, None)
    assert one.artifacts == tuple(Artifact(filename="", wheel=False, hash=digest) for digest in (HASH, OTHER))
    assert one.when == (When(marker='python_version >= "3.9"'),)
    assert (three.name, three.version, three.line, three.route) == ("three", "2.0+cu130", 6, ())


LINES = {
    "one==1.0": ("one", "1.0", Source(kind=SourceKind.REGISTRY, location="")),
    "one == 1.0 ;python_version<'4'": ("one", "1.0", Source(kind=SourceKind.REGISTRY, location="")),
    "one @ https://me:secret@files.example/one-1.0.tar.gz#subdirectory=x": (
        "one",
        None,
        Source(kind=SourceKind.URL, location="https://files.example/one-1.0.tar.gz", subdirectory="x"),
    ),
    "https://files.example/One-1.0-py3-none-any.whl": (
        "one",
        "1.0",
        Source(kind=SourceKind.URL, location="https://files.example/One-1.0-py3-none-any.whl"),
    ),
    "https://${TOKEN}@files.example/x.zip#egg=One[a]": (
        "one",
        None,
        Source(kind=SourceKind.URL, location="https://files.example/x.zip"),
    ),
    f"one @ git+https://me:secret@git.example/a/one.git@{COMMIT}#subdirectory=x": (
        "one",
        None,
        Source(kind=SourceKind.GIT, location="https://git.example/a/one.git", commit=COMMIT, subdirectory="x"),
    ),
    "git+ssh://git@git.example/a/one@v1#egg=one": (
        "one",
        None,
        Source(kind=SourceKind.GIT, location="ssh://git.example/a/one", requested="v1"),
    ),
    f"-e git+https://git.example/one@{COMMIT}#egg=one": (
        "one",
        None,
        Source(kind=SourceKind.GIT, location="https://git.example/one", commit=COMMIT, editable=True),
    ),
    "hg+https://hg.example/one@tip#egg=one": (
        "one",
        None,
        Source(kind=SourceKind.GIT, location="hg+https://hg.example/one", requested="tip"),
    ),
    "./lib": ("my-lib", None, Source(kind=SourceKind.DIRECTORY, location="lib")),
    "lib/[a,b]": ("my-lib", None, Source(kind=SourceKind.DIRECTORY, location="lib")),
    "file:./lib": ("my-lib", None, Source(kind=SourceKind.DIRECTORY, location="lib")),
    "named @ file:lib": ("named", None, Source(kind=SourceKind.DIRECTORY, location="lib")),
    "-e lib": ("my-lib", None, Source(kind=SourceKind.EDITABLE, location="lib")),
    "-e ./lib[a] ; python_version > '3'": ("my-lib", None, Source(kind=SourceKind.EDITABLE, location="lib")),
    "--editable=lib": ("my-lib", None, Source(kind=SourceKind.EDITABLE, location="lib")),
    "dist/one-1.0-py3-none-any.whl": (
        "one",
        "1.0",
        Source(kind=SourceKind.PATH, location="dist/one-1.0-py3-none-any.whl"),
    ),
    "one-1.0-py3-none-any.whl": ("one", "1.0", Source(kind=SourceKind.PATH, location="one-1.0-py3-none-any.whl")),
}


@pytest.mark.parametrize("line", LINES)
def test_every_kind_of_requirement_is_read(tmp_path: Path, line: str) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").write_text('[project]\nname = "My_Lib"\n')
    package = one(tmp_path, line)
    assert (package.name, package.version, package.source) == LINES[line]
    assert "secret" not in repr(package)
    assert "TOKEN" not in repr(package)


@pytest.mark.parametrize(
    ("line", "specifier"),
    [("one", ""), ("one>=1.0,<2", "<2,>=1.0"), ("one==1.*", "==1.*"), ("one==1.0,!=1.1", "!=1.1,==1.0")],
)
def test_what_is_not_pinned_to_one_version_keeps_its_range(tmp_path: Path, line: str, specifier: str) -> None:
    package = one(tmp_path, line)
    assert (package.version, package.specifier) == (None, specifier)


def test_a_line_that_another_pins_only_limits_it(tmp_path: Path) -> None:
    lock = read(tmp_path, "one>=1\none==1.5\ntwo>=1\ntwo==2.0 ; sys_platform == 'win32'\n")
    assert [(package.name, package.version) for package in lock.packages] == [
        ("one", "1.5"),
        ("two", None),
        ("two", "2.0"),
    ]
    lock = read(tmp_path, "one>=2\none==1.5\n")
    (_, found) = inconsistencies(lock)
    assert (found.kind, found.message, found.line) == (
        "requirement",
        "another line asks for one>=2, and the lock has one 1.5",
        1,
    )


def test_lines_that_differ_in_their_extras_alone_are_one_package(tmp_path: Path) -> None:
    (package,) = read(tmp_path, f"one[a]==1.0\none==1.0 --hash={HASH}\n").packages
    assert len(package.artifacts) == 1
    twice = read(tmp_path, "one==1.0\ntwo==1\none==1.0\n")
    assert [item.message for item in inconsistencies(twice) if item.kind == "duplicate"] == [
        "one 1.0 is in the lock twice, from the same source"
    ]


def test_other_files_are_read_relative_to_the_one_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "more" / "deep").mkdir(parents=True)
    (tmp_path / "more" / "a.txt").write_text("-r deep/b.txt\none==1\n")
    (tmp_path / "more" / "deep" / "b.txt").write_text("-c ../../limits.txt\ntwo==2\n")
    (tmp_path / "limits.txt").write_text("# nothing is selected here\ntwo<2\nthree==3\n")
    lock = read(tmp_path, "-r more/a.txt\nfour==4\n")
    assert [(p.name, p.path and os.path.relpath(p.path, tmp_path), p.line) for p in lock.packages] == [
        ("two", "more/deep/b.txt", 2),
        ("one", "more/a.txt", 2),
        ("four", None, 2),
    ]
    assert [os.path.relpath(path, tmp_path) for path in lock.files] == ["more/a.txt", "more/deep/b.txt", "limits.txt"]
    (found,) = [item for item in inconsistencies(lock) if item.kind == "requirement"]
    assert (found.message, found.path, found.line) == (
        "a constraint allows two<2, and the lock has two 2",
        str(tmp_path / "limits.txt"),
        2,
    )


def test_the_digest_is_that_of_all_files(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("one==1\n")
    before = read(tmp_path, "-r base.txt\n").digest
    assert read(tmp_path, "-r base.txt\r\n").digest == before
    (tmp_path / "base.txt").write_text("one==2\n")
    assert read(tmp_path, "-r base.txt\n").digest != before


def test_a_file_that_two_include_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("one==1\n")
    (tmp_path / "a.txt").write_text("-r base.txt\n")
    assert [p.name for p in read(tmp_path, "-r base.txt\n-r a.txt\n").packages] == ["one"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_a_shell_of_windows_writes_is_read(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "requirements.txt").write_bytes("one==1.0\r\ntwo==2.0\r\n".encode(encoding))
    assert [p.name for p in read_lock(Reader(), str(tmp_path / "requirements.txt")).packages] == ["one", "two"]


def test_the_indexes_are_where_packages_come_from(tmp_path: Path) -> None:
    text = "-i https://me:secret@index.example/simple\n--extra-index-url=https://more.example/simple\none==1\n./lib\n"
    one, _ = read(tmp_path, text).packages
    assert one.source.location == "https://index.example/simple and https://more.example/simple"


def test_a_path_is_relative_to_the_folder_in_which_it_leads_somewhere(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n')
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "setup.cfg").write_text("[metadata]\nname = lib\n")
    (tmp_path / "requirements").mkdir()
    lock = read(tmp_path / "requirements", "-e .\n./lib\n", "dev.txt")
    assert [(p.name, p.source.location) for p in lock.packages] == [("app", ".."), ("lib", "../lib")]


def test_what_only_a_build_could_name_is_told_and_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "setup.py").touch()
    lock = read(tmp_path, f"./lib\ngit+https://me:secret@git.example/x@{COMMIT}\n")
    assert [(p.name, p.source.kind) for p in lock.packages] == [
        ("./lib", SourceKind.VIRTUAL),
        (f"git+https://git.example/x@{COMMIT}", SourceKind.VIRTUAL),
    ]
    assert [(item.kind, item.message, item.line) for item in inconsistencies(lock)][:2] == [
        ("nameless", "'./lib' does not tell which package it is: only a build could", 1),
        ("nameless", f"'git+https://git.example/x@{COMMIT}' does not tell which package it is: only a build could", 2),
    ]
    # A build leaves the name behind.
    (tmp_path / "lib" / "My_Lib.egg-info").mkdir()
    (tmp_path / "lib" / "My_Lib.egg-info" / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: My_Lib\n\nName: x\n")
    assert one(tmp_path, "./lib").name == "my-lib"


HEAD = "# This file was autogenerated by uv via the following command:\n#    uv pip compile x.in -o requirements.txt\n"


def test_what_is_written_below_the_pins_are_dependencies(tmp_path: Path) -> None:
    text = (
        HEAD + "one==1\n    # via\n    #   -r x.in\n    #   two[fast]\ntwo==2  # via -r x.in, three\nthree==3\n"
        "    # via app (pyproject.toml:dev)\nfour==4\n    # via three\n"
    )
    lock = read(tmp_path, text)
    assert {p.name: [edge.name for edge in p.dependencies] for p in lock.packages} == {
        "one": [],
        "two": ["one"],
        "three": ["two", "four"],
        "four": [],
        "requirements": ["one", "two", "three"],
    }
    assert lock.whole
    assert lock.manifest["inputs"] == [
        {"name": "x.in", "path": str(tmp_path / "requirements.txt"), "manifest": False, "line": 3},
        {"name": "pyproject.toml:dev", "path": str(tmp_path / "requirements.txt"), "manifest": True, "line": 8},
    ]


def test_a_pin_that_nothing_leads_to_is_left_over(tmp_path: Path) -> None:
    text = HEAD + "one==1\n    # via -r x.in\ntwo==2\n    # via gone\nthree==3\n"
    found = [(item.kind, item.subject, item.line) for item in inconsistencies(read(tmp_path, text))]
    assert found == [("hashless", "requirements.txt", None), ("orphan", "two", 5), ("orphan", "three", 7)]


@pytest.mark.parametrize(
    "head",
    [
        "# This file was autogenerated by uv via the following command:\n#    uv export\n",
        "# This file was autogenerated by uv via the following command:\n#    uv pip compile -\n",
        "# by hand\n",
    ],
)
def test_where_a_tool_does_not_say_who_asks_nothing_is_left_over(tmp_path: Path, head: str) -> None:
    text = head + "one==1\n    # via app\ntwo==2\n    # via one\nthree==3\n"
    assert [item.kind for item in inconsistencies(read(tmp_path, text))] == ["hashless"]


def test_without_comments_nothing_is_left_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\n')
    lock = read(tmp_path, "-e .\none==1\n")
    assert not lock.whole
    assert [item.kind for item in inconsistencies(lock)] == ["hashless"]


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_locks_contradict_nothing(path: Path) -> None:
    lock = read_lock(Reader(), str(path))
    assert len(lock.packages) > 10
    assert [item.kind for item in inconsistencies(lock)] == (["hashless"] if "wandb" in path.parent.name else [])


COMMANDS = {
    "one==1\n": Commands(
        lock="write requirements.txt anew with every version pinned",
        install="python -m pip install -r requirements.txt",
    ),
    HEAD + "one==1\n": Commands(
        lock="uv pip compile x.in -o requirements.txt", install="uv pip install -r requirements.txt"
    ),
    "#\n# This file is autogenerated by pip-compile with Python 3.11\n# by the following command:\n#\n"
    "#    pip-compile --index-url=https://me:secret@index.example/simple 'a b.in'\n#\none==1\n": Commands(
        lock="pip-compile --index-url=https://index.example/simple 'a b.in'",
        install="python -m pip install -r requirements.txt",
    ),
    "# This file is @generated by PDM.\none==1\n": Commands(
        lock="pdm export --format requirements --output requirements.txt",
        install="python -m pip install -r requirements.txt",
    ),
}


@pytest.mark.parametrize("text", COMMANDS)
def test_the_commands_are_those_of_the_writer(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text).commands == COMMANDS[text]


BAD = {
    "": ": is empty\nhint: write requirements.txt anew with every version pinned",
    "\n \n": ": is empty",
    "one==1\n<<<<<<< HEAD\n": ":2: has an unfinished merge in it",
    "one==1\none==\n": ":2: 'one==' is no requirement: Expected ",
    "one = 1\n": ":1: 'one = 1' is no requirement: Expected ",
    "one==${VERSION}\n": ":1: 'one==${VERSION}' is no requirement: ",
    "one @@ https://me:secret@h.example/x\n": ":1: 'one @@ https://h.example/x' is no requirement: ",
    "one==1 ; no_such == '1'\n": ":1: 'one==1 ; no_such == '1'' is no requirement: ",
    f"one==1 ; {'(' * 5000}\n": ":1: 'one==1 ; (((((",
    "./lib ; ((\n": ":1: '((' is no marker: Expected ",
    "one==1 --hash\n": ":1: '--hash' has no value",
    "one==1 --hash=x\n": ":1: expected a hash such as sha256:0123..., found 'x'",
    "one==1 --hash='x\n": ":1: its options cannot be taken apart: no closing quotation",
    "one==1 --no-such-option\n": ":1: '--no-such-option' is no option of a requirements file",
    "one==1 --index-url https://index.example\n": ":1: '--index-url' belongs on a line of its own",
    "one==1 -r other.txt\n": ":1: '-r' belongs on a line of its own",
    "one==1 -e .\n": ":1: 'one==1' and what is editable belong on lines of their own",
    f"one==1 \\\n# a comment ends the line\n    --hash={HASH}\n": ":3: '--hash' belongs to a requirement, and there is none on",
    "one @ https://files.example/x.zip;python_version>'3'\n": ":1: a semicolon right behind a URL belongs to it or not, as",
    "one==1\x0ctwo==2\n": ":1: has the character '\\x0c', which pip takes for the end of the line and other tools do not",
    "one==1\n# x\u2028two==2\n": ":2: has the character '\\u2028', which pip takes for the end of the line and other",
    "one==1 # x \\\ntwo==2\n": ":1: ends a comment with a backslash: pip takes the next line for a part of it, other tools do not",
    "-r\n": ":1: '-r' has no value",
    "one==1\n-r other.txt\n": ":2: includes other.txt, and there is no such file",
    "-r .\n": ":1: includes ., and there is no such file",
    "-c ../../../x.txt\n": ":1: includes ../../../x.txt, which lies outside of the project\nhint: keep it below ",
    "-r /etc/passwd\n": ":1: includes /etc/passwd, which lies outside of the project\nhint: keep it below ",
    "-r file:///etc/passwd\n": ":1: includes file:///etc/passwd, which lies outside of the project",
    "-r https://me:secret@files.example/x.txt\n": ":1: includes https://files.example/x.txt, and nothing on the network is",
    "-r ${DIR}/x.txt\n": ":1: includes a file whose name depends on the environment: ${DIR}",
    "-r requirements.txt\n": ":1: includes itself: requirements.txt -> requirements.txt",
    f"one=={'1' * 5_000_000}\n": ":1: has a line of more than 4194304 characters",
    "\n" + "one==1 \\\n" * 600_000: ":2: has a line of more than 4194304 characters",
}


@pytest.mark.parametrize("text", BAD, ids=range(len(BAD)))
def test_a_file_that_is_no_use_is_one_error_with_its_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, text)
    said = str(caught.value)
    assert said.startswith(f"{tmp_path}/requirements.txt{BAD[text]}")
    assert "secret" not in said
    assert "\n" not in said.partition("\nhint: ")[0]
    assert len(said) < 700


def test_an_error_in_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "base.txt").write_text("one==1\n((\n")
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, "-r base.txt\n")
    assert str(caught.value).startswith(f"{tmp_path}/base.txt:2: '((' is no requirement: ")


def test_files_that_include_one_another_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("-r b.txt\n")
    (tmp_path / "b.txt").write_text("\n-c a.txt\n")
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, "-r a.txt\n")
    assert str(caught.value) == f"{tmp_path}/b.txt:2: includes itself: requirements.txt -> a.txt -> b.txt -> a.txt"


def test_what_a_file_of_constraints_includes_is_installed_by_pip_alone(tmp_path: Path) -> None:
    (tmp_path / "limits.txt").write_text("-r base.txt\n")
    (tmp_path / "base.txt").write_text("one==1\n")
    with pytest.raises(EnvguardError) as caught:
        read(tmp_path, "-c limits.txt\ntwo==2\n")
    assert str(caught.value) == (
        f"{tmp_path}/limits.txt:1: includes base.txt by -r in a file of constraints: "
        "pip installs what is in it, other tools do not\nhint: include it by -c"
    )


def test_a_link_does_not_lead_out_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("password\n")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "base.txt").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(
        EnvguardError, match=r"requirements\.txt:1: includes base\.txt, which lies outside of the project"
    ):
        read(tmp_path / "app", "-r base.txt\n")


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_the_repository_or_the_outermost_project_is_the_boundary(tmp_path: Path, mark: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "base.txt").write_text("one==1\n")
    with pytest.raises(EnvguardError, match="outside of the project"):
        read(tmp_path / "app", "-r ../base.txt\n")
    (tmp_path / mark).touch()
    assert [package.name for package in read(tmp_path / "app", "-r ../base.txt\n").packages] == ["one"]


@pytest.mark.parametrize("data", [b"one==1\n\xff\n", b"\x00\x01\x02", b"\xff\xfeo"])
def test_what_is_no_text_is_one_error(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "requirements.txt").write_bytes(data)
    with pytest.raises(EnvguardError) as caught:
        read_lock(Reader(), str(tmp_path / "requirements.txt"))
    assert str(caught.value).startswith(f"{tmp_path}/requirements.txt")


def test_a_line_of_100_megabytes_is_refused_before_it_is_parsed(tmp_path: Path) -> None:
    with pytest.raises(EnvguardError, match="is too large: 100000000 bytes, at most 67108864 are read"):
        read(tmp_path, "#" * 100_000_000)


def test_more_than_any_tool_writes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(500):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\n")
    with pytest.raises(EnvguardError, match=r"/49\.txt:1: includes files more than 50 deep$"):
        read(tmp_path, "-r 1.txt\n", "0.txt")
    monkeypatch.setattr(files, "MAX_LINES", 10)
    with pytest.raises(EnvguardError, match=r":11: asks for more than 10 packages, included files counted$"):
        read(tmp_path, "a==1\n" * 12)
    monkeypatch.setattr(files, "MAX_BYTES", 100)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text("#\n" * 20)
    with pytest.raises(EnvguardError, match=r"all\.txt: is too large: with what it includes it has more than 100"):
        read(tmp_path, "-r 0.txt\n-r 1.txt\n-r 2.txt\n", "all.txt")


def test_a_missing_file_is_one_error(tmp_path: Path) -> None:
    with pytest.raises(EnvguardError, match=r"requirements\.txt: cannot be read: no such file"):
        read_lock(Reader(), str(tmp_path / "requirements.txt"))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("one==1.0\none==1.1\n", "1.0 and 1.1"),
        ("-e ./one\n./one\n", "editable one and directory one"),
        ("one @ git+https://git.example/one@{0}\none==1.0\n", "(no version) and 1.0"),
    ],
)
def test_what_stands_there_twice_is_told_apart(tmp_path: Path, lines: str, told: str) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "pyproject.toml").write_text('[project]\nname = "one"\n')
    lock = read(tmp_path, lines.replace("{0}", COMMIT))
    with pytest.raises(LockfileError) as caught:
        select(lock, Selection(), HERE)
    assert caught.value.message == f"two entries of one are selected at once: {told}"
    assert caught.value.line == 2


def test_edges_to_forks_name_the_version(tmp_path: Path) -> None:
    text = HEAD + (
        "numpy==1.26 ; python_version < '3.12'\n    # via one\nnumpy==2.4 ; python_version >= '3.12'\n    # via one\n"
        "one==1\n    # via -r x.in\n"
    )
    lock = read(tmp_path, text)
    (one,) = [package for package in lock.packages if package.name == "one"]
    assert one.dependencies == (Edge(name="numpy", version="1.26"), Edge(name="numpy", version="2.4"))
    assert [item.kind for item in inconsistencies(lock)] == ["hashless"]


HASHED = {
    f"one==1 --hash={HASH}\ntwo==2\n": ("hash", "two 2 has no hash", 2),
    f"one==1 --hash={HASH}\ntwo @ https://files.example/two.zip\n": ("hash", "two has no hash", 2),
    "one==1 --hash=md5:0\n": ("hash", "one has a hash that can be forged: md5", 1),
    "one==1 --hash=sha256:0\n": ("hash", "one has a hash that is none: sha256:0", 1),
    f"one==1 --hash={HASH}\n./lib\n": None,
    f"one>=1 --hash={HASH}\n": (
        "unpinned",
        "one is not pinned to one version, so any that is >=1 can be installed",
        1,
    ),
    f"one==1 --hash={HASH}\ntwo>=1 ; sys_platform == 'win32'\n": (
        "unlocked",
        "two is not pinned to one version, so any that is >=1 can be installed where its marker holds",
        2,
    ),
    f"one==1 --hash={HASH}\ntwo @ git+https://git.example/two@main\n": (
        "unpinned",
        "two is locked without a commit, so another one can be installed tomorrow",
        2,
    ),
}


@pytest.mark.parametrize("text", HASHED)
def test_what_a_file_with_hashes_leaves_open_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").write_text('[project]\nname = "lib"\n')
    found = inconsistencies(read(tmp_path, text))
    wanted = HASHED[text]
    assert [(item.kind, item.message, item.line) for item in found] == ([wanted] if wanted is not None else [])


def test_a_file_without_any_hash_is_told_once(tmp_path: Path) -> None:
    (found,) = inconsistencies(read(tmp_path, "one==1\ntwo==2\n"))
    assert (found.kind, found.subject, found.message) == (
        "hashless",
        "requirements.txt",
        "requirements.txt has no hashes, so the versions in it can be other bytes tomorrow",
    )
