"""What an environment is: real ones against what their own interpreters say, and layouts that are not at hand."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.errors import EnvironmentNotFoundError
from envguard.installed import find_environment, running_environment
from envguard.installed.interpreter import read_installation
from envguard.installed.model import Layer
from envguard.model import Unknown
from envguard.reader import Reader

from .tools import EVERY_PYTHON, ORACLE, UV, ask, bare, installation, interpreters, library, run, venv, virtual, wheel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envguard.installed.model import Environment

KINDS = ("venv", "virtualenv", "uv")


def find(python: Path | str, env: Mapping[str, str]) -> Environment:
    return find_environment(Reader(env), "/", str(python))


def paths(found: Environment, layer: Layer | None = None) -> list[str]:
    return [folder.path for folder in found.folders if layer is None or folder.layer is layer]


def agrees(found: Environment, oracle: dict[str, Any]) -> None:
    assert found.version == oracle["version"]
    assert found.implementation == oracle["name"]
    assert os.path.realpath(found.prefix) == os.path.realpath(oracle["prefix"])
    assert os.path.realpath(found.base_prefix) == oracle["base_prefix"]
    assert dict(found.markers) == oracle["markers"]
    assert [path for path in paths(found) if os.path.basename(path).endswith("-packages")] == oracle["folders"]


@EVERY_PYTHON
@pytest.mark.parametrize("kind", KINDS)
def test_a_virtual_environment_is_what_its_interpreter_says(tmp_path: Path, python: str, kind: str) -> None:
    env = bare(tmp_path / "home")
    folder = venv(python, tmp_path / "env", kind)
    found = find(folder, env)
    agrees(found, ask(found.executable or "", ORACLE, library(tmp_path / "lib"), env=env))
    assert isinstance(found.build, Unknown)
    assert found.build.reason == "the build of an interpreter can be told only while it runs"


@EVERY_PYTHON
@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_that_inherits_lists_what_its_interpreter_lists(tmp_path: Path, python: str, kind: str) -> None:
    home, extra, other = tmp_path / "home", tmp_path / "extra", tmp_path / "other" / "site-packages"
    env = bare(home, PYTHONPATH=os.pathsep.join((str(extra), str(tmp_path / "gone"))))
    folder = venv(python, tmp_path / "env", kind, "--system-site-packages")
    (site,) = folder.glob("lib/python*/site-packages")
    user = home / ".local" / "lib" / site.parent.name / "site-packages"
    for path in (user, extra, other):
        path.mkdir(parents=True)
    (site / "other.pth").write_text(
        f"# a comment\nimport sys\n{other}\n{tmp_path / 'gone' / 'site-packages'}\n{extra}\n"
    )
    found = find(folder, env)
    agrees(found, ask(found.executable or "", ORACLE, library(tmp_path / "lib"), env=env))
    layers = [folder.layer for folder in found.folders]
    assert layers[:4] == [Layer.PYTHONPATH, Layer.ENVIRONMENT, Layer.ENVIRONMENT, Layer.USER]
    assert set(layers[4:]) == {Layer.INHERITED}
    assert paths(found)[:4] == [os.path.realpath(path) for path in (extra, site, other, user)]


@EVERY_PYTHON
def test_an_installation_is_what_it_says_of_itself(tmp_path: Path, python: str) -> None:
    home = tmp_path / "home"
    tag = re.sub(r"\.\d+$", "", "python" + read_installation(Reader({}), python).version)
    (home / ".local" / "lib" / tag / "site-packages").mkdir(parents=True)
    for env in (bare(home), bare(home, PYTHONNOUSERSITE="1"), bare(home, PYTHONUSERBASE=str(tmp_path / "none"))):
        agrees(find(python, env), ask(python, ORACLE, library(tmp_path / "lib"), env=env))


RUNNING = """
import sys
sys.path.insert(0, sys.argv[1])
import json, os
from envguard.installed import find_environment, running_environment
from envguard.reader import Reader
def told(found):
    return {"prefix": found.prefix, "version": found.version, "build": found.build, "running": found.running,
            "chosen_by": found.chosen_by, "markers": dict(found.markers), "name": found.implementation,
            "base_prefix": os.path.realpath(found.base_prefix), "executable": found.executable,
            "folders": [[folder.path, folder.layer] for folder in found.folders]}
named = find_environment(Reader(), "/", sys.executable)
print(json.dumps([told(running_environment(Reader())), told(named), sys.executable]))
"""


@EVERY_PYTHON
def test_the_running_environment_is_told_by_its_live_values(tmp_path: Path, python: str) -> None:
    home, extra = tmp_path / "home", tmp_path / "extra"
    extra.mkdir()
    env = bare(home, PYTHONPATH=str(extra))
    folder = venv(python, tmp_path / "env", "venv", "--system-site-packages")
    (site,) = folder.glob("lib/python*/site-packages")
    user = home / ".local" / "lib" / site.parent.name / "site-packages"
    user.mkdir(parents=True)
    lib = library(tmp_path / "lib")
    oracle = ask(folder / "bin" / "python", ORACLE, lib, env=env)
    live, named, executable = ask(folder / "bin" / "python", RUNNING, lib, env=env)
    assert (live["version"], live["build"]) == (oracle["version"], oracle["line"])
    assert (live["name"], live["prefix"], live["base_prefix"]) == (
        oracle["name"],
        oracle["prefix"],
        oracle["base_prefix"],
    )
    assert live["markers"] == oracle["markers"]
    assert (live["running"], live["chosen_by"], live["executable"]) == (True, "the running interpreter", executable)
    assert [path for path, layer in live["folders"] if layer != "PYTHONPATH"] == oracle["folders"]
    assert live["folders"][:3] == [[str(extra), "PYTHONPATH"], [str(site), "environment"], [str(user), "user"]]
    assert {layer for _, layer in live["folders"][3:]} == {"inherited"}
    # Named from outside, it is still the very interpreter that runs.
    assert named == {**live, "chosen_by": "--python"}
    # Looked at by another interpreter, it has the same folders, markers and version.
    foreign = find(folder, env)
    assert foreign.running is False
    assert [[item.path, item.layer] for item in foreign.folders] == live["folders"]
    assert (dict(foreign.markers), foreign.version) == (live["markers"], live["version"])


def test_isolated_mode_leaves_out_what_the_environment_variables_add(tmp_path: Path) -> None:
    home, extra = tmp_path / "home", tmp_path / "extra"
    extra.mkdir()
    user = home / ".local" / "lib" / f"python3.{sys.version_info[1]}" / "site-packages"
    user.mkdir(parents=True)
    env = bare(home, PYTHONPATH=str(extra))
    python = interpreters()[0]
    lib = library(tmp_path / "lib")
    open_live, _, _ = ask(python, RUNNING, lib, env=env)
    layers = [layer for _, layer in open_live["folders"]]
    assert layers[:2] == ["PYTHONPATH", "user"]
    (tmp_path / "code.py").write_text(RUNNING)
    isolated, _, _ = json.loads(run(python, "-I", tmp_path / "code.py", lib, env=env))
    assert {layer for _, layer in isolated["folders"]} == {"environment"}


def test_the_environment_of_these_tests_is_the_running_one() -> None:
    found = running_environment(Reader())
    assert found.prefix == sys.prefix
    assert found.version == ".".join(map(str, sys.version_info[:3]))
    assert found.build == sys.version.replace("\n", " ")
    assert find_environment(Reader(), "/", sys.executable).running


def test_another_environment_of_the_same_installation_is_not_the_running_one(tmp_path: Path) -> None:
    assert not find(venv(sys.executable, tmp_path / "env"), bare(tmp_path)).running


def test_an_upgrade_in_place_is_seen_although_pyvenv_cfg_is_stale(tmp_path: Path) -> None:
    base = installation(tmp_path / "base", "3.11.4")
    folder = virtual(tmp_path / "env", base, "3.11.4")
    assert find(folder, bare(tmp_path)).version == "3.11.4"
    header = tmp_path / "base/include/python3.11/patchlevel.h"
    header.write_text(header.read_text().replace("3.11.4", "3.11.9"))
    found = find(folder, bare(tmp_path))
    assert (found.version, found.markers["python_full_version"]) == ("3.11.9", "3.11.9")


@EVERY_PYTHON
def test_the_version_is_found_in_the_interpreter_where_no_other_file_tells_it(tmp_path: Path, python: str) -> None:
    base = read_installation(Reader({}), python)
    copy = installation(tmp_path / "copy", base.version, header=False)
    copy.unlink()
    shutil.copy(python, copy)
    for shared in Path(base.prefix, "lib").glob(f"lib{base.tag}.so.1.0"):
        (tmp_path / "copy/lib" / shared.name).symlink_to(shared)
    assert read_installation(Reader({}), str(copy)).version == base.version


def test_two_versions_in_one_interpreter_are_none(tmp_path: Path) -> None:
    copy = installation(tmp_path / "base", header=False)
    copy.write_bytes(b"\x7fELF\0" + b"3.11.4\0/opt/3.11.9\0")
    with pytest.raises(EnvironmentNotFoundError, match="full version cannot be told from files"):
        read_installation(Reader({}), str(copy))
    copy.write_bytes(b"\x7fELF\0" + b"3.11.4\0/opt/3.11.4\0 3.11.9 1.3.11.5\0 3.12.1\0")
    assert read_installation(Reader({}), str(copy)).version == "3.11.4"


@pytest.mark.parametrize(
    ("text", "version", "implementation_version"),
    [
        ("3.13.0rc2", "3.13.0rc2", "3.13.0c2"),
        ("3.13.0b1+", "3.13.0b1", "3.13.0b1"),
        ("3.13.5+", "3.13.5", "3.13.5"),
    ],
)
def test_versions_before_a_release_are_written_as_the_interpreter_writes_them(
    tmp_path: Path, text: str, version: str, implementation_version: str
) -> None:
    found = find(installation(tmp_path / "base", text, tag="python3.13"), bare(tmp_path))
    assert (found.version, found.markers["python_full_version"]) == (version, version)
    assert found.markers["implementation_version"] == implementation_version
    assert found.markers["python_version"] == "3.13"


def test_a_header_of_another_version_is_not_believed(tmp_path: Path) -> None:
    base = installation(tmp_path / "base", "3.12.1", tag="python3.11")
    base.write_bytes(b"\x7fELF\x003.11.8\0")
    assert read_installation(Reader({}), str(base)).version == "3.11.8"


BUILD_DETAILS = """{"schema_version": "1.0", "base_prefix": "/usr", "language": {"version": "3.14", "version_info":
 {"major": 3, "minor": 14, "micro": 2, "releaselevel": "%s", "serial": 1}}, "implementation": {"name": "cpython",
 "version": {"major": 3, "minor": 14, "micro": 2, "releaselevel": "%s", "serial": 1}, "hexversion": 0}}"""


@pytest.mark.parametrize(("level", "version"), [("final", "3.14.2"), ("candidate", "3.14.2rc1")])
def test_build_details_tell_the_version(tmp_path: Path, level: str, version: str) -> None:
    base = installation(tmp_path / "base", "3.14.0")
    details = tmp_path / "base/lib/python3.14/build-details.json"
    details.write_text(BUILD_DETAILS % (level, level))
    assert read_installation(Reader({}), str(base)).version == version
    for broken in ("", "[]", "{}", "[" * 100_000, '{"language": {"version_info": []}}', "\0"):
        details.write_text(broken)
        assert read_installation(Reader({}), str(base)).version == "3.14.0"


def test_conda_tells_the_version_by_its_own_record(tmp_path: Path) -> None:
    base = installation(tmp_path / "conda", header=False)
    records = tmp_path / "conda" / "conda-meta"
    records.mkdir()
    for name in ("python-3.11.8-hab00c5b_0_cpython.json", "python-dateutil-2.9.0-py_0.json", "history"):
        (records / name).touch()
    found = find(tmp_path / "conda", bare(tmp_path))
    assert (found.version, found.prefix, found.base_prefix) == ("3.11.8", str(base.parents[1]), str(base.parents[1]))


def test_the_layout_of_debian(tmp_path: Path) -> None:
    base = installation(tmp_path / "usr")
    usr = tmp_path / "usr"
    (usr / "lib/python3.11/site-packages").rmdir()
    wanted = [usr / "local/lib/python3.11/dist-packages", usr / "lib/python3/dist-packages"]
    for folder in wanted:
        folder.mkdir(parents=True)
    assert paths(find(base, bare(tmp_path))) == [str(folder) for folder in wanted]
    folder = virtual(tmp_path / "env", base)
    (folder / "pyvenv.cfg").write_text("include-system-site-packages = True\n")
    found = find(folder, bare(tmp_path))
    assert paths(found, Layer.INHERITED) == [str(folder) for folder in wanted]
    assert paths(found, Layer.ENVIRONMENT) == [str(folder / "lib/python3.11/site-packages")]


def test_the_layout_of_pypy(tmp_path: Path) -> None:
    base = installation(tmp_path / "pypy", "3.10.14", tag="pypy3.10")
    header = tmp_path / "pypy/include/pypy3.10/patchlevel.h"
    header.write_text(
        '#define PY_VERSION "3.10.14"\n#define PYPY_VERSION "7.3.17"\n#define PYPY_VERSION_NUM 0x07031100\n'
    )
    folder = virtual(tmp_path / "env", base, tag="pypy3.10")
    (folder / "bin/python").rename(folder / "bin/pypy3")
    found = find(folder, bare(tmp_path))
    assert (found.implementation, found.version) == ("pypy", "3.10.14")
    assert found.markers["platform_python_implementation"] == "PyPy"
    assert (found.markers["implementation_name"], found.markers["implementation_version"]) == ("pypy", "7.3.17")
    assert paths(found) == [str(folder / "lib/pypy3.10/site-packages")]


def test_the_layout_without_a_global_lock(tmp_path: Path) -> None:
    base = installation(tmp_path / "base", "3.13.1", tag="python3.13t")
    user = tmp_path / ".local/lib/python3.13t/site-packages"
    user.mkdir(parents=True)
    found = find(base, bare(tmp_path))
    assert (found.version, found.markers["python_version"]) == ("3.13.1", "3.13")
    assert paths(found) == [str(user), str(tmp_path / "base/lib/python3.13t/site-packages")]


def test_the_layout_of_windows_as_far_as_files_tell(tmp_path: Path) -> None:
    base = tmp_path / "Python311"
    for name in ("Lib/site-packages", "include"):
        (base / name).mkdir(parents=True)
    for name in ("python.exe", "python311.dll", "Lib/os.py"):
        (base / name).touch()
    (base / "include/patchlevel.h").write_text('#define PY_VERSION "3.11.9"\n')
    folder = tmp_path / "env"
    for name in ("Scripts", "Lib/site-packages"):
        (folder / name).mkdir(parents=True)
    (folder / "Scripts/python.exe").touch()
    (folder / "pyvenv.cfg").write_text(f"home = {base}\nversion = 3.11.4\nexecutable = {base / 'python.exe'}\n")
    found = find(folder, bare(tmp_path))
    assert (found.version, found.base_prefix) == ("3.11.9", str(base))
    assert paths(found) == [str(folder / "Lib/site-packages")]
    (base / "include/patchlevel.h").unlink()
    (base / "python311.dll").write_bytes(b"MZ\x003.11.7\0")
    assert find(folder, bare(tmp_path)).version == "3.11.7"


def test_a_folder_of_lib64_counts_once_as_a_link_and_twice_as_a_folder_of_its_own(tmp_path: Path) -> None:
    folder = virtual(tmp_path / "env", installation(tmp_path / "base"))
    (folder / "lib64").symlink_to("lib")
    assert paths(find(folder, bare(tmp_path))) == [str(folder / "lib/python3.11/site-packages")]
    (folder / "lib64").unlink()
    (folder / "lib64/python3.11/site-packages").mkdir(parents=True)
    assert paths(find(folder, bare(tmp_path))) == [
        str(folder / "lib64/python3.11/site-packages"),
        str(folder / "lib/python3.11/site-packages"),
    ]


def test_the_same_folder_on_pythonpath_keeps_its_place_in_the_environment(tmp_path: Path) -> None:
    folder = virtual(tmp_path / "env", installation(tmp_path / "base"))
    site = folder / "lib/python3.11/site-packages"
    (tmp_path / "link").symlink_to(site)
    found = find(folder, bare(tmp_path, PYTHONPATH=f"{site}{os.pathsep}{tmp_path / 'link'}"))
    assert [(item.path, item.layer) for item in found.folders] == [(str(site), Layer.ENVIRONMENT)]


def test_an_environment_over_another_shows_both(tmp_path: Path) -> None:
    base = installation(tmp_path / "base")
    under, over = virtual(tmp_path / "under", base), virtual(tmp_path / "over", base)
    (over / "pyvenv.cfg").write_text(f"home = {base.parent}\nextends-environment = {under}\n")
    found = find(over, bare(tmp_path))
    assert paths(found, Layer.INHERITED) == [str(under / "lib/python3.11/site-packages")]


def test_what_uv_lays_over_a_project_for_one_command_is_seen_while_it_runs(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text('[project]\nname = "p"\nversion = "0"\nrequires-python = ">=3.11"\n')
    env = bare(tmp_path / "home", UV_CACHE_DIR=str(tmp_path / "cache"), UV_PYTHON_DOWNLOADS="never")
    options = ("-q", "--offline", "--python", sys.executable, "--with", wheel(tmp_path, "over"))
    told = run(UV or "uv", "run", *options, "python", "-c", RUNNING, library(tmp_path / "lib"), env=env, cwd=project)
    live, _, _ = json.loads(told)
    layers = [layer for _, layer in live["folders"]]
    assert layers == ["environment", "inherited", "inherited"]
    assert Path(live["folders"][1][0], "over-1.0.dist-info").is_dir()
    assert Path(live["folders"][2][0]).is_relative_to(project / ".venv")


def test_a_copied_interpreter_is_asked_for_its_own_version(tmp_path: Path) -> None:
    base = installation(tmp_path / "base", "3.11.9")
    folder = virtual(tmp_path / "env", base)
    (folder / "bin/python").unlink()
    (folder / "bin/python").write_bytes(b"\x7fELF a stub that loads a library")
    for settings in (f"base-executable = {base}\n", f"executable = {base}\n", f"home = {base.parent}\n"):
        (folder / "pyvenv.cfg").write_text(f"version = 3.11.4\n{settings}")
        assert find(folder, bare(tmp_path)).version == "3.11.9"
    (folder / "bin/python").write_bytes(b"\x7fELF\x003.11.4\0")
    assert find(folder, bare(tmp_path)).version == "3.11.4"


@EVERY_PYTHON
def test_an_environment_made_with_copies_is_what_its_interpreter_says(tmp_path: Path, python: str) -> None:
    env = bare(tmp_path / "home")
    found = find(venv(python, tmp_path / "env", "venv", "--copies"), env)
    assert not os.path.islink(found.executable or "")
    agrees(found, ask(found.executable or "", ORACLE, library(tmp_path / "lib"), env=env))


def test_a_pth_file_that_is_odd_adds_nothing(tmp_path: Path) -> None:
    folder = virtual(tmp_path / "env", installation(tmp_path / "base"))
    site = folder / "lib/python3.11/site-packages"
    (site / "binary.pth").write_bytes(b"\xff\xfe\0/site-packages\n" + bytes(range(256)))
    (site / "huge.pth").write_bytes(b"x/site-packages\n" * 100_000)
    (site / "dangling.pth").symlink_to(tmp_path / "gone")
    (site / "folder.pth").mkdir()
    (site / ".hidden.pth").write_text(f"{tmp_path / 'base/lib/python3.11/site-packages'}\n")
    assert paths(find(folder, bare(tmp_path))) == [str(site)]


def test_without_a_home_folder_the_user_database_is_asked(tmp_path: Path) -> None:
    base = installation(tmp_path / "base")
    reader = Reader({"PATH": ""})
    assert find_environment(reader, "/", str(base)).version == "3.11.9"
    assert ("probe", "home") in reader.trace.values
