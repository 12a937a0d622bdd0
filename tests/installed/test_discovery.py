"""Which environment is taken, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvironmentNotFoundError
from envguard.installed import find_environment
from envguard.reader import Reader

from .prefixes import make_prefix
from .tools import bare, installation, virtual

if TYPE_CHECKING:
    from pathlib import Path

    from envguard.installed.model import Environment


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return installation(tmp_path / "base")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def find(project: Path, python: Path | str | None = None, **environ: Path | str) -> Environment:
    variables = bare(project.parent / "home", **{key: str(value) for key, value in environ.items()})
    return find_environment(Reader(variables), str(project), str(python) if python is not None else None)


def failure(project: Path, python: Path | str | None = None, **environ: Path | str) -> str:
    with pytest.raises(EnvironmentNotFoundError) as caught:
        find(project, python, **environ)
    return str(caught.value)


def test_the_option_comes_before_everything(tmp_path: Path, project: Path, base: Path) -> None:
    named, active = virtual(tmp_path / "named", base), virtual(tmp_path / "active", base)
    virtual(project / ".venv", base)
    found = find(project, named, VIRTUAL_ENV=active, CONDA_PREFIX=tmp_path / "base")
    assert (found.prefix, found.chosen_by, found.running) == (str(named), "--python", False)


@pytest.mark.parametrize("name", ["", "bin/python"])
def test_the_option_takes_a_folder_or_an_interpreter(tmp_path: Path, project: Path, base: Path, name: str) -> None:
    named = virtual(tmp_path / "named", base)
    found = find(project, named / name)
    assert (found.prefix, found.executable) == (str(named), str(named / "bin" / "python"))
    assert found.base_prefix == str(tmp_path / "base")


def test_the_option_takes_an_installation(tmp_path: Path, project: Path, base: Path) -> None:
    for named in (base, tmp_path / "base"):
        found = find(project, named)
        assert (found.prefix, found.base_prefix, found.version) == (str(base.parent.parent),) * 2 + ("3.11.9",)


def test_the_option_may_be_relative(tmp_path: Path, project: Path, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    virtual(tmp_path / "named", base)
    monkeypatch.chdir(tmp_path)
    assert find(project, "named").prefix == str(tmp_path / "named")


def test_a_link_to_the_interpreter_of_an_environment_is_not_the_environment(
    tmp_path: Path, project: Path, base: Path
) -> None:
    # The interpreter looks for pyvenv.cfg beside the name that it is called by.
    named = virtual(tmp_path / "named", base)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "python").symlink_to(named / "bin" / "python")
    assert find(project, tmp_path / "elsewhere" / "python").prefix == str(tmp_path / "base")


def test_the_virtual_environment_that_is_active_comes_before_conda_and_the_project(
    tmp_path: Path, project: Path, base: Path
) -> None:
    active = virtual(tmp_path / "active", base)
    virtual(project / ".venv", base)
    found = find(project, VIRTUAL_ENV=active, CONDA_PREFIX=tmp_path / "base", CONDA_DEFAULT_ENV="mine")
    assert (found.prefix, found.chosen_by) == (str(active), "VIRTUAL_ENV")


def test_a_conda_environment_that_is_active_comes_before_the_project(tmp_path: Path, project: Path, base: Path) -> None:
    virtual(project / ".venv", base)
    found = find(project, CONDA_PREFIX=tmp_path / "base", CONDA_DEFAULT_ENV="mine")
    assert (found.prefix, found.chosen_by) == (str(tmp_path / "base"), "CONDA_PREFIX")


@pytest.mark.parametrize("more", [{"CONDA_DEFAULT_ENV": "base"}, {"CONDA_DEFAULT_ENV": "root"}, {"_CONDA_ROOT": None}])
def test_the_base_of_conda_comes_after_the_project(tmp_path: Path, project: Path, more: dict[str, str | None]) -> None:
    conda = tmp_path / "miniforge"
    python = installation(conda)
    environ = {key: value or str(conda) for key, value in more.items()}
    assert find(project, CONDA_PREFIX=conda, **environ).chosen_by == "CONDA_PREFIX"
    virtual(project / ".venv", python)
    assert find(project, CONDA_PREFIX=conda, **environ).chosen_by == ".venv of the project"


def test_an_environment_of_conda_without_python_is_passed_over(tmp_path: Path, project: Path, base: Path) -> None:
    (tmp_path / "cuda" / "conda-meta").mkdir(parents=True)
    virtual(project / ".venv", base)
    assert find(project, CONDA_PREFIX=tmp_path / "cuda").chosen_by == ".venv of the project"


def test_the_project_has_the_environment_that_uv_is_told_to_use(tmp_path: Path, project: Path, base: Path) -> None:
    virtual(project / "env", base)
    virtual(project / ".venv", base)
    found = find(project, UV_PROJECT_ENVIRONMENT="env")
    assert (found.prefix, found.chosen_by) == (str(project / "env"), "UV_PROJECT_ENVIRONMENT")
    assert failure(project, UV_PROJECT_ENVIRONMENT=tmp_path / "gone") == (
        f"{tmp_path / 'gone'}: is the project's environment by UV_PROJECT_ENVIRONMENT, but is not there\n"
        "hint: make it with uv sync, or name another one with --python"
    )


def test_the_default_environment_of_pixi_comes_after_that_of_uv(tmp_path: Path, project: Path) -> None:
    made = make_prefix(project / ".pixi" / "envs" / "default")
    found = find(project)
    assert (found.prefix, found.chosen_by) == (str(made), ".pixi/envs/default of the project")
    other = make_prefix(project / ".pixi" / "envs" / "cuda")
    assert find(project, CONDA_PREFIX=other).prefix == str(other)
    virtual(project / ".venv", made / "bin" / "python3.12", "3.12.4")
    assert find(project).prefix == str(project / ".venv")


def test_an_environment_of_pixi_without_python_is_passed_over(project: Path) -> None:
    (project / ".pixi" / "envs" / "default" / "conda-meta").mkdir(parents=True)
    assert find(project).running


def test_without_any_other_the_running_interpreter_is_taken(project: Path) -> None:
    found = find(project)
    assert (found.chosen_by, found.running) == ("the running interpreter", True)


def test_the_choice_is_traced(tmp_path: Path, project: Path, base: Path) -> None:
    reader = Reader(bare(tmp_path / "home"))
    find_environment(reader, str(project), None)
    assert {("env", "VIRTUAL_ENV"), ("env", "CONDA_PREFIX"), ("probe", "interpreter")} <= set(reader.trace.values)
    assert reader.trace.values["kind", str(project / ".venv")] == "-"
    venv = virtual(project / ".venv", base)
    reader = Reader(bare(tmp_path / "home"))
    find_environment(reader, str(project), None)
    assert {str(venv / "pyvenv.cfg"), str(venv / "bin/python")} <= set(reader.trace.files)
    assert reader.trace.values["kind", str(venv / "lib/python3.11/site-packages")] == "folder"


def test_an_option_that_names_nothing_says_so(tmp_path: Path, project: Path) -> None:
    assert failure(project, tmp_path / "gone" / "python") == (
        f"{tmp_path / 'gone' / 'python'}: is not there, so it names no Python environment\n"
        "hint: make it with uv sync, or name another one with --python"
    )


@pytest.mark.parametrize("bare_name", ["3.12", "python3.12"])
def test_an_option_that_is_no_path_says_so(
    tmp_path: Path, project: Path, bare_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert failure(project, bare_name) == (
        f"'{bare_name}' is neither an interpreter nor the folder of an environment\n"
        f'hint: name a path, such as --python .venv or --python "$(command -v {bare_name})"'
    )


def test_a_folder_without_an_interpreter_says_so(tmp_path: Path, project: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert failure(project, tmp_path / "empty") == (
        f"{tmp_path / 'empty'}: has no interpreter in it, so it is no Python environment\n"
        "hint: make it with uv sync, or name another one with --python"
    )
    (project / ".venv").mkdir()
    assert failure(project) == (
        f"{project / '.venv'}: is the project's environment, but has no interpreter in it\n"
        "hint: make it with uv sync, or name another one with --python"
    )


@pytest.mark.parametrize("variable", ["VIRTUAL_ENV", "CONDA_PREFIX"])
def test_an_active_environment_that_is_gone_says_so(tmp_path: Path, project: Path, variable: str) -> None:
    gone = tmp_path / "gone"
    assert failure(project, **{variable: gone}) == (
        f"{gone}: is the active environment by {variable}, but is not there\n"
        f"hint: unset {variable}, or name an environment with --python"
    )


def test_an_active_environment_without_an_interpreter_says_so(tmp_path: Path, project: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert failure(project, VIRTUAL_ENV=tmp_path / "empty") == (
        f"{tmp_path / 'empty'}: is the active environment by VIRTUAL_ENV, but has no interpreter in it\n"
        "hint: unset VIRTUAL_ENV, or name an environment with --python"
    )


@pytest.mark.parametrize("named", ["", "bin/python"])
def test_an_environment_whose_python_is_gone_says_so(tmp_path: Path, project: Path, base: Path, named: str) -> None:
    venv = virtual(tmp_path / "venv", base)
    base.unlink()
    assert failure(project, venv / named) == (
        f"{venv / named}: has an interpreter that leads nowhere: the Python it was made from is gone\n"
        "hint: make the environment anew, for example with uv venv --clear and uv sync"
    )


def test_an_environment_whose_python_has_moved_on_says_so(tmp_path: Path, project: Path) -> None:
    newer = installation(tmp_path / "newer", "3.12.1")
    venv = virtual(tmp_path / "venv", newer, "3.11.9")
    assert failure(project, venv) == (
        f"{venv}: has no folder of packages for Python 3.12.1, which its interpreter is now\n"
        "hint: make the environment anew, for example with uv venv --clear and uv sync"
    )


def test_a_script_that_starts_an_interpreter_is_none(tmp_path: Path, project: Path) -> None:
    shim = tmp_path / "python3.11"
    shim.write_text("#!/bin/sh\nexec something\n")
    assert failure(project, shim) == (
        f"{shim}: is a script, no interpreter\nhint: name the interpreter itself, the one that sys.executable is in it"
    )


def test_any_other_file_is_no_interpreter(tmp_path: Path, project: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    assert failure(project, tmp_path / "notes.txt") == (
        f"{tmp_path / 'notes.txt'}: is no interpreter with its library beside it\n"
        "hint: name the interpreter itself, the one that sys.executable is in it"
    )


def test_an_interpreter_whose_version_no_file_tells_says_so(tmp_path: Path, project: Path, base: Path) -> None:
    (tmp_path / "base/include/python3.11/patchlevel.h").unlink()
    python = virtual(tmp_path / "venv", base) / "bin/python"
    assert failure(project, tmp_path / "venv") == (
        f"{python}: is an interpreter whose full version cannot be told from files\n"
        f"hint: run envguard with that interpreter: {python} -m envguard check"
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"home = \xff\xfe", "is not UTF-8 text: byte at offset 7"),
        (b"x" * (1024 * 1024 + 1), "is too large: 1048577 bytes, at most 1048576 are read"),
    ],
)
def test_a_pyvenv_cfg_that_is_no_text_says_so(
    tmp_path: Path, project: Path, base: Path, content: bytes, message: str
) -> None:
    settings = virtual(tmp_path / "venv", base) / "pyvenv.cfg"
    settings.write_bytes(content)
    assert failure(project, tmp_path / "venv") == f"{settings}: {message}"


def test_a_copied_interpreter_whose_installation_is_gone_says_so(tmp_path: Path, project: Path, base: Path) -> None:
    venv = virtual(tmp_path / "venv", base)
    (venv / "bin/python").unlink()
    (venv / "bin/python").write_bytes(b"\x7fELF")
    (venv / "pyvenv.cfg").write_text("home = /gone/bin\n")
    assert failure(project, venv) == (
        f"{venv}: was made from a Python that is gone: /gone/bin\n"
        "hint: make the environment anew, for example with uv venv --clear and uv sync"
    )
    (venv / "pyvenv.cfg").write_text("")
    assert "was made from a Python that is gone: its pyvenv.cfg names no home" in failure(project, venv)
