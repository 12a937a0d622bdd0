"""What should be installed from a ``pylock.toml``, compared with what uv, pip and packaging would install."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.markers import default_environment
from packaging.pylock import Pylock, PylockSelectError
from packaging.tags import compatible_tags, cpython_tags, mac_platforms

from envguard.errors import LockfileError
from envguard.lockfiles import read_lock
from envguard.lockfiles.environments import named_environment
from envguard.lockfiles.model import Refused, Selection
from envguard.lockfiles.select import select
from envguard.reader import Reader
from envguard.toml import parse_toml
from tests.lockfiles.pylock.documents import HEAD
from tests.lockfiles.world import uv, wheels
from tests.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from envguard.lockfiles.model import Lock

CORPORA = sorted(ROOT.glob("tests/corpora/pylock-*/pylock*.toml"))
INSTALLED = re.compile(r"^ \+ (\S+)", re.MULTILINE)
# Our name of a platform, and uv's.
PLATFORMS = [
    (None, None),
    ("windows", "windows"),
    ("macos", "aarch64-apple-darwin"),
    ("aarch64-unknown-linux-gnu", "aarch64-manylinux_2_40"),
]
MINORS = ["3.11", "3.12", "3.14"]


def here() -> dict[str, str]:
    return {key: str(value) for key, value in default_environment().items() if key != "extra"}


def ours(lock: Lock, selection: Selection, environment: dict[str, str]) -> list[str] | None:
    """Return what we select, the project itself left out; None where we refuse to."""
    try:
        selected = select(lock, selection, environment)
    except LockfileError:
        return None
    if isinstance(selected, Refused):
        return None
    return sorted(f"{p.name}=={p.version}" for p in selected.packages if p.source.location != ".")


def selections(lock: Lock) -> Iterator[Selection]:
    """Yield what can be chosen; uv leaves the default groups out where groups are named."""
    yield Selection()
    for extra in lock.extras:
        yield Selection(extras=(extra,))
    if lock.extras:
        yield Selection(extras=lock.extras)
    for group in lock.groups:
        yield Selection(groups=(group,), default_groups=False)
    if lock.groups:
        yield Selection(groups=lock.groups, default_groups=False)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an environment with nothing in it."""
    folder = tmp_path_factory.mktemp("empty")
    assert uv(folder, "venv", "--quiet", "env").returncode == 0
    return folder / "env"


def of_uv(empty: Path, path: Path, selection: Selection, *more: str) -> list[str] | None:
    """Return what uv would install, None where it refuses to."""
    options = [word for extra in selection.extras for word in ("--extra", extra)]
    options += [word for group in selection.groups for word in ("--group", group)]
    command = ["pip", "install", "--dry-run", "--preview-features", "pylock", "--python", str(empty)]
    done = uv(path.parent, *command, "-r", path.name, *options, *more)
    if done.returncode != 0:
        assert "can't be installed" in done.stderr or "incompatible" in done.stderr, done.stderr
        return None
    return sorted(name for name in INSTALLED.findall(done.stderr) if "==" in name)


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_locks_select_what_uv_would_install(empty: Path, path: Path) -> None:
    lock = read_lock(Reader(), str(path))
    # uv holds the range of Python against the interpreter, whatever version is asked for.
    assert of_uv(empty, path, Selection()) == ours(lock, Selection(), here())
    if path.parent.name == "pylock-spec":
        return
    given = 0
    for minor in MINORS:
        for platform, name in PLATFORMS:
            environment = named_environment(here(), python_version=minor, platform=platform)
            more = ["--python-version", minor, *(["--python-platform", name] if name is not None else [])]
            for selection in selections(lock) if platform != "macos" else [Selection()]:
                found = ours(lock, selection, environment)
                assert of_uv(empty, path, selection, *more) == found, (minor, platform, selection)
                given += found is not None
    # pip locks for the environment that it runs in.
    assert given == 1 if path.parent.name == "pylock-pip" else given > len(MINORS)


GLIBC = [f"manylinux_2_{minor}_x86_64" for minor in range(40, 4, -1)]
TAGS = {
    "linux": [*GLIBC, "manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"],
    "windows": ["win_amd64"],
    "macos": list(mac_platforms((15, 0), "arm64")),
}


@pytest.mark.parametrize("path", CORPORA, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_real_locks_select_what_packaging_says(path: Path) -> None:
    lock = read_lock(Reader(), str(path))
    theirs = Pylock.from_dict(parse_toml(path.read_text(), str(path), LockfileError))
    for minor, (platform, names) in ((minor, item) for minor in (9, 12) for item in TAGS.items()):
        environment = named_environment(here(), python_version=f"3.{minor}.1", platform=platform)
        tags = [
            *cpython_tags(python_version=(3, minor), abis=[f"cp3{minor}"], platforms=names),
            *compatible_tags(python_version=(3, minor), interpreter=f"cp3{minor}", platforms=names),
        ]
        for selection in selections(lock):
            groups = selection.groups if not selection.default_groups else None
            try:
                picked = theirs.select(
                    environment=environment,  # type: ignore[arg-type]
                    tags=tags,
                    extras=selection.extras,
                    dependency_groups=groups,
                )
                wanted = sorted(
                    f"{package.name}=={package.version}" for package, _ in picked if package.directory is None
                )
            except PylockSelectError:
                assert ours(lock, selection, environment) is None
                continue
            assert ours(lock, selection, environment) == wanted


def local_lock(folder: Path) -> str:
    """Return a lock of wheels that lie in *folder*, with extras, groups and markers."""
    wheels(folder / "wheels")
    markers = {
        "alpha-2.0": "python_version >= '3.8'",
        "alpha-1.0": "python_version < '3.8'",
        "beta-1.0": None,
        "gamma-1.0": "'plot' in extras",
        "delta-1.0": "'test' in dependency_groups",
        "epsilon-1.0": "sys_platform == 'never'",
        "zeta-1.0": "'plot' not in extras",
    }
    text = 'lock-version = "1.0"\ncreated-by = "hand"\n' + HEAD.replace("'win32'", "'darwin'").replace(
        'extras = ["plot", "fast"]', 'extras = ["plot"]'
    )
    for stem, marker in markers.items():
        name, _, version = stem.partition("-")
        file = f"{stem}-py3-none-any.whl"
        digest = hashlib.sha256((folder / "wheels" / file).read_bytes()).hexdigest()
        text += f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n'
        text += f'marker = "{marker}"\n' if marker is not None else ""
        text += f'wheels = [{{ name = "{file}", path = "wheels/{file}", hashes = {{ sha256 = "{digest}" }} }}]\n'
    return text


@pytest.mark.slow
def test_a_lock_selects_what_pip_would_install(pip: Path, tmp_path: Path) -> None:
    path = tmp_path / "pylock.toml"
    path.write_text(local_lock(tmp_path))
    lock = read_lock(Reader(), str(path))
    for extras in ((), ("plot",)):
        named = f"{path}[{','.join(extras)}]" if extras else str(path)
        command = ["-m", "pip", "install", "--dry-run", "--quiet", "--no-index", "--ignore-installed", "--report", "-"]
        done = subprocess.run([str(pip / "python"), *command, "-r", named], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        metadata = [item["metadata"] for item in json.loads(done.stdout)["install"]]
        wanted = sorted(f"{item['name']}=={item['version']}" for item in metadata)
        assert len(wanted) == 4
        assert ours(lock, Selection(extras=extras), here()) == wanted


def test_the_environment_that_uv_makes_of_a_lock_is_clean_by_its_own_word_and_by_ours(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(local_lock(tmp_path))
    assert uv(tmp_path, "venv", "--quiet", ".venv").returncode == 0
    command = ["pip", "sync", "--preview-features", "pylock", "--python", ".venv", "pylock.toml", "--extra", "plot"]
    assert uv(tmp_path, *command).returncode == 0
    assert uv(tmp_path, *command, "--check").returncode == 0
    check = [sys.executable, "-m", "envguard", "check", "--no-cache", "--extra", "plot", "--format", "json"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    codes = {finding["code"] for finding in json.loads(done.stdout)["findings"]}
    # There is no manifest, and nothing was recorded.
    assert codes == {"EG102", "EG902"}
    assert uv(tmp_path, "pip", "uninstall", "--python", ".venv", "gamma").returncode == 0
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    findings = json.loads(done.stdout)["findings"]
    (missing,) = [finding for finding in findings if finding["code"] == "EG201"]
    assert missing["subject"] == "gamma"


def test_the_project_itself_is_no_surprise_beside_an_export_that_leaves_it_out(tmp_path: Path) -> None:
    (tmp_path / "pylock.toml").write_text(local_lock(tmp_path))
    assert uv(tmp_path, "venv", "--quiet", ".venv").returncode == 0
    command = ["pip", "install", "--python", ".venv", "--no-index", "--find-links", "wheels", "tool"]
    assert uv(tmp_path, *command).returncode == 0
    check = [sys.executable, "-m", "envguard", "check", "--no-cache", "--format", "json"]
    for name, unexpected in (("other", ["tool"]), ("Tool", [])):
        (tmp_path / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1.0"\n')
        done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
        findings = json.loads(done.stdout)["findings"]
        assert [finding["subject"] for finding in findings if finding["code"] == "EG202"] == unexpected
