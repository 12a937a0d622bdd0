"""What the hooks judge, asked directly: unusual repositories, several locks, and files that are no projects."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from envguard import child
from envguard.cli import main

from .cli.conftest import MANIFEST, lock_text

STALE = MANIFEST.replace("numpy>=2", "numpy>=2.1")


class Repository:
    """A repository with one project in it, committed; the current folder is its top."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@host.example", "-c", "protocol.file.allow=always")
        done = subprocess.run(
            ["git", *identity, *arguments], cwd=cwd or self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def project(self, inside: str = "", manifest: str = MANIFEST) -> None:
        self.write(f"{inside}pyproject.toml", manifest)
        self.write(f"{inside}uv.lock", lock_text())

    def commit(self) -> None:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "more")

    def ask(self, what: str, *files: str) -> tuple[int, str, str]:
        self.capsys.readouterr()
        status = main(["staged", what, *files])
        captured = self.capsys.readouterr()
        return status, captured.out, captured.err


@pytest.fixture
def repository(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Repository:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "top folder"
    folder.mkdir()
    monkeypatch.chdir(folder)
    made = Repository(folder, capsys)
    made.project()
    made.commit()
    return made


def republished(text: str) -> str:
    start = text.index("sha256:", text.index("numpy-2.4.6-py3")) + len("sha256:")
    return text[:start] + "0" * 64 + text[start + 64 :]


def test_no_network_is_asked_for(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a hook must not open a socket")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    repository.write("uv.lock", republished(lock_text()))
    repository.git("add", ".")
    assert [repository.ask(what, "uv.lock")[0] for what in ("lock", "diff", "record")] == [1, 1, 0]


def test_names_with_spaces_and_other_letters_are_names(repository: Repository) -> None:
    repository.project("a b/über '$x' \\/", manifest=STALE)
    repository.git("add", ".")
    status, out, err = repository.ask("lock", "a b/über '$x' \\/pyproject.toml", "a b/über '$x' \\/uv.lock")
    assert (status, err) == (1, "")
    assert out.count("EG101 [stale-lock]") == 1


def test_a_lock_that_is_deleted_is_told(repository: Repository) -> None:
    repository.git("rm", "-q", "uv.lock")
    status, out, _ = repository.ask("lock", "pyproject.toml")
    assert status == 3
    assert "EG901 [missing-lock] there is no uv.lock" in out
    status, out, _ = repository.ask("diff", "uv.lock")
    assert status == 0
    assert re.search(r"^  numpy +2\.4\.6 +removed +required directly$", out, re.MULTILINE)


@pytest.mark.parametrize("what", ["lock", "diff", "record"])
def test_two_processes_of_git_answer_all_that_a_hook_asks(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    repository.write("uv.lock", republished(lock_text()))
    repository.git("add", ".")
    started = []
    for name in ("run", "start"):
        real = getattr(child, name)

        def counted(command: list[str], real: Any = real, **more: Any) -> Any:
            started.append(next(word for word in command if word in ("ls-files", "cat-file", "rev-parse", "ls-tree")))
            return real(command, **more)

        monkeypatch.setattr(child, name, counted)
    assert repository.ask(what, "uv.lock")[0] in (0, 1)
    assert sorted(started) == ["cat-file", "ls-files"]


@pytest.mark.parametrize("what", ["lock", "diff", "record"])
def test_a_change_without_deletions_and_files_is_no_work_at_all(repository: Repository, what: str) -> None:
    repository.write("src/train.py", "")
    repository.write("notes.txt", "")
    repository.git("add", ".")
    assert repository.ask(what, "--deleted") == (0, "", "")
    repository.commit()
    repository.git("rm", "-q", "notes.txt")
    assert repository.ask(what, "--deleted") == (0, "", "")
    # A lock that is gone from the working tree alone is committed as it was.
    (repository.folder / "uv.lock").unlink()
    assert repository.ask(what, "--deleted") == (0, "", "")


def test_a_change_that_only_deletes_a_lock_is_judged(repository: Repository) -> None:
    repository.git("rm", "-q", "uv.lock")
    status, out, _ = repository.ask("lock", "--deleted")
    assert status == 3
    assert "EG901 [missing-lock] there is no uv.lock" in out
    status, out, _ = repository.ask("diff", "--deleted")
    assert status == 0
    assert "uv.lock: HEAD" in out
    assert re.search(r"^  numpy +2\.4\.6 +removed +required directly$", out, re.MULTILINE)


def test_a_lock_that_is_deleted_is_called_as_it_was(repository: Repository) -> None:
    repository.git("rm", "-q", "uv.lock")
    repository.write("poetry.lock", "# not read here\n")
    repository.commit()
    repository.git("rm", "-q", "poetry.lock")
    # What was committed could not be read; that it is gone is told all the same.
    status, out, _ = repository.ask("lock", "--deleted")
    assert status == 3
    assert "EG901 [missing-lock] there is no poetry.lock, so nobody can say" in out
    assert "\n  hint: poetry lock\n" in out


def test_locks_of_several_tools_that_are_all_deleted_are_missed(repository: Repository) -> None:
    repository.write("poetry.lock", "# not read here\n")
    repository.commit()
    repository.git("rm", "-q", "poetry.lock", "uv.lock")
    status, out, _ = repository.ask("lock", "--deleted")
    assert status == 3
    assert "EG901 [missing-lock] there is no uv.lock, so nobody can say" in out


def test_a_change_that_only_deletes_a_manifest_is_judged(repository: Repository) -> None:
    repository.git("rm", "-q", "pyproject.toml")
    status, out, _ = repository.ask("lock", "--deleted")
    assert status == 3
    assert "EG102 [undecided-freshness]" in out
    # What it meant for the packages is told where the lock changes.
    assert repository.ask("diff", "--deleted") == (0, "", "")


def asked_of_a_lock_that_is_gone(repository: Repository, lock: str) -> str:
    """Return what the diff says of the *lock* of numpy that the staged change deletes, and that nothing else is left to check."""
    status, out, _ = repository.ask("lock", "--deleted")
    assert (status, out.count("clean: nothing differs")) == (0, 1)
    status, out, _ = repository.ask("diff", "--deleted")
    assert status == 0
    assert out.startswith(f"{lock}: HEAD")
    assert re.search(r"^  numpy +2\.4\.6 +removed", out, re.MULTILINE)
    return out


def test_a_lock_that_is_deleted_below_another_project_is_told_as_its_own(repository: Repository) -> None:
    repository.project("services/train/")
    repository.commit()
    repository.git("rm", "-q", "services/train/uv.lock")
    # What is left of it belongs to the project above, which has its lock and knows nothing of it.
    status, out, _ = repository.ask("lock", "--deleted")
    assert (status, out.count("clean: nothing differs")) == (3, 1)
    assert "services/train: EG901 [missing-lock] there is no uv.lock, so nobody can say" in out
    status, told, _ = repository.ask("diff", "--deleted")
    assert status == 0
    assert told.startswith("services/train/uv.lock: HEAD")
    # With the whole of it gone there is nothing to lock.
    repository.git("rm", "-q", "-r", "services")
    assert asked_of_a_lock_that_is_gone(repository, "services/train/uv.lock") == told


def test_the_lock_of_a_project_that_becomes_a_member_of_the_one_above_is_not_missed(repository: Repository) -> None:
    manifest = MANIFEST.replace('name = "app"', 'name = "train"')
    repository.project("services/train/", manifest)
    repository.commit()
    repository.git("rm", "-q", "services/train/uv.lock")
    repository.write("pyproject.toml", MANIFEST + '\n[tool.uv.workspace]\nmembers = ["services/train"]\n')
    member = lock_text()[lock_text().index("[[package]]") : lock_text().index('[[package]]\nname = "matplotlib')]
    member = member.replace('"app"', '"train"').replace('virtual = "."', 'virtual = "services/train"')
    members = 'requires-python = ">=3.11"\n\n[manifest]\nmembers = [\n    "app",\n    "train",\n]\n'
    repository.write("uv.lock", lock_text().replace('requires-python = ">=3.11"\n', members, 1) + "\n" + member)
    repository.git("add", ".")
    assert repository.ask("lock", "--deleted", "uv.lock")[:2] == (0, "lock         uv.lock\n\nclean: nothing differs\n")


def test_a_project_that_moves_is_compared_with_what_it_was(repository: Repository) -> None:
    manifest = MANIFEST.replace('name = "app"', 'name = "train"')
    text = lock_text().replace('name = "app"', 'name = "train"')
    repository.write("services/train/pyproject.toml", manifest)
    repository.write("services/train/uv.lock", text)
    repository.commit()
    repository.git("mv", "services/train", "services/fit")
    files = ("services/fit/uv.lock", "services/fit/pyproject.toml")
    status, out, err = repository.ask("lock", "--deleted", *files)
    assert (status, err) == (0, "")
    status, out, _ = repository.ask("diff", "--deleted", *files)
    assert (status, out.count("the locks say the same")) == (0, 1)
    repository.write("services/fit/uv.lock", republished(text))
    repository.git("add", ".")
    for what in ("lock", "diff"):
        status, out, _ = repository.ask(what, "--deleted", *files)
        assert (status, out.count("EG110 [republished-artifact] numpy 2.4.6")) == (1, 1), what
    # Another project in another folder is a new one.
    repository.write("services/fit/pyproject.toml", manifest.replace("train", "fit"))
    repository.git("add", ".")
    assert "3 added" in repository.ask("diff", "--deleted", *files)[1]


def test_a_manifest_of_other_tools_alone_asks_for_no_lock(repository: Repository) -> None:
    repository.project("services/train/")
    repository.commit()
    repository.git("rm", "-q", "services/train/uv.lock")
    repository.write("services/train/pyproject.toml", "[tool.ruff]\nline-length = 100\n")
    repository.git("add", ".")
    asked_of_a_lock_that_is_gone(repository, "services/train/uv.lock")


def test_a_lock_that_is_deleted_is_missed_where_what_it_says_it_was_made_from_stays(repository: Repository) -> None:
    pytest.importorskip("yaml")
    corpus = Path(__file__).parent / "corpora" / "conda-lock-small"
    shutil.copytree(corpus, repository.folder / "services" / "conda")
    repository.commit()
    repository.git("rm", "-q", "services/conda/conda-lock.yml")
    status, out, _ = repository.ask("lock", "--deleted")
    assert (status, out.count("clean: nothing differs")) == (3, 1)
    assert "services/conda: EG901 [missing-lock] there is no conda-lock.yml, so nobody can say" in out
    repository.git("rm", "-q", "-r", "services/conda")
    assert repository.ask("lock", "--deleted")[0] == 0


def test_an_export_that_is_left_beside_a_deleted_lock_is_judged_in_its_place(repository: Repository) -> None:
    repository.project("services/train/")
    repository.commit()
    repository.git("rm", "-q", "services/train/uv.lock")
    repository.write("services/train/pylock.toml", 'lock-version = "9.0"\n')
    repository.git("add", ".")
    status, out, err = repository.ask("lock", "--deleted")
    assert (status, out.count("clean: nothing differs")) == (2, 1)
    assert "services/train/pylock.toml" in err


def test_the_lock_of_a_script_that_is_deleted_is_told(repository: Repository) -> None:
    repository.write("tools/plot.py", "# /// script\n# dependencies = ['numpy']\n# ///\n")
    repository.write("tools/plot.py.lock", lock_text())
    repository.commit()
    repository.git("rm", "-q", "tools/plot.py.lock")
    status, out, _ = repository.ask("lock", "--deleted")
    assert (status, out.count("clean: nothing differs")) == (3, 1)
    assert "EG901 [missing-lock] there is no tools/plot.py.lock, so nobody can say" in out
    # With its script gone there is nothing to lock.
    repository.git("rm", "-q", "tools/plot.py")
    asked_of_a_lock_that_is_gone(repository, "tools/plot.py.lock")


def compiled(
    version: str, digest: str = "1", command: str = "uv pip compile deps/gpu.in --output-file deps/gpu.txt"
) -> str:
    top = f"# This file was autogenerated by uv via the following command:\n#    {command}\n"
    return f"{top}numpy=={version} \\\n    --hash=sha256:{digest * 64}\n    # via -r deps/gpu.in\n"


def test_a_lock_that_only_the_settings_name_is_judged(repository: Repository) -> None:
    repository.git("rm", "-q", "uv.lock")
    repository.write("envguard.toml", 'lock = "deps/gpu.txt"\n')
    repository.write("deps/gpu.in", "numpy>=2\n")
    repository.write("deps/gpu.txt", compiled("2.4.6"))
    repository.write("deps/notes.txt", "numbers\n")
    repository.commit()
    # A name that tells nothing, of a file that nothing names.
    repository.write("deps/notes.txt", "more numbers\n")
    repository.write("ci.yml", "on: push\n")
    repository.git("add", ".")
    for what in ("lock", "diff", "record"):
        assert repository.ask(what, "--deleted") == (0, "", ""), what
    repository.write("deps/gpu.txt", compiled("2.4.6", "2"))
    repository.git("add", ".")
    for what in ("lock", "diff"):
        status, out, _ = repository.ask(what, "--deleted")
        assert status == 1, what
        assert "EG110 [republished-artifact] numpy 2.4.6 has the same version and another hash" in " ".join(out.split())
    # What it was made from has such a name, too.
    repository.git("reset", "-q", "--hard")
    repository.write("deps/gpu.in", "numpy>=3\n")
    repository.git("add", ".")
    assert "EG101 [stale-lock]" in repository.ask("lock", "--deleted")[1]
    assert repository.ask("diff", "--deleted") == (0, "", "")
    repository.git("reset", "-q", "--hard")
    repository.git("rm", "-q", "deps/gpu.txt")
    status, out, _ = repository.ask("lock", "--deleted")
    assert status == 3
    assert "EG901 [missing-lock] there is no deps/gpu.txt, so nobody can say" in out


def test_a_manifest_that_the_lock_of_another_project_is_made_from_is_judged_with_it(repository: Repository) -> None:
    source = '[tool.uv.sources]\nlib = {{ path = "{0}", editable = true }}\n'
    manifest = MANIFEST.replace("[[tool.uv", source + "\n[[tool.uv").replace('"numpy>=2"', '"lib", "numpy>=2"')
    entry = '\n[[package]]\nname = "lib"\nversion = "1"\nsource = {{ editable = "{0}" }}\n'
    lock = lock_text().replace("dependencies = [\n", 'dependencies = [\n    {{ name = "lib" }},\n', 1)
    lock = lock.replace("requires-dist = [\n", 'requires-dist = [\n    {{ name = "lib", editable = "{0}" }},\n', 1)
    library = '[project]\nname = "lib"\nversion = "1"\nrequires-python = ">=3.11"\n{}\n[build-system]\nrequires = []\n'
    repository.write("libs/lib/pyproject.toml", library.format("dependencies = []"))
    for place in ("../../libs/lib", "libs/lib"):
        inside = "services/train/" if place[0] == "." else ""
        repository.write(
            f"{inside}pyproject.toml", manifest.replace("{{", "{").replace("}}", "}").replace("{0}", place)
        )
        text = lock + entry
        repository.write(f"{inside}uv.lock", text.replace("{{", "{").replace("}}", "}").replace("{0}", place))
    repository.project("other/")
    repository.commit()
    status, out, err = repository.ask("lock", "services/train/pyproject.toml", "pyproject.toml")
    assert (status, out.count("clean: nothing differs"), err) == (0, 2, "")
    repository.write("libs/lib/pyproject.toml", library.format('dependencies = ["click"]'))
    repository.git("add", ".")
    status, out, _ = repository.ask("lock", "libs/lib/pyproject.toml")
    assert (status, out.count("EG101 [stale-lock] the requirement of lib on click is not in the lock")) == (1, 2)
    assert "other/" not in out
    # What is asked for is no change of a lock, and none of a record.
    assert [repository.ask(what, "libs/lib/pyproject.toml") for what in ("diff", "record")] == [(0, "", "")] * 2


def test_a_lock_that_is_a_link_is_judged_where_it_leads_to(repository: Repository) -> None:
    repository.git("rm", "-q", "uv.lock")
    repository.write("envguard.toml", 'lock = "deps/gpu.txt"\n')
    repository.write("shared/pins.txt", compiled("2.4.6"))
    (repository.folder / "deps").mkdir()
    (repository.folder / "deps" / "gpu.txt").symlink_to("../shared/pins.txt")
    repository.commit()
    repository.write("shared/pins.txt", compiled("2.4.6", "2"))
    repository.git("add", ".")
    status, out, _ = repository.ask("lock", "--deleted")
    assert (status, "EG110 [republished-artifact]" in out) == (1, True)


def test_settings_that_name_another_lock_are_judged_with_it(repository: Repository) -> None:
    repository.write("locks/uv.lock", republished(lock_text()))
    repository.commit()
    repository.write("envguard.toml", 'lock = "locks/uv.lock"\n')
    repository.git("add", ".")
    status, out, _ = repository.ask("diff", "envguard.toml")
    assert status == 1
    assert "EG110 [republished-artifact]" in out


def test_a_file_whose_project_cannot_be_told_is_judged(repository: Repository) -> None:
    repository.write("envguard.toml", "lock = 5\n")
    repository.write("deps/gpu.txt", compiled("2.4.6"))
    repository.git("add", ".")
    status, _, err = repository.ask("lock", "--deleted")
    assert status == 2
    assert "envguard.toml" in err


def test_what_is_only_intended_to_be_added_is_not_there_yet(repository: Repository) -> None:
    repository.project("new/", manifest=STALE)
    repository.git("add", "--intent-to-add", "new")
    status, out, err = repository.ask("lock", "new/uv.lock")
    # The empty file that git keeps for it is what would be committed: nothing.
    assert status != 1, (out, err)
    repository.git("add", "new")
    assert "EG101 [stale-lock]" in repository.ask("lock", "new/uv.lock")[1]


def test_a_submodule_is_a_repository_of_its_own(repository: Repository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(repository.folder, other)
    repository.git("submodule", "--quiet", "add", str(other), "vendored")
    assert repository.ask("lock", ".gitmodules", "vendored")[0] == 0
    repository.write("vendored/pyproject.toml", STALE)
    repository.git("add", ".", cwd=repository.folder / "vendored")
    # Its own hook judges what is staged in it; here it is one object.
    assert repository.ask("lock", "pyproject.toml")[0] == 0


def test_files_outside_of_a_sparse_checkout_are_staged_all_the_same(repository: Repository) -> None:
    repository.project("services/train/", manifest=STALE)
    repository.commit()
    repository.git("sparse-checkout", "set", "--no-cone", "/pyproject.toml", "/uv.lock")
    assert not (repository.folder / "services").exists()
    assert "EG101 [stale-lock]" in repository.ask("lock", "services/train/uv.lock")[1]


def test_every_lock_of_a_project_is_compared_with_that_of_before(repository: Repository) -> None:
    manifest = f'{MANIFEST}\n[tool.envguard]\nlock = ["uv.lock", "gpu/uv.lock"]\n'
    repository.write("pyproject.toml", manifest)
    repository.write("gpu/pyproject.toml", MANIFEST)
    repository.write("gpu/uv.lock", lock_text())
    repository.commit()
    repository.write("gpu/uv.lock", republished(lock_text()))
    repository.git("add", ".")
    status, out, _ = repository.ask("diff", "uv.lock")
    assert status == 1
    assert out.startswith("gpu/uv.lock: HEAD → what is staged\n")
    assert "gpu/uv.lock:" in out
    assert "EG110 [republished-artifact]" in out


def test_a_move_to_another_tool_is_told(repository: Repository) -> None:
    poetry = Path(__file__).parent / "corpora" / "poetry-2.0"
    for name in ("poetry.lock", "pyproject.toml"):
        shutil.copy(poetry / name, repository.folder / name)
    repository.git("rm", "-q", "--cached", "uv.lock")
    (repository.folder / "uv.lock").unlink()
    repository.git("add", ".")
    status, out, err = repository.ask("diff", "poetry.lock")
    assert (status, err) == (0, "")
    assert out.startswith("poetry.lock: HEAD → what is staged\n")
    assert "format: uv → poetry" in out


def test_what_belongs_to_no_project_is_left_alone(repository: Repository) -> None:
    repository.git("rm", "-q", "uv.lock", "pyproject.toml")
    repository.write("docs/requirements.txt", "sphinx\nfuro>=2\n")
    repository.git("add", ".")
    for what in ("lock", "diff", "record"):
        assert repository.ask(what, "docs/requirements.txt")[::2] == (0, ""), what
    repository.git("reset", "-q", "--hard")
    repository.git("rm", "-q", "uv.lock")
    repository.commit()
    # A manifest that nobody has locked.
    assert repository.ask("lock", "pyproject.toml") == (0, "", "")
    assert repository.ask("lock")[0] == 3


@pytest.mark.parametrize("corpus", ["pixi-small", "conda-lock-small"])
def test_a_conda_package_that_lost_the_hash_that_holds_is_refused(repository: Repository, corpus: str) -> None:
    """It kept its MD5, which a check of the lock alone takes for what its channel offers: that was a note."""
    repository.git("rm", "-q", "uv.lock", "pyproject.toml")
    for path in (Path(__file__).parent / "corpora" / corpus).iterdir():
        shutil.copy(path, repository.folder)
    repository.commit()
    (lock,) = (
        repository.folder / name for name in ("pixi.lock", "conda-lock.yml") if (repository.folder / name).exists()
    )
    text = lock.read_text(encoding="utf-8")
    lost = re.search(r"\n +sha256: [0-9a-f]{64}(?=\n)", text[text.rindex("md5: ") - 200 :])
    assert lost is not None
    lock.write_text(
        text[: text.rindex("md5: ") - 200] + text[text.rindex("md5: ") - 200 :].replace(lost[0], "", 1), "utf-8"
    )
    repository.git("add", ".")
    status, out, err = repository.ask("lock", lock.name)
    assert (status, err) == (1, "")
    assert "EG112 [lost-hashes]" in out
    assert "had a hash that holds, and has none any more but one that can be forged" in " ".join(out.split())


RECORD = '{"schema": {"name": "envguard.lock", "version": 1}, "machines": {}}'


@pytest.mark.parametrize("settings", ["", "level = 7\n", "[broken"])
def test_a_record_is_not_deleted_while_settings_of_our_own_stay(repository: Repository, settings: str) -> None:
    repository.git("rm", "-q", "uv.lock", "pyproject.toml")
    repository.write("envguard.toml", settings)
    repository.write("envguard.lock", RECORD)
    repository.commit()
    repository.git("rm", "-q", "envguard.lock")
    for files in (("envguard.lock",), ()):
        status, out, err = repository.ask("record", *files)
        assert status != 0
        # Settings that are of no use are what is told first.
        assert ("EG907 [deleted-baseline]" in out) is (not settings)
        assert ("error: " in err) is bool(settings)
    repository.git("rm", "-q", "envguard.toml")
    assert repository.ask("record", "envguard.lock", "envguard.toml") == (0, "", "")


def test_a_record_that_was_of_no_use_is_one_all_the_same_when_it_is_deleted(repository: Repository) -> None:
    repository.write("envguard.lock", "<<<<<<< ours")
    repository.commit()
    repository.git("rm", "-q", "envguard.lock")
    status, out, _ = repository.ask("record", "envguard.lock")
    assert status == 1
    assert "EG907 [deleted-baseline] this commit deletes envguard.lock, the record\n" in out


def test_a_record_that_moves_with_its_project_is_not_deleted(repository: Repository) -> None:
    repository.write("envguard.lock", RECORD)
    repository.commit()
    (repository.folder / "app").mkdir()
    repository.git("mv", "envguard.lock", "uv.lock", "pyproject.toml", "app")
    status, out, err = repository.ask("record", "envguard.lock", "app/envguard.lock", "uv.lock", "app/uv.lock")
    assert (status, err) == (0, "")
    assert "EG907" not in out
    repository.git("rm", "-q", "-f", "app/envguard.lock")
    assert "EG907" in repository.ask("record", "envguard.lock", "uv.lock", "app/uv.lock")[1]


def test_the_lock_of_a_script_is_judged_by_itself(repository: Repository) -> None:
    repository.write("train.py.lock", lock_text())
    repository.commit()
    repository.write("train.py.lock", republished(lock_text()))
    repository.git("add", ".")
    status, out, _ = repository.ask("diff", "train.py.lock")
    assert status == 1
    assert out.startswith("train.py.lock: HEAD → what is staged\n")
    assert "EG110 [republished-artifact]" in out
