"""A ``Pipfile.lock`` as pipenv itself takes it: what it would install, which hash it makes, and what is there afterwards."""

from __future__ import annotations

import functools
import hashlib
import http.server
import os
import subprocess
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.check import run_check
from envguard.errors import LockfileError
from envguard.lockfiles import freshness, read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Freshness, Refused, Selection
from envguard.lockfiles.pipenv.freshness import pipfile_hash
from envguard.lockfiles.pipenv.manifest import read_manifest
from envguard.lockfiles.select import select
from envguard.observe import Request
from envguard.reader import Reader
from tests.lockfiles.pipenv.documents import DOCUMENT, MANIFEST, lock
from tests.lockfiles.programs import ask
from tests.lockfiles.world import wheels
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envguard.lockfiles.model import Lock

pytestmark = pytest.mark.slow

ASK = "lockfiles/pipenv/ask_pipenv.py"
CORPORA = sorted(path.parent for path in (ROOT / "tests" / "corpora").glob("pipenv-*/Pipfile.lock"))
BASE = {
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "platform_release": "",
    "platform_version": "",
}
ENVIRONMENTS = [
    ("3.9.2", "linux"),
    ("3.10.9", "windows"),
    ("3.11.7", "linux"),
    ("3.11.7", "macos"),
    ("3.12.1", "windows"),
    ("3.12.1", "aarch64-unknown-linux-gnu"),
    ("3.13.0", "linux"),
]


def ours(lock: Lock, selection: Selection, environment: dict[str, str]) -> list[str] | None:
    """Return what we select, None where we refuse to."""
    try:
        selected = select(lock, selection, environment)
    except LockfileError:
        return None
    if isinstance(selected, Refused):
        return None
    return sorted(f"{p.name}=={p.version}" if p.version else p.name for p in selected.packages)


def compare(pipenv: Path, folder: Path) -> tuple[int, int]:
    """Hold our answers against pipenv's; return how many were given, and how many were refused for the Python."""
    read = read_lock(Reader(), str(folder / "Pipfile.lock"))
    cases: list[dict[str, Any]] = []
    mine: list[list[str] | None] = []
    for groups in ((), ("develop",), read.groups[2:], read.groups[1:]):
        for python, platform in ENVIRONMENTS:
            environment = named_environment(BASE, python_version=python, platform=platform)
            mine.append(ours(read, Selection(groups=groups), environment))
            cases.append({"folder": str(folder), "sections": ["packages", *groups], "environment": environment})
    for case, found, answer in zip(cases, mine, ask(pipenv, ASK, cases), strict=True):
        assert "error" not in answer, answer
        # pipenv only warns where the Python is not the one that the lock is made for.
        assert found in (None, answer["packages"]), case
    return sum(found is not None for found in mine), sum(found is None for found in mine)


@pytest.mark.parametrize("folder", CORPORA, ids=lambda folder: folder.name)
def test_real_locks_select_what_pipenv_would_install(pipenv: Path, folder: Path) -> None:
    given, refused = compare(pipenv, folder)
    assert given >= 8
    assert given + refused == 4 * len(ENVIRONMENTS)


def test_markers_sections_and_open_versions_select_what_pipenv_would_install(pipenv: Path, folder: Path) -> None:
    (folder / "Pipfile").write_text(MANIFEST)
    source_tree(folder / "libs" / "lib")
    open_on_windows = {"version": "*", "markers": "sys_platform == 'win32'"}
    text = lock(("_meta/requires", {}), ("default/open", open_on_windows), ("docs/anywhere", {"version": "*"}))
    (folder / "Pipfile.lock").write_text(text)
    assert compare(pipenv, folder) == (4 * len(ENVIRONMENTS), 0)


SAMPLES = [
    MANIFEST,
    "",
    "[packages]\n",
    MANIFEST.replace('python_version = "3.12"', 'python_full_version = "3.12.4"'),
    MANIFEST.replace("Beta_Two", '"BETA.two"'),
    MANIFEST + "\n[scripts]\nrun = 'x'\n\n[pipenv]\nallow_prereleases = true\n",
    MANIFEST + "\n[more]\nA_b = '*'\n'a.B' = '>=1'\n'grüße' = 1.5\nnumber = 3\n",
    "# a comment\n" + MANIFEST.replace(" = ", "="),
    MANIFEST.replace("\n", "\r\n"),
]


def test_the_hash_is_the_one_that_pipenv_makes(pipenv: Path, folder: Path) -> None:
    cases = []
    mine = []
    for number, text in enumerate(SAMPLES):
        own = folder / str(number)
        own.mkdir()
        (own / "Pipfile").write_bytes(text.encode())
        (own / "Pipfile.lock").write_text(lock())
        manifest = read_manifest(Reader(), str(own / "Pipfile"))
        assert manifest is not None
        mine.append(pipfile_hash(manifest, manifest.data.get("source")))
        cases.append({"folder": str(own), "sections": [], "environment": {}})
    answers = ask(pipenv, ASK, cases)
    assert [answer["error"] for answer in answers if "error" in answer] == []
    named = [number for number, text in enumerate(SAMPLES) if "[[source]]" in text]
    assert len(named) == len(SAMPLES) - 2
    assert [mine[number] for number in named] == [answers[number]["hash"] for number in named]
    assert answers[0]["hash"] == answers[0]["locked"] == DOCUMENT["_meta"]["hash"]["sha256"]
    # Comments, spaces, scripts, settings and the spelling of names are no part of it.
    assert len(set(mine)) == 4


# A backend of its own: nothing has to be fetched to build with it.
BACKEND = """
import os, zipfile

def _wheel(folder, lines):
    name = os.path.basename(os.getcwd())
    info = f"{name}-1.0.dist-info"
    files = {**lines, f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n",
             f"{info}/WHEEL": "Wheel-Version: 1.0\\nGenerator: own\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"}
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in (*files, f"{info}/RECORD"))
    target = f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(folder, target), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return target

def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder, {"code.py": "x = 1"})

def build_editable(folder, config_settings=None, metadata_directory=None):
    return _wheel(folder, {"code.pth": os.getcwd()})
"""


def source_tree(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{folder.name}"\nversion = "1.0"\n\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (folder / "backend.py").write_text(BACKEND)


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a package index (PEP 503) of the small wheels, and return its URL."""
    root = tmp_path_factory.mktemp("index")
    wheels(root / "files")
    for file in sorted((root / "files").iterdir()):
        page = root / "simple" / file.name.partition("-")[0] / "index.html"
        page.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        with page.open("a") as lines:
            lines.write(f'<a href="/files/{file.name.replace("+", "%2B")}#sha256={digest}">{file.name}</a>\n')
    handler = functools.partial(Quiet, directory=str(root))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/simple"
        server.shutdown()
        thread.join()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


PROJECT = """
[[source]]
name = "local"
url = "INDEX"
verify_ssl = false

[packages]
alpha = "<2"
checkout = {git = "file://REPOSITORY", ref = "v1", editable = true}
lib = {path = "./libs/lib", editable = true}

[dev-packages]
zeta = "*"

[docs]
tool = "==1.0"
"""


def test_what_pipenv_installs_is_clean_and_every_drift_is_found(pipenv: Path, folder: Path, index: str) -> None:
    source_tree(folder / "repository" / "checkout")
    repository = folder / "repository" / "checkout"
    git(repository, "init", "--initial-branch=main")
    git(repository, "add", ".")
    git(repository, "commit", "-m", "one")
    git(repository, "tag", "v1")
    project = folder / "project"
    source_tree(project / "libs" / "lib")
    (project / "Pipfile").write_text(PROJECT.replace("INDEX", index).replace("REPOSITORY", str(repository)))

    def run(*arguments: str) -> str:
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PIPENV_"))}
        environ |= {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1", "PIP_CONFIG_FILE": os.devnull}
        environ |= {"PIPENV_NOSPIN": "1", "PIPENV_YES": "1", "CI": "1"}
        done = subprocess.run(
            [str(pipenv / "pipenv"), *arguments], cwd=project, env=environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def codes(*groups: str) -> list[tuple[str, str]]:
        report = run_check(Reader(), str(project), Request(groups=groups)).report
        return [(finding.code, finding.subject) for finding in report.findings if finding.code != "EG902"]

    run("lock")
    run("verify")
    read = read_lock(Reader(), str(project / "Pipfile.lock"))
    assert freshness(Reader(), read).state is Freshness.FRESH
    assert compare(pipenv, project) == (4 * len(ENVIRONMENTS), 0)
    run("sync")
    assert codes() == []
    assert {subject for _, subject in codes("develop", "docs")} == {"zeta", "delta", "tool"}
    run("sync", "--categories", "packages develop docs")
    assert codes("develop", "docs") == []
    python = str(project / ".venv" / "bin" / "python")
    base = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps", "--index-url", index]
    environ = {**os.environ, "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    subprocess.run([*base, "tool==2.0"], check=True, env=environ)
    git(project / ".venv" / "src" / "checkout", "commit", "--allow-empty", "-m", "two")
    assert codes("develop", "docs") == [("EG203", "tool"), ("EG205", "checkout")]
