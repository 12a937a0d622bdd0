"""Environments of conda at the command line, beside the locks of pixi and conda-lock."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.installed.prefixes import CHANNEL, SITE, install, make_prefix, python_part, sha256
from tests.installed.tools import dist_info

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli

PYTHON = ("python", "3.12.4", "h1_0_cpython")
BLAS = ("libblas", "3.9.0", "20_linux64_openblas")
NUMPY = ("numpy", "2.1.0", "py312_0")
PACKAGES = (PYTHON, BLAS, NUMPY)
# What conda-lock asks for where a file lists packages for pip.
PIP = ("pip", "26.3", "pyh_0")
TINY = "https://files.index.example/tiny-1.5-py3-none-any.whl"
MANIFEST = """\
[workspace]
name = "app"
channels = ["conda-forge"]
platforms = ["linux-64"]

[dependencies]
python = "3.12.*"
numpy = ">=2,<3"
libblas = "*"

[pypi-dependencies]
tiny = ">=1"

[feature.light.dependencies]
python = "3.12.*"

[environments]
light = { features = ["light"], no-default-feature = true }
"""


def url(package: tuple[str, str, str]) -> str:
    return f"{CHANNEL}/linux-64/{'-'.join(package)}.conda"


def pixi_lock(numpy: tuple[str, str, str] = NUMPY) -> str:
    text = "version: 6\nenvironments:\n"
    for name, packages in (("default", (PYTHON, BLAS, numpy)), ("light", (PYTHON,))):
        text += f"  {name}:\n    channels:\n    - url: {CHANNEL}/\n    indexes:\n    - https://index.example/simple\n"
        text += "    packages:\n      linux-64:\n" + "".join(f"      - conda: {url(package)}\n" for package in packages)
        text += f"      - pypi: {TINY}\n" if name == "default" else ""
    text += "packages:\n"
    for package in (PYTHON, BLAS, numpy):
        text += f"- conda: {url(package)}\n  sha256: {sha256(*package)}\n"
        text += "  depends: [libblas >=3.9]\n" if package == numpy else "  depends: [__glibc >=2.17]\n"
        text += f"  purls: [{'pkg:pypi/numpy' if package == numpy else ''}]\n"
    return text + f"- pypi: {TINY}\n  name: tiny\n  version: '1.5'\n  sha256: {'1' * 64}\n"


def conda_lock() -> str:
    text = "version: 1\nmetadata:\n  content_hash: {linux-64: x}\n  channels:\n  - url: conda-forge\n    used_env_vars: []\n"
    text += "  platforms: [linux-64]\n  sources: [environment.yml]\npackage:\n"
    for name, version, build in (*PACKAGES, PIP):
        text += (
            f"- name: {name}\n  version: '{version}'\n  manager: conda\n  platform: linux-64\n  dependencies: {{}}\n"
        )
        text += f"  url: {url((name, version, build))}\n  hash: {{sha256: {sha256(name, version, build)}}}\n"
        text += "  category: main\n  optional: false\n"
    text += (
        f"- name: tiny\n  version: '1.5'\n  manager: pip\n  platform: linux-64\n  dependencies: {{}}\n  url: {TINY}\n"
    )
    return text + f"  hash: {{sha256: {'1' * 64}}}\n  category: main\n  optional: false\n"


ENVIRONMENT = "channels: [conda-forge]\nplatforms: [linux-64]\ndependencies:\n- python 3.12.*\n- numpy >=2\n- libblas\n- pip: [tiny]\n"


def fill(prefix: Path) -> Path:
    """Install into *prefix* what the locks ask for."""
    make_prefix(prefix)
    for name, version, build in PACKAGES:
        install(prefix, name, version, build, python_part(name, version) if name == "numpy" else None)
    dist_info(prefix / SITE, "tiny-1.5", installer="uv-pixi")
    return prefix


@pytest.fixture
def pixi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of pixi with its default environment; the current folder."""
    (tmp_path / "pixi.toml").write_text(MANIFEST)
    (tmp_path / "pixi.lock").write_text(pixi_lock())
    prefix = fill(tmp_path / ".pixi" / "envs" / "default")
    (prefix / "conda-meta" / "pixi").write_text('{"environment_name": "default"}')
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_project_of_pixi_is_set_up_recorded_and_checked(cli: Cli, pixi: Path) -> None:
    result = cli("init")
    assert (result.status, result.err) == (0, "")
    assert (
        "  environment                 .pixi/envs/default (.pixi/envs/default of the project), 4 packages\n"
        in result.out
    )
    assert (
        "  selection                   groups default; no default groups (told from what is installed)\n" in result.out
    )
    assert "wrote envguard.toml\n" in result.out
    assert (pixi / "envguard.toml").read_text().splitlines()[2:3] == ['level = "host-to-host"']
    machine = json.loads((pixi / "envguard.lock").read_text())["machines"]["default"]
    assert machine["conda"]["numpy"] == f"2.1.0=py312_0 sha256:{sha256(*NUMPY)}"
    assert sorted(machine["conda"]) == ["libblas", "numpy", "python"]
    assert sorted(machine["packages"]) == ["tiny"]
    assert machine["selection"]["groups"] == ["default"]
    result = cli("check")
    assert result.status == 0, result.out
    assert result.out.startswith("lock         pixi.lock, 4 packages (groups default; no default groups)\n")
    assert cli("init").out.startswith(". is set up already")
    # Recorded again it is the same, to the byte.
    before = (pixi / "envguard.lock").read_bytes()
    assert cli("record").out.startswith("nothing changed")
    assert (pixi / "envguard.lock").read_bytes() == before


def test_drift_of_both_kinds_is_told(cli: Cli, pixi: Path) -> None:
    assert cli("init").status == 0
    prefix = pixi / ".pixi" / "envs" / "default"
    # Another BLAS, a package too many, and pip over conda's numpy.
    (prefix / "conda-meta" / "libblas-3.9.0-20_linux64_openblas.json").unlink()
    install(prefix, "libblas", "3.9.0", "20_linux64_mkl")
    install(prefix, "mkl", "2024.2", "h1_0")
    shutil.rmtree(prefix / SITE / "numpy-2.1.0.dist-info")
    dist_info(prefix / SITE, "numpy-2.2.0", installer="pip")
    result = cli("check", "--format", "json")
    assert result.status == 1
    found = [item for item in json.loads(result.out)["findings"] if item["code"].startswith("EG2")]
    assert [(item["code"], item["subject"]) for item in found] == [
        ("EG204", "libblas"),
        ("EG206", "numpy"),
        ("EG202", "mkl"),
    ]
    assert (found[0]["place"]["path"], found[0]["place"]["line"]) == (str(pixi / "pixi.lock"), 27)


def test_another_environment_of_pixi_is_no_drift_but_another_environment(
    cli: Cli, pixi: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("init").status == 0
    light = make_prefix(pixi / ".pixi" / "envs" / "light")
    install(light, *PYTHON)
    (light / "conda-meta" / "pixi").write_text('{"environment_name": "light"}')
    monkeypatch.setenv("CONDA_PREFIX", str(light))
    result = cli("check")
    assert result.status == 1
    said = " ".join(result.out.split())
    assert (
        "pixi.lock:3: EG209 [unsupported-environment] this is pixi's environment 'light', and 'default' is what" in said
    )
    assert (
        "hint: pixi run --environment default envguard check, or select this one: envguard check --group light" in said
    )
    assert cli("record", "--machine", "light").status == 0
    assert json.loads((pixi / "envguard.lock").read_text())["machines"]["light"]["selection"]["groups"] == ["light"]
    assert cli("check", "--machine", "light").status == 0


def test_what_is_locked_is_listed_as_its_installers_write_it(cli: Cli, pixi: Path) -> None:
    result = cli("lock", "list")
    assert (
        result.out == "libblas=3.9.0=20_linux64_openblas\nnumpy=2.1.0=py312_0\npython=3.12.4=h1_0_cpython\ntiny==1.5\n"
    )
    assert cli("lock", "list", "--group", "light").out == "python=3.12.4=h1_0_cpython\n"
    packages = json.loads(cli("lock", "list", "--format", "json").out)["packages"]
    assert packages[1]["conda"] == {"build": "py312_0", "subdir": "linux-64", "md5": None}
    assert "conda" not in packages[3]


def test_a_lock_of_pixi_is_checked_without_an_environment(cli: Cli, pixi: Path) -> None:
    assert cli("lock", "check").status == 0
    (pixi / "pixi.toml").write_text(MANIFEST.replace(">=2,<3", ">=3"))
    result = cli("lock", "check")
    assert result.status == 1
    assert "pixi.toml:8: EG101 [stale-lock]" in result.out


def test_a_broken_lock_is_status_2_with_its_line(cli: Cli, pixi: Path) -> None:
    (pixi / "pixi.lock").write_text(pixi_lock().replace("version: 6\n", "version: 6\nversion: 6\n"))
    result = cli("check")
    assert (result.status, result.out) == (2, "")
    assert "pixi.lock:2: " in result.err
    (pixi / "pixi.lock").write_text(pixi_lock())
    (pixi / ".pixi" / "envs" / "default" / "conda-meta" / "pixi").write_text("{")
    result = cli("check")
    assert result.status == 2
    assert result.err.endswith("hint: pixi install, which writes it anew\n")


def test_a_change_of_the_lock_says_which_build_it_is_now(cli: Cli, pixi: Path) -> None:
    (pixi / "old").mkdir()
    (pixi / "old" / "pixi.lock").write_text(pixi_lock().replace("openblas", "mkl"))
    result = cli("diff", "old/pixi.lock", "pixi.lock")
    # Where the stream has an arrow, it is one.
    out = result.out.replace("→", "->")
    assert "  libblas  3.9.0 20_linux64_mkl -> 3.9.0 20_linux64_openblas  rebuilt  " in out
    assert "\nlibblas mkl -> openblas: another BLAS\n" in out
    document = json.loads(cli("diff", "old/pixi.lock", "pixi.lock", "--format", "json").out)
    (change,) = document["locks"][0]["packages"]
    assert change["new"]["conda"] == {"build": "20_linux64_openblas", "subdir": "linux-64"}


def test_a_project_of_conda_lock_is_checked_in_the_active_environment(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "environment.yml").write_text(ENVIRONMENT)
    (tmp_path / "conda-lock.yml").write_text(conda_lock())
    prefix = fill(tmp_path / "prefix")
    install(prefix, *PIP)
    direct = {"url": TINY, "archive_info": {"hashes": {"sha256": "1" * 64}}}
    (prefix / SITE / "tiny-1.5.dist-info" / "direct_url.json").write_text(json.dumps(direct))
    monkeypatch.setenv("CONDA_PREFIX", str(prefix))
    monkeypatch.chdir(tmp_path)
    assert cli("init").status == 0
    result = cli("check")
    assert result.status == 0, result.out
    assert result.out.startswith("lock         conda-lock.yml, 5 packages (default groups)\n")
    (prefix / "conda-meta" / "numpy-2.1.0-py312_0.json").unlink()
    result = cli("check")
    assert result.status == 1
    assert "EG201 [missing-package] numpy 2.1.0 py312_0 is in the lock and not installed\n" in result.out
    assert f"hint: conda-lock install conda-lock.yml --prefix {prefix}\n" in result.out


def test_conda_without_a_lock_of_its_own_is_recorded(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock of uv in an environment of conda: what lies beneath is held against the record."""
    lock = f"""version = 1
revision = 3
requires-python = ">=3.12"

[[package]]
name = "app"
version = "0.1.0"
source = {{ virtual = "." }}
dependencies = [
    {{ name = "tiny" }},
]

[package.metadata]
requires-dist = [{{ name = "tiny" }}]

[[package]]
name = "tiny"
version = "1.5"
source = {{ registry = "https://index.example/simple" }}
wheels = [
    {{ url = "{TINY}", hash = "sha256:{"1" * 64}", size = 1 }},
]
"""
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "app"\nversion = "0.1.0"\nrequires-python = ">=3.12"\ndependencies = ["tiny"]\n\n'
        '[[tool.uv.index]]\nurl = "https://index.example/simple"\ndefault = true\n'
    )
    (tmp_path / "uv.lock").write_text(lock)
    prefix = make_prefix(tmp_path / "prefix")
    for package in (PYTHON, BLAS):
        install(prefix, *package)
    dist_info(prefix / SITE, "tiny-1.5", installer="pip")
    monkeypatch.setenv("CONDA_PREFIX", str(prefix))
    monkeypatch.chdir(tmp_path)
    assert cli("init").status == 0
    result = cli("check")
    assert result.status == 0, result.out
    (prefix / "conda-meta" / "libblas-3.9.0-20_linux64_openblas.json").unlink()
    install(prefix, "libblas", "3.9.0", "20_linux64_mkl")
    result = cli("check")
    assert result.status == 1
    assert "EG211 [unlocked-change] libblas 3.9.0=20_linux64_openblas was recorded," in result.out
