"""What requirements files say and select, compared with what pip, pip-sync and uv make of them."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from packaging.markers import Marker, default_environment

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Selected, Selection
from envguard.lockfiles.requirements.files import read_contents
from envguard.lockfiles.select import select
from envguard.names import normalize
from envguard.reader import Reader
from tests.lockfiles.programs import ask, environment_with
from tests.lockfiles.world import uv, wheels
from tests.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.lockfiles.requirements.entries import Asked

CORPORA = sorted((ROOT / "tests" / "corpora").glob("requirements-*/requirements*.txt"))
WOULD_INSTALL = re.compile(r"^  (\S+)$", re.MULTILINE)
PLATFORMS = [None, "windows", "macos", "aarch64-unknown-linux-gnu"]


def here() -> dict[str, str]:
    return {key: str(value) for key, value in default_environment().items() if key != "extra"}


def environments() -> list[dict[str, str]]:
    return [
        named_environment(here(), python_version=python, platform=platform)
        for python in ("3.9.18", "3.11.7", "3.13.0")
        for platform in PLATFORMS
    ]


def ours(path: Path) -> dict[str, Any]:
    """Return what we read in a file, in the words of ``ask_pip.py``; the constraints come last."""
    try:
        contents = read_contents(Reader(), str(path))
    except EnvguardError as error:
        return {"error": str(error)}
    asked = [*((item, False) for item in contents.requirements), *((item, True) for item in contents.constraints)]
    return {"requirements": [_ours(item, constraint=constraint) for item, constraint in asked]}


def _ours(item: Asked, *, constraint: bool) -> dict[str, Any]:
    return {
        "name": item.name,
        "specifier": item.specifier,
        "direct": item.source is not None,
        "constraint": constraint,
        "hashes": sorted(item.hashes),
        "path": item.path,
        "line": item.line,
        "holds": [
            item.marker is None or Marker(item.marker).evaluate({**environment, "extra": ""})
            for environment in environments()
        ],
    }


def _theirs(item: dict[str, Any]) -> dict[str, Any]:
    found = {key: value for key, value in item.items() if key not in ("link", "editable")}
    name = normalize(item["name"]) if item["name"] is not None else None
    return {**found, "name": name, "direct": item["link"] is not None}


NAMES = ["alpha", "Beta_Two", "g.a-m.ma", "d"]
RANGES = ["==1.0", "== 1.0", "===1.0+cpu", ">=1,<2", "~=1.4", "==1.*", "", "(>=1)", " >=1, !=1.5", "=1", "=="]
MARKERS = [
    "python_version >= '3.10'",
    'sys_platform == "win32" or platform_machine == "arm64"',
    "(python_version < '3.12' and os_name == 'posix')",
    "nothing == 1",
]
URLS = [
    "https://files.example/alpha-1.0.tar.gz",
    "https://files.example/alpha-1.0-py3-none-any.whl",
    "git+https://git.example/alpha.git@0123456789abcdef0123456789abcdef01234567",
    "https://u:p@files.example/x.zip#egg=alpha",
    "https://files.example/x;y.zip",
]
SETTINGS = [
    "--index-url https://index.example/simple",
    "-i=https://index.example/simple",
    "--extra-index-url=https://more.example",
    "--no-binary :all:",
    "--pre",
    "--require-hashes",
    "-f wheels",
    "--trusted-host index.example",
    "-r base.txt",
    "-rbase.txt",
    "-c limits.txt",
    "--requirement=base.txt",
    "--no-such-option",
    "--hash=sha256:0a",
]
ENDS = ["", "", "", " ", "  # a comment", " #x", "#no-comment", " # a \\", "\t"]
LINES = ["", "   ", "# a comment", "  # via", "    #   -r x.in", "# ends \\", "\\", "-e .", "--"]


def file_of(choose: random.Random) -> str:
    """Return a requirements file as nobody would write it, with what is odd in its places."""
    lines = []
    for _ in range(choose.randint(1, 7)):
        kind = choose.random()
        if kind < 0.15:
            lines.append(choose.choice(LINES))
            continue
        if kind < 0.3:
            lines.append(choose.choice(SETTINGS) + choose.choice(ENDS))
            continue
        name = choose.choice(NAMES)
        extras = choose.choice(["", "", "[x]", "[x, Y_y]", "[]"])
        if kind < 0.45:
            text = choose.choice([f"{name}{extras} @ ", f"{name}@", ""]) + choose.choice(URLS)
        else:
            text = name + extras + choose.choice(RANGES)
        if choose.random() < 0.4:
            text += choose.choice([" ; ", ";", "; ", " ;"]) + choose.choice(MARKERS)
        for number in range(choose.choice([0, 0, 0, 1, 2])):
            text += choose.choice([" ", "  ", " \\\n    ", " \\\n", "\\\n  "]) + choose.choice(
                [f"--hash=sha256:{number}a", f"--hash sha256:{number}b", f"--hash=sha256:{number}c"]
            )
        lines.append(choose.choice(["", "", "", "  "]) + text + choose.choice(ENDS))
    return choose.choice(["\n", "\n", "\r\n"]).join(lines) + choose.choice(["", "\n"])


@pytest.mark.slow
def test_what_is_read_is_what_pip_reads(pip: Path, tmp_path: Path) -> None:
    paths = []
    for number in range(3000):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "base.txt").write_text("base==1.0\n")
        (folder / "limits.txt").write_text("limit<2\n")
        (folder / "requirements.txt").write_bytes(file_of(random.Random(number)).encode())
        paths.append(folder / "requirements.txt")
    cases = [{"path": str(path), "environments": environments()} for path in paths]
    read = refused = 0
    for path, answer in zip(paths, ask(pip, "lockfiles/requirements/ask_pip.py", cases), strict=True):
        found = ours(path)
        if "error" in found:
            # What pip leaves alone, or takes for something, may be refused here, never the other way round.
            refused += "error" in answer
            continue
        text = path.read_text()
        assert "error" not in answer, (text, answer, found)
        theirs = [_theirs(item) for item in answer["requirements"]]
        theirs.sort(key=lambda item: item["constraint"])
        # pip reads a file again that two lines include.
        unique = [item for number, item in enumerate(theirs) if item not in theirs[:number]]
        assert found["requirements"] == unique, text
        read += bool(theirs)
    assert read > 700
    assert refused > 700


@pytest.mark.slow
@pytest.mark.parametrize("path", CORPORA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_of_real_files_every_line_is_read_as_pip_reads_it(pip: Path, path: Path) -> None:
    (answer,) = ask(pip, "lockfiles/requirements/ask_pip.py", [{"path": str(path), "environments": environments()}])
    theirs = [_theirs(item) for item in answer["requirements"] if not item["link"]]
    found = [item for item in ours(path)["requirements"] if not item["direct"]]
    assert found == theirs
    lock = read_lock(Reader(), str(path))
    for number, environment in enumerate(environments()):
        wanted = sorted(f"{item['name']}{item['specifier']}" for item in theirs if item["holds"][number])
        selected = select(lock, Selection(), environment)
        assert isinstance(selected, Selected)
        assert sorted(f"{p.name}=={p.version}" for p in selected.packages if p.version is not None) == sorted(
            set(wanted)
        )


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the programs of an environment that holds pip alone."""
    return environment_with(tmp_path_factory.mktemp("empty") / "venv", "pip==26.3")


@pytest.mark.slow
@pytest.mark.parametrize("path", CORPORA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_files_select_what_pip_sync_would_install(pip: Path, empty: Path, path: Path, tmp_path: Path) -> None:
    # What is a folder it would build.
    text = path.read_text().replace("\n.\n", "\n")
    (tmp_path / "requirements.txt").write_text(text)
    command = [str(pip / "pip-sync"), "--dry-run", "--python-executable", str(empty / "python"), "requirements.txt"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    _, _, listed = done.stdout.partition("Would install:\n")
    wanted = {re.sub(r"\[.*?\]", "", name) for name in WOULD_INSTALL.findall(listed)}
    selected = select(read_lock(Reader(), str(tmp_path / "requirements.txt")), Selection(), here())
    assert isinstance(selected, Selected)
    # What it runs from is left alone.
    own = {"pip", "setuptools", "wheel", "pip-tools"}
    assert {f"{p.name}=={p.version}" for p in selected.packages if p.name not in own} == {
        name for name in wanted if name.partition("==")[0] not in own
    }


LOCAL = """\
alpha[x]==2.0 ; python_version >= "3.8"
beta==1.0
gamma==1.0 ; python_version >= "3.12"
epsilon==1.0 ; sys_platform == "never"
delta==1.0
tool>=1
tool==1.0
./lib
"""


def test_the_environment_that_uv_makes_of_a_file_is_clean_by_its_own_word_and_by_ours(tmp_path: Path) -> None:
    wheels(tmp_path / "wheels")
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "pyproject.toml").write_text(
        '[project]\nname = "my-lib"\nversion = "1.0"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (tmp_path / "lib" / "backend.py").write_text(BACKEND)
    (tmp_path / "requirements.txt").write_text(LOCAL)
    (tmp_path / "envguard.toml").write_text('lock = "requirements.txt"\n')
    assert uv(tmp_path, "venv", "--quiet", ".venv").returncode == 0
    install = ["pip", "sync", "--python", ".venv", "--no-index", "--find-links", "wheels", "requirements.txt"]
    done = uv(tmp_path, *install)
    assert done.returncode == 0, done.stderr
    check = [sys.executable, "-m", "envguard", "check", "--no-cache"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stdout
    assert set(re.findall(r"EG\d+", done.stdout)) == {"EG102", "EG105", "EG902"}
    assert uv(tmp_path, "pip", "uninstall", "--python", ".venv", "beta").returncode == 0
    change = ["pip", "install", "--python", ".venv", "--no-index", "--find-links", "wheels", "alpha==1.5"]
    assert uv(tmp_path, *change, "--no-deps").returncode == 0
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "requirements.txt:2: EG201 [missing-package] beta 1.0 is in the lock and not installed" in done.stdout
    assert "requirements.txt:1: EG203 [version-mismatch] alpha 1.5 is installed, the lock pins 2.0" in done.stdout
    assert "hint: " in done.stdout


BACKEND = """
import os, zipfile
def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "my_lib-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as archive:
        archive.writestr("my_lib.py", "")
        archive.writestr("my_lib-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: my-lib\\nVersion: 1.0\\n")
        archive.writestr("my_lib-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr("my_lib-1.0.dist-info/RECORD", "")
    return name
"""
