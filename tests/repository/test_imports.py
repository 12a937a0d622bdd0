"""Is what a process has loaded committed? Asked in real processes, of every way in which a file gets loaded."""

from __future__ import annotations

import importlib.util
import json
import os
import py_compile
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from envguard.repository.model import LoadedState

from .conftest import Repository, another

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[2]
ASK = """
import json, sys
from envguard.reader import Reader
from envguard.repository.imports import loaded_code
found = loaded_code(Reader())
print(json.dumps({
    "main": found.main,
    "files": {(item.root or "") + " " + item.name: [str(item.state), item.module, item.reason] for item in found.files},
    "commits": found.commits,
}))
"""


class Loaded:
    """What a process said that it has loaded, seen from *root*."""

    def __init__(self, root: Path, found: Mapping[str, object], said: str = "") -> None:
        self.root = root
        self.said = said
        self.main = found["main"]
        self.commits = found["commits"]
        self.files: dict[str, list[str]] = found["files"]  # type: ignore[assignment]

    @property
    def states(self) -> dict[str, str]:
        """The state of each file, by its name in the repository, or its whole path where it is in another or in none."""
        start = f"{self.root} "
        return {
            (name.removeprefix(start) if name.startswith(start) else name.replace(" ", "/").replace("//", "/")): value[
                0
            ]
            for name, value in self.files.items()
        }


def run(folder: Path, *arguments: str, root: Path | None = None, given: str = "", **environ: str) -> Loaded:
    path = os.pathsep.join(filter(None, (str(ROOT), environ.pop("MORE", ""))))
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1", **environ},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Loaded(root or folder, json.loads(done.stdout), done.stderr)


@pytest.fixture
def project(committed: Repository) -> Repository:
    """A repository whose script and module are committed."""
    committed.write("train.py", "import lib\n" + ASK)
    committed.commit()
    return committed


def test_what_is_committed_is_committed(project: Repository) -> None:
    found = run(project.folder, "train.py")
    assert found.main == "script"
    assert found.states == {"train.py": "committed", "lib/__init__.py": "committed"}
    assert found.files[f"{project.folder} train.py"][1] == "__main__"
    assert found.files[f"{project.folder} lib/__init__.py"][1] == "lib"
    assert found.commits == {str(project.folder): project.git("rev-parse", "HEAD").strip()}


def test_the_main_script_itself_is_looked_at(project: Repository) -> None:
    project.write("other.py", ASK, add=False)
    assert run(project.folder, "other.py").states == {"other.py": "untracked"}
    project.git("add", "other.py")
    assert run(project.folder, "other.py").states == {"other.py": "untracked"}, "what is staged is not committed"
    project.commit()
    assert run(project.folder, "other.py").states == {"other.py": "committed"}
    project.write("other.py", ASK + "\n", add=False)
    assert run(project.folder, "other.py").states == {"other.py": "changed"}


@pytest.mark.parametrize("arguments", [("-m", "lib.main"), ("lib/main.py",), ("lib",)])
def test_however_the_main_program_is_started(project: Repository, arguments: tuple[str, ...]) -> None:
    project.write("lib/main.py", ASK, add=False)
    project.write("lib/__main__.py", ASK, add=False)
    main = "lib/__main__.py" if arguments == ("lib",) else "lib/main.py"
    assert run(project.folder, *arguments).states[main] == "untracked"


def test_a_program_that_is_typed_has_no_file(project: Repository) -> None:
    assert run(project.folder, "-c", "import lib\n" + ASK).main == "interactive"
    assert run(project.folder, "-", given=ASK).main == "interactive"


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree", None])
def test_no_flag_no_setting_and_no_time_hides_a_change(project: Repository, flag: str | None) -> None:
    module = project.folder / "lib/__init__.py"
    before = module.stat()
    if flag is not None:
        project.git("update-index", flag, "lib/__init__.py")
    for key, value in (
        ("core.checkStat", "minimal"),
        ("core.trustctime", "false"),
        ("status.showUntrackedFiles", "no"),
    ):
        project.git("config", key, value)
    module.write_text("VALUE = 2\n")
    os.utime(module, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert run(project.folder, "train.py").states["lib/__init__.py"] == "changed"


def test_an_ignored_module_is_told(project: Repository) -> None:
    project.write("ignored/__init__.py", "", add=False)
    project.write("main.py", "import ignored\n" + ASK)
    project.commit()
    assert run(project.folder, "main.py").states == {"main.py": "committed", "ignored/__init__.py": "ignored"}
    project.git("add", "--force", "ignored/__init__.py")
    project.commit()
    assert run(project.folder, "main.py").states["ignored/__init__.py"] == "committed"


def test_packages_without_an_init_and_links(project: Repository) -> None:
    project.write("space/part.py", "", add=False)
    (project.folder / "link.py").symlink_to("space/part.py")
    project.write("main.py", "import space.part, link\n" + ASK)
    project.commit()
    assert run(project.folder, "main.py").states == {
        "main.py": "committed",
        "space/part.py": "untracked",
        "link.py": "untracked",
    }
    project.git("add", "-A")
    project.commit()
    assert set(run(project.folder, "main.py").states.values()) == {"committed"}
    project.write("space/other.py", "")
    project.commit()
    (project.folder / "link.py").unlink()
    (project.folder / "link.py").symlink_to("space/other.py")
    states = run(project.folder, "main.py").states
    assert (states["link.py"], states["space/other.py"]) == ("changed", "committed"), "the link chose another file"


def test_bytecode_alone_archives_and_built_extensions(project: Repository) -> None:
    source = project.write("bare.py", "X = 1\n", add=False)
    py_compile.compile(str(source), cfile=str(project.folder / "bare.pyc"))
    source.unlink()
    with zipfile.ZipFile(project.folder / "packed.zip", "w") as archive:
        archive.writestr("inside/deep.py", "")
        archive.writestr("inside/__init__.py", "")
    built = next((Path(json.__file__).parents[1] / "lib-dynload").glob("_zoneinfo.*"))
    shutil.copy(built, project.folder / built.name)
    project.write(
        "main.py", "import sys; sys.path.insert(0, 'packed.zip')\nimport bare, inside.deep, _zoneinfo\n" + ASK
    )
    project.git("add", "main.py")
    project.commit()
    expected = {"bare.pyc": "untracked", built.name: "built", "main.py": "committed", "packed.zip": "untracked"}
    assert run(project.folder, "main.py").states == expected
    project.write(".gitignore", "*.pyc\n")
    project.git("add", "packed.zip")
    project.commit()
    expected |= {"bare.pyc": "ignored", "packed.zip": "committed"}
    assert run(project.folder, "main.py").states == expected
    project.git("add", "--force", "bare.pyc")
    project.commit()
    assert run(project.folder, "main.py").states == {**expected, "bare.pyc": "committed"}


def test_other_repositories_and_none(project: Repository, tmp_path: Path) -> None:
    other = another(tmp_path / "other")
    other.write("mine.py", "1\n")
    other.commit()
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "helper.py").write_text("")
    project.write("main.py", "import mine, helper\n" + ASK)
    project.commit()
    more = os.pathsep.join(map(str, (other.folder, loose)))
    found = run(project.folder, "main.py", MORE=more)
    mine, helper = str(other.folder / "mine.py"), str(loose / "helper.py")
    assert found.states == {"main.py": "committed", mine: "committed", helper: "outside"}
    assert set(found.commits) == {str(project.folder), str(other.folder)}  # type: ignore[call-overload]
    other.write("mine.py", "2\n", add=False)
    assert run(project.folder, "main.py", MORE=more).states[mine] == "changed"
    other.git("config", "core.bare", "true")
    found = run(project.folder, "main.py", MORE=more)
    assert found.files[f"{other.folder} mine.py"] == [
        "unreadable",
        "mine",
        "the repository is bare: it has no work tree, so nobody can say what lies beside it",
    ]


def test_a_submodule_stands_for_itself(project: Repository, tmp_path: Path) -> None:
    source = another(tmp_path / "source")
    source.write("code.py", "1\n")
    source.commit()
    project.git("submodule", "--quiet", "add", str(source.folder), "vendor")
    project.write("main.py", "import vendor.code\n" + ASK)
    project.commit()
    name = str(project.folder / "vendor/code.py")
    assert run(project.folder, "main.py").states == {"main.py": "committed", name: "committed"}
    project.write("vendor/code.py", "2\n", add=False)
    assert run(project.folder, "main.py").states[name] == "changed"


def test_line_endings_are_those_of_the_work_tree(project: Repository) -> None:
    project.git("config", "core.autocrlf", "true")
    path = project.folder / "lib/__init__.py"
    path.write_bytes(b"VALUE = 1\r\n")
    assert run(project.folder, "train.py").states["lib/__init__.py"] == "committed"
    path.write_bytes(b"VALUE = 2\r\n")
    assert run(project.folder, "train.py").states["lib/__init__.py"] == "changed"


def test_what_is_gone_what_has_no_file_and_what_would_import_by_being_asked(project: Repository) -> None:
    project.write("gone.py", "")
    project.write(
        "main.py",
        "import os, sys, types, gone\n"
        "os.unlink('gone.py')\n"
        "class Lazy(types.ModuleType):\n"
        "    def __getattribute__(self, name):\n"
        "        raise SystemExit('asked for ' + name)\n"
        "sys.modules['lazy'] = Lazy('lazy')\n"
        "sys.modules['ops'] = types.ModuleType('ops')\n"
        "sys.modules['ops'].__file__ = '_ops.py'\n"
        "sys.modules['none'] = None\n"
        "sys.modules['thing'] = object()\n"
        "sys.modules['number'] = types.ModuleType('number')\n"
        "sys.modules['number'].__file__ = 3\n" + ASK,
    )
    project.commit()
    assert run(project.folder, "main.py").states == {"main.py": "committed", "gone.py": "gone"}


def test_before_the_first_commit_nothing_is_committed(repository: Repository) -> None:
    repository.write("train.py", ASK)
    found = run(repository.folder, "train.py")
    assert (found.states, found.commits) == ({"train.py": "untracked"}, {str(repository.folder): None})


def test_what_was_installed_is_not_the_projects_code(project: Repository) -> None:
    site = project.folder / ".venv/lib/python3.11/site-packages"
    project.write(".venv/lib/python3.11/site-packages/tool.py", "", add=False)
    project.write("main.py", f"import sys; sys.path.append({str(site)!r})\nimport tool, json\n" + ASK)
    project.git("add", "main.py")
    project.commit()
    assert run(project.folder, "main.py").states == {"main.py": "committed"}


def test_in_no_repository_everything_is_outside(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(ASK)
    found = run(tmp_path, "train.py")
    assert list(found.states.values()) == ["outside"]


def test_a_hundred_modules_with_all_kinds_of_names(project: Repository) -> None:
    names = [f"m{number}" for number in range(250)] + ["größe"]
    for name in names:
        project.write(f"many/{name}.py", "", add=False)
    project.git("add", "-A")
    project.write("main.py", "".join(f"import many.{name}\n" for name in names) + ASK)
    project.commit()
    states = run(project.folder, "main.py").states
    assert (len(states), set(states.values())) == (252, {str(LoadedState.COMMITTED)})


@pytest.mark.parametrize("relative", [True, False])
def test_a_program_in_an_archive_is_a_file(project: Repository, relative: bool) -> None:
    with zipfile.ZipFile(project.folder / "app.pyz", "w") as archive:
        archive.writestr("__main__.py", ASK)
    name = "app.pyz" if relative else str(project.folder / "app.pyz")
    found = run(project.folder, name)
    assert (found.main, found.states) == ("script", {"app.pyz": "untracked"})


def test_what_a_compiler_wrote_is_not_the_projects_code(project: Repository, tmp_path: Path) -> None:
    project.write(
        "main.py",
        "import sys, types\n"
        "name = 'torch._inductor.runtime.compile_tasks.c1'\n"
        "sys.modules[name] = types.ModuleType(name)\n"
        f"sys.modules[name].__file__ = {str(tmp_path / 'c1.py')!r}\n" + ASK,
    )
    project.commit()
    assert run(project.folder, "main.py").states == {"main.py": "committed"}


def unchecked(source: Path, content: str, mode: py_compile.PycInvalidationMode) -> Path:
    """Write the bytecode of *content* into the place of that of *source*, which is another."""
    other = source.with_name("other-source")
    other.write_text(content)
    made = py_compile.compile(
        str(other), cfile=importlib.util.cache_from_source(str(source)), dfile=str(source), invalidation_mode=mode
    )
    other.unlink()
    return Path(str(made))


def test_bytecode_of_another_source_that_nobody_compares_is_not_what_the_commit_holds(project: Repository) -> None:
    source = project.write("secret.py", "X = 'mine'\n")
    project.write("main.py", "import sys, secret\nprint(secret.X, file=sys.stderr)\n" + ASK)
    project.commit()
    assert run(project.folder, "main.py").states["secret.py"] == "committed"
    made = unchecked(source, "X = 'theirs'\n", py_compile.PycInvalidationMode.UNCHECKED_HASH)
    found = run(project.folder, "main.py")
    # It is what really ran.
    assert found.said.strip() == "theirs"
    assert found.states == {"main.py": "committed", "secret.py": "changed"}
    assert (
        found.files[f"{project.folder} secret.py"][2]
        == f"{made}, which is made from another source, and nobody compares"
    )
    # Whoever tells the interpreter to compare gets the source.
    found = run(project.folder, "--check-hash-based-pycs", "always", "main.py")
    assert (found.said.strip(), found.states["secret.py"]) == ("mine", "committed")


def test_bytecode_that_is_compared_or_made_from_its_source_is_the_source(project: Repository) -> None:
    source = project.write("secret.py", "X = 'mine'\n")
    project.write("main.py", "import sys, secret\nprint(secret.X, file=sys.stderr)\n" + ASK)
    project.commit()
    modes = py_compile.PycInvalidationMode
    for content, mode in (("X = 'mine'\n", modes.UNCHECKED_HASH), ("X = 'theirs'\n", modes.CHECKED_HASH)):
        unchecked(source, content, mode)
        found = run(project.folder, "main.py")
        assert (found.said.strip(), found.states["secret.py"]) == ("mine", "committed")
    # Nobody compares that either, if the interpreter is told so.
    found = run(project.folder, "--check-hash-based-pycs", "never", "main.py")
    assert (found.said.strip(), found.states["secret.py"]) == ("theirs", "changed")


@pytest.mark.parametrize("hashed", [False, True])
def test_bytecode_that_claims_to_be_made_from_its_source_is_not_believed(project: Repository, hashed: bool) -> None:
    source = project.write("secret.py", "X = 'mine!!'\n")
    project.write("main.py", "import sys, secret\nprint(secret.X, file=sys.stderr)\n" + ASK)
    project.commit()
    modes = py_compile.PycInvalidationMode
    mode = modes.CHECKED_HASH if hashed else modes.TIMESTAMP
    made = Path(str(py_compile.compile(str(source), invalidation_mode=mode)))
    assert run(project.folder, "main.py").states["secret.py"] == "committed"
    head = made.read_bytes()[:16]
    made.write_bytes(head + unchecked(source, "X = 'theirs'\n", mode).read_bytes()[16:])
    found = run(project.folder, "main.py")
    # It is what really ran.
    assert (found.said.strip(), found.states["secret.py"]) == ("theirs", "changed")
    assert found.files[f"{project.folder} secret.py"][2] == f"{made}, which says that it is made from it"
    # With another time the interpreter makes it anew; the hash stays that of the source.
    os.utime(source, (1, 1))
    found = run(project.folder, "main.py")
    assert (found.said.strip(), found.states["secret.py"]) == (
        ("theirs", "changed") if hashed else ("mine!!", "committed")
    )


def test_bytecode_of_a_loader_that_changes_the_code_is_not_held_against_the_source(project: Repository) -> None:
    source = project.write("secret.py", "X = 'mine!!'\n")
    project.write(
        "main.py",
        "import importlib.machinery, importlib.util, sys\n"
        "class Changing(importlib.machinery.SourceFileLoader):\n"
        "    def source_to_code(self, data, path, *, _optimization=-1):\n"
        "        return super().source_to_code(data.replace(b'mine', b'else'), path)\n"
        f"spec = importlib.util.spec_from_file_location('secret', {str(source)!r}, loader=Changing('secret', {str(source)!r}))\n"
        "sys.modules['secret'] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(sys.modules['secret'])\n"
        "print(sys.modules['secret'].X, file=sys.stderr)\n" + ASK,
    )
    project.commit()
    for _ in range(2):
        found = run(project.folder, "main.py", PYTHONDONTWRITEBYTECODE="")
        assert (found.said.strip(), found.states["secret.py"]) == ("else!!", "committed")
    assert Path(importlib.util.cache_from_source(str(source))).exists()
