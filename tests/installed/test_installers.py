"""One wheel, installed by every installer: the digests agree, and they differ where the wheel does."""

from __future__ import annotations

import json
import os
import sys
from importlib.metadata import distributions  # noqa: TID251 - the oracle
from pathlib import Path

import pytest

from envguard.installed import find_environment, scan
from envguard.installed.model import Distribution, OriginKind
from envguard.model import Unknown
from envguard.names import normalize
from envguard.reader import Reader

from .tools import EVERY_PYTHON, bare, run, scanned, uv, venv, wheel

# Everything that a wheel can bring along: commas and spaces in names, somebody else's metadata, data, headers, scripts.
FILES = {
    "tiny/__init__.py": b"value = 1\n",
    "tiny/a,b.txt": b"x",
    "tiny/data with space.txt": b"y",
    "tiny/_vendor/other-1.0.dist-info/INSTALLER": b"pip\n",
    "{info}/entry_points.txt": b"[console_scripts]\ntiny-command = tiny:value\n",
    "{info}/licenses/LICENSE": b"words",
    "tiny-1.0.data/data/share/tiny/x.json": b"{}",
    "tiny-1.0.data/data/etc/tiny/y.json": b"{}",
    "tiny-1.0.data/scripts/tiny-script": b"#!python\nprint(1)\n",
    "tiny-1.0.data/scripts/tiny-program": b"\x7fELF" + bytes(1024 * 1024),
    "tiny-1.0.data/headers/tiny.h": b"//",
    "tiny-1.0.data/purelib/tiny_pure.py": b"1\n",
    "tiny-1.0.data/platlib/tiny_plat.py": b"2\n",
}
POETRY = ("poetry==2.5.1",)
PDM = ("pdm[locked]==2.29.3",)


@pytest.fixture(scope="session")
def pip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment with the pip that the standard library brings."""
    folder = tmp_path_factory.mktemp("pip") / "env"
    run(sys.executable, "-m", "venv", folder)
    return folder / "bin" / "python"


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return bare(tmp_path / "home", UV_CACHE_DIR=str(tmp_path / "cache"))


def only(folder: Path) -> Distribution:
    (site,) = folder.glob("lib/python*/site-packages")
    (found,) = [item for item in scanned(site).distributions if item.name == "tiny"]
    assert found.problems == ()
    return found


def with_pip(pip: Path, folder: Path, source: Path | str, *more: str) -> Distribution:
    """Install with pip; no index is asked."""
    python = venv(sys.executable, folder) / "bin" / "python"
    run(pip, "-m", "pip", "--python", python, "install", "-q", "--no-index", "--no-deps", *more, source)
    return only(folder)


def with_uv(folder: Path, home: dict[str, str], *source: str | Path) -> Distribution:
    """Install with uv; no index is asked."""
    venv(sys.executable, folder)
    uv("pip", "install", "-q", "--python", folder, "--no-deps", *source, env=home)
    return only(folder)


def test_pip_and_uv_agree(tmp_path: Path, pip: Path, home: dict[str, str]) -> None:
    built = wheel(tmp_path, files=FILES)
    compiled = with_pip(pip, tmp_path / "compiled", built)
    plain = with_pip(pip, tmp_path / "plain", built, "--no-compile")
    by_uv = with_uv(tmp_path / "uv", home, built)
    by_uv_compiled = with_uv(tmp_path / "uv-compiled", home, "--compile-bytecode", built)
    assert isinstance(plain.digest, str)
    assert compiled.digest == plain.digest == by_uv.digest == by_uv_compiled.digest
    assert [item.installer for item in (compiled, by_uv)] == ["pip", "uv"]
    for found, digest in ((compiled, True), (by_uv, False)):
        assert found.origin is not None
        assert (found.origin.kind, found.origin.path) == (OriginKind.ARCHIVE, str(built))
        assert (found.origin.hash is not None) == digest


def test_an_install_from_an_index_has_no_origin_and_the_same_digest(
    tmp_path: Path, pip: Path, home: dict[str, str]
) -> None:
    built = wheel(tmp_path / "index", files=FILES)
    found = with_pip(pip, tmp_path / "pip", "tiny", "--find-links", str(built.parent))
    by_uv = with_uv(tmp_path / "uv", home, "--no-index", "--find-links", built.parent, "tiny")
    assert found.origin is by_uv.origin is None
    assert found.digest == by_uv.digest == with_uv(tmp_path / "file", home, built).digest


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tiny/__init__.py", b"value = 2\n"),
        ("tiny-1.0.data/scripts/tiny-program", b"\x7fELF" + bytes(1024 * 1024 - 1) + b"\1"),
        ("tiny-1.0.data/data/etc/tiny/y.json", b"[]"),
        ("tiny-1.0.data/platlib/tiny_plat.py", b"3\n"),
        ("{info}/licenses/LICENSE", b"other words"),
    ],
)
def test_one_changed_byte_of_the_same_version_is_seen(
    tmp_path: Path, home: dict[str, str], name: str, content: bytes
) -> None:
    first = with_uv(tmp_path / "first", home, wheel(tmp_path / "a", files=FILES))
    second = with_uv(tmp_path / "second", home, wheel(tmp_path / "b", files={**FILES, name: content}))
    assert isinstance(first.digest, str)
    assert isinstance(second.digest, str)
    assert (first.version, first.digest != second.digest) == (second.version, True)


@pytest.mark.slow
@pytest.mark.network
@pytest.mark.parametrize(
    ("tool", "packages", "command"),
    [("poetry", POETRY, ("install", "-n", "--no-root")), ("pdm", PDM, ("install", "--no-self"))],
)
def test_poetry_and_pdm_agree_with_uv(
    tmp_path: Path, home: dict[str, str], tool: str, packages: tuple[str, ...], command: tuple[str, ...]
) -> None:
    run(sys.executable, "-m", "venv", tmp_path / tool)
    run(tmp_path / tool / "bin" / "python", "-m", "pip", "install", "-q", *packages)
    built = wheel(tmp_path, files=FILES)
    project = tmp_path / "project"
    venv(sys.executable, project / ".venv")
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "project"\nversion = "0"\nrequires-python = ">=3.11,<4"\n'
        f'dependencies = ["tiny @ {built.as_uri()}"]\n' + ("[tool.poetry]\npackage-mode = false\n" * (tool == "poetry"))
    )
    run(tmp_path / tool / "bin" / tool, *command, env={**home, "POETRY_VIRTUALENVS_IN_PROJECT": "true"}, cwd=project)
    found = only(project / ".venv")
    assert (found.installer or "").lower().startswith(tool)
    assert found.digest == with_uv(tmp_path / "uv", home, built).digest
    assert found.origin is not None
    assert (found.origin.path, (found.origin.hash or "")[:7]) == (str(built), "sha256:")


def source(folder: Path) -> Path:
    """Make a project that uv can build by itself."""
    (folder / "src" / "tiny").mkdir(parents=True)
    (folder / "src" / "tiny" / "__init__.py").write_text("value = 1\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nname = "tiny"\nversion = "1.0"\n'
        '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
    )
    return folder


def test_uv_tells_a_copied_folder_from_an_editable_one(tmp_path: Path, home: dict[str, str]) -> None:
    project = source(tmp_path / "my project")
    copied = with_uv(tmp_path / "copied", home, project)
    editable = with_uv(tmp_path / "editable", home, "-e", project)
    assert copied.origin is not None
    assert editable.origin is not None
    assert (copied.origin.kind, copied.origin.path) == (OriginKind.DIRECTORY, str(project))
    assert (editable.origin.kind, editable.origin.path) == (OriginKind.EDITABLE, str(project))
    assert isinstance(copied.digest, str)
    assert isinstance(editable.digest, Unknown)


def test_uv_tells_the_commit_of_a_git_source(tmp_path: Path, home: dict[str, str]) -> None:
    repository = source(tmp_path / "repository")
    git = ("git", "-C", repository, "-c", "user.name=a", "-c", "user.email=a@host.example")
    for command in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "first")):
        run(*git, *command, env=home)
    found = with_uv(tmp_path / "env", home, f"tiny @ git+{repository.as_uri()}")
    assert found.origin is not None
    assert (found.origin.kind, found.origin.url) == (OriginKind.GIT, repository.as_uri())
    assert found.origin.commit == run(*git, "rev-parse", "HEAD", env=home).strip()


@EVERY_PYTHON
def test_importlib_metadata_sees_the_same_names_and_versions(tmp_path: Path, home: dict[str, str], python: str) -> None:
    folder = venv(python, tmp_path / "env")
    names = {"tiny": "1.0", "Big.Name": "2.0+cpu", "under_score": "3.0.post1", "pre": "1.0rc1"}
    built = [wheel(tmp_path, name, version, files={f"{name}_module.py": b""}) for name, version in names.items()]
    uv("pip", "install", "-q", "--python", folder, "--no-deps", *built, env=home)
    (site,) = folder.glob("lib/python*/site-packages")
    expected = sorted((normalize(item.metadata["Name"]), item.version) for item in distributions(path=[str(site)]))
    inventory = scan(Reader(home), find_environment(Reader(home), str(tmp_path), str(folder)))
    assert [(item.name, item.version) for item in inventory.distributions] == expected
    assert len(expected) == len(names)
    assert inventory.strays == ()


def test_importlib_metadata_sees_the_same_in_the_environment_of_these_tests() -> None:
    reader = Reader()
    inventory = scan(reader, find_environment(reader, os.getcwd(), sys.executable))
    folders = [folder.path for folder in inventory.environment.folders]
    expected = {
        (normalize(item.metadata["Name"]), item.version, tuple(item.metadata.get_all("Requires-Dist") or ()))
        for item in distributions(path=folders)
    }
    assert {(item.name, item.metadata_version, item.requires) for item in inventory.distributions} == expected


def test_a_scan_runs_and_imports_nothing_of_the_environment(tmp_path: Path, home: dict[str, str]) -> None:
    trap = tmp_path / "sprung"
    spring = f"open({str(trap)!r}, 'a').close()"
    folder = venv(sys.executable, tmp_path / "env")
    (site,) = folder.glob("lib/python*/site-packages")
    uv(
        "pip",
        "install",
        "-q",
        "--python",
        folder,
        wheel(tmp_path, files={"tiny/__init__.py": spring.encode()}),
        env=home,
    )
    (site / "sitecustomize.py").write_text(spring)
    (site / "usercustomize.py").write_text(spring)
    (site / "trap.pth").write_text(f"import os; {spring}\n")
    (site / "tiny-1.0.dist-info" / "METADATA").write_text(
        f"Name: tiny\nVersion: 1.0\nRequires-Dist: x; {spring}\nX: $(touch {trap}) `touch {trap}` {{{spring}}}\n"
    )
    run(folder / "bin" / "python", "-c", "", env=home)
    assert trap.exists(), "the trap must work, or this test proves nothing"
    trap.unlink()
    # In a process of its own, whose modules are told afterwards.
    code = (
        "import sys; sys.path[:0] = sys.argv[2:]\n"
        "from envguard.installed import find_environment, requirement_closure, scan\n"
        "from envguard.reader import Reader\n"
        "r = Reader(); i = scan(r, find_environment(r, '/', sys.argv[1])); modules = sorted(sys.modules)\n"
        "requirement_closure(i, 'tiny', i.environment.markers)\n"
        "import json; print(json.dumps([[d.name for d in i.distributions], modules]))"
    )
    root = Path(__file__).parents[2]
    names, modules = json.loads(
        run(sys.executable, "-c", code, folder, *sys.path, env={**home, "PYTHONPATH": str(root)})
    )
    assert names == ["tiny"]
    assert not trap.exists()
    heavy = ("tiny", "csv", "email", "importlib.metadata", "packaging", "platform", "runpy", "subprocess", "urllib")
    assert not [name for name in modules if name.startswith(heavy)]
