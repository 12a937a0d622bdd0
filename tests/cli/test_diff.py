"""envguard diff: what a change of the lock means, between paths, revisions, the index and the working tree."""

from __future__ import annotations

import json
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Cli, Project


@pytest.fixture
def committed(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The project, committed; the current folder is in it."""
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git(project.folder, "init", "-q", "-b", "main")
    git(project.folder, "add", "uv.lock", "pyproject.toml")
    git(project.folder, "commit", "-q", "-m", "one")
    monkeypatch.chdir(project.folder)
    return project


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


def edit(project: Project, old: str, new: str) -> None:
    text = project.lock.read_text(encoding="utf-8")
    assert old in text
    text = text.replace(old, new)
    if new.replace(".", "").isdigit():
        # The files of another version are other files.
        text = re.sub(rf"(-{new}-py3-none-any\.whl\", hash = \"sha256:)[0-9a-f]{{64}}", rf"\g<1>{new:0<64}", text)
        text = text.replace(f"{new:0<64}", f"{new.replace('.', ''):0<64}")
    project.lock.write_text(text, encoding="utf-8")


def test_without_arguments_the_working_tree_is_compared_with_head(cli: Cli, committed: Project) -> None:
    assert cli("diff").out == "uv.lock: HEAD → the working tree\n\nno package differs\nthe locks say the same\n"
    edit(committed, "2.4.6", "2.4.5")
    result = cli("diff")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("uv.lock: HEAD → the working tree\n\narrays and deep learning\n  numpy  2.4.6")
    assert "downgraded   required directly\n" in result.out
    assert "numbers can change: keep results from before and after apart" in result.out


def test_what_is_staged_and_what_was_committed_are_sides_too(cli: Cli, committed: Project) -> None:
    edit(committed, "2.4.6", "2.4.5")
    git(committed.folder, "add", "uv.lock")
    edit(committed, "2.4.5", "2.4.4")
    assert "2.4.6 → 2.4.5" in cli("diff", "--staged").out
    assert "2.4.6 → 2.4.4" in cli("diff").out
    git(committed.folder, "commit", "-q", "-m", "two")
    assert "2.4.6 → 2.4.5" in cli("diff", "HEAD~1", "HEAD").out
    assert "2.4.5 → 2.4.6" in cli("diff", "HEAD", "HEAD~1:uv.lock").out
    assert "2.4.6 → 2.4.4" in cli("diff", "HEAD~1:./uv.lock", "uv.lock").out


def test_a_file_that_is_there_comes_before_a_revision_of_that_name(cli: Cli, committed: Project) -> None:
    git(committed.folder, "tag", "v1")
    edit(committed, "2.4.6", "2.4.5")
    assert "2.4.6 → 2.4.5" in cli("diff", "v1").out
    (committed.folder / "v1").touch()
    assert "v1: this kind of lock is not read here" in cli("diff", "v1").err
    assert "2.4.6 → 2.4.5" in cli("diff", "refs/tags/v1").out


def test_a_sub_folder_will_do(cli: Cli, committed: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    edit(committed, "2.4.6", "2.4.5")
    (committed.folder / "src").mkdir(exist_ok=True)
    monkeypatch.chdir(committed.folder / "src")
    assert "2.4.6 → 2.4.5" in cli("diff").out


def test_the_first_lock_of_a_repository_is_all_new(cli: Cli, committed: Project) -> None:
    git(committed.folder, "rm", "-q", "--cached", "uv.lock")
    git(committed.folder, "commit", "-q", "-m", "without")
    result = cli("diff")
    assert result.status == 0
    assert "added        required directly" in result.out


def test_a_republished_file_is_an_error(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    start = text.index('"sha256:', text.index("numpy-2.4.6-py3")) + len('"sha256:')
    committed.lock.write_text(text[:start] + "0" * 64 + text[start + 64 :], encoding="utf-8")
    result = cli("diff")
    assert result.status == 1
    assert "republished" in result.out
    said = " ".join(result.out.split())
    assert "EG110 [republished-artifact] numpy 2.4.6 has the same version and another hash than before" in said
    assert result.out.endswith("drift: 1 error\n")


def test_a_hash_of_another_kind_is_told_as_unknown(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    start = text.index('"sha256:', text.index("numpy-2.4.6-py3"))
    committed.lock.write_text(f'{text[:start]}"sha512:{"0" * 128}{text[start + 72 :]}', encoding="utf-8")
    result = cli("diff")
    assert result.status == 3
    said = " ".join(result.out.split())
    assert (
        "numpy 2.4.6 rehashed required directly hashes of another kind, so nobody can tell whether it is the same file: sha256 → sha512"
        in said
    )
    assert (
        "EG110 [republished-artifact] whether numpy 2.4.6 is the same as before could not be told: "
        "its hashes are of another kind" in said
    )


def test_a_version_that_was_edited_by_hand_is_an_error(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8").replace("2.4.6", "2.4.5")
    committed.lock.write_text(text, encoding="utf-8")
    result = cli("diff")
    assert result.status == 1
    said = " ".join(result.out.split())
    assert (
        "numpy 2.4.6 → 2.4.5 downgraded required directly relabelled: the lock has a file of the version before" in said
    )
    assert "EG118 [relabelled-artifact] numpy 2.4.5 has a file that was one of another version before" in said
    assert f"expected 2.4.6 with sha256:{'1' * 64} found 2.4.5 with sha256:{'1' * 64}" in said


def test_another_index_is_a_warning(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("source = { registry"))
    edit(committed, line, 'source = { registry = "https://other.example/simple" }')
    result = cli("diff")
    assert result.status == 0
    assert "EG111 [changed-source]" in result.out
    assert cli("diff", "--fail-on", "warning").status == 1


def test_json_is_for_machines(cli: Cli, committed: Project) -> None:
    edit(committed, "2.4.6", "2.4.5")
    document = json.loads(cli("diff", "--format", "json").out)
    assert document["schema"] == {"name": "envguard.diff", "version": 1}
    (package,) = document["locks"][0]["packages"]
    assert (package["name"], package["change"], package["role"], package["numbers"]) == (
        "numpy",
        "downgraded",
        "numeric",
        True,
    )
    assert (package["old"]["version"], package["new"]["version"]) == ("2.4.6", "2.4.5")
    assert (document["numbers"], document["verdict"], document["findings"]) == (True, "clean", [])


def test_github_annotates_what_is_found(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    start = text.index('"sha256:', text.index("numpy-2.4.6-py3")) + len('"sha256:')
    committed.lock.write_text(text[:start] + "0" * 64 + text[start + 64 :], encoding="utf-8")
    result = cli("diff", "--format", "github")
    assert result.status == 1
    assert "::error file=uv.lock,line=" in result.out
    assert "title=EG110 republished-artifact::" in result.out


@pytest.mark.usefixtures("committed")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "there is no file 'nowhere', and no revision 'nowhere'"),
        (("HEAD:gone.lock",), "there is no gone.lock in revision HEAD"),
        (("HEAD", "--staged", "HEAD"), "--staged stands for new: name only old"),
        (("pyproject.toml", "uv.lock"), "this kind of lock is not read here; what is read is uv.lock"),
    ],
)
def test_what_cannot_be_compared_is_one_error(cli: Cli, arguments: tuple[str, ...], message: str) -> None:
    result = cli("diff", *arguments)
    assert (result.status, result.out) == (2, "")
    assert message in result.err.lower().replace("revision head", "revision HEAD")


def test_a_lock_with_an_unfinished_merge_is_named(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    committed.lock.write_text(f"<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> other\n", encoding="utf-8")
    result = cli("diff")
    assert result.status == 2
    assert result.err == (
        "error: uv.lock:1: has an unfinished merge in it\n\nhint: resolve pyproject.toml first, then: uv lock\n"
    )


def test_without_a_lock_on_either_side_nothing_is_compared(cli: Cli, committed: Project) -> None:
    git(committed.folder, "rm", "-q", "uv.lock")
    git(committed.folder, "commit", "-q", "-m", "without")
    result = cli("diff")
    assert (result.status, result.err) == (2, "error: there is no lock in HEAD, and none in the working tree\n")


def test_a_place_is_that_in_the_revision_and_not_in_the_working_tree(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    start = text.index('"sha256:', text.index("numpy-2.4.6-py3")) + len('"sha256:')
    committed.lock.write_text(text[:start] + "0" * 64 + text[start + 64 :], encoding="utf-8")
    git(committed.folder, "commit", "-q", "-a", "-m", "two")
    line = text[: text.index('[[package]]\nname = "numpy"')].count("\n") + 1
    committed.lock.write_text("\n" * 40 + text, encoding="utf-8")
    assert f"uv.lock:{line}: EG110 " in cli("diff", "HEAD~1", "HEAD").out
    assert f"file=uv.lock,line={line},title=EG110" in cli("diff", "HEAD~1", "HEAD", "--format", "github").out


def test_github_is_told_what_the_change_means(cli: Cli, committed: Project) -> None:
    edit(committed, "2.4.6", "2.4.5")
    line = committed.lock.read_text(encoding="utf-8").split('[[package]]\nname = "numpy"')[0].count("\n") + 1
    assert cli("diff", "--format", "github").out == (
        "::warning title=uv.lock%3A HEAD -> the working tree::1 downgraded%0Anumbers can change: keep results from before "
        "and after apart, and once it is installed record again: envguard record\n"
        f"::notice file=uv.lock,line={line},title=numpy 2.4.6 -> 2.4.5::downgraded%0Arequired directly\n"
        "::notice title=envguard::clean: nothing differs\n"
    )


def test_markdown_has_the_findings_too(cli: Cli, committed: Project) -> None:
    text = committed.lock.read_text(encoding="utf-8")
    start = text.index('"sha256:', text.index("numpy-2.4.6-py3")) + len('"sha256:')
    committed.lock.write_text(text[:start] + "0" * 64 + text[start + 64 :], encoding="utf-8")
    result = cli("diff", "--format", "markdown")
    assert result.status == 1
    assert "- **error: EG110 republished-artifact**: numpy 2.4.6 has the same version and another hash" in result.out


def test_every_lock_of_a_project_is_compared(cli: Cli, committed: Project) -> None:
    manifest = committed.folder / "pyproject.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(f'{text}\n[tool.envguard]\nlock = ["uv.lock", "gpu/uv.lock"]\n', encoding="utf-8")
    (committed.folder / "gpu").mkdir()
    other = committed.folder / "gpu" / "uv.lock"
    other.write_text(committed.lock.read_text(encoding="utf-8"), encoding="utf-8")
    git(committed.folder, "add", ".")
    git(committed.folder, "commit", "-q", "-m", "two locks")
    edit(committed, "2.4.6", "2.4.5")
    other.write_text(other.read_text(encoding="utf-8").replace("2.4.6", "2.4.4"), encoding="utf-8")
    result = cli("diff")
    assert "numpy  2.4.6 → 2.4.5" in result.out
    assert "numpy  2.4.6 → 2.4.4" in result.out
    assert result.out.startswith("uv.lock: HEAD → the working tree\n")
    assert "\n\ngpu/uv.lock: HEAD → the working tree\n" in result.out
    document = json.loads(cli("diff", "--format", "json").out)
    assert [[item["new"]["version"] for item in lock["packages"]] for lock in document["locks"]] == [
        ["2.4.5"],
        ["2.4.4"],
    ]
    # A lock that the settings did not name then came.
    assert "gpu/uv.lock: HEAD~1 → the working tree\n" in cli("diff", "HEAD~1").out
    other.unlink()
    assert "removed" in cli("diff").out


POETRY = """\
[[package]]
name = "numpy"
version = "2.4.5"
optional = false
python-versions = ">=3.11"
groups = ["main"]
files = [
    {file = "numpy-2.4.5.tar.gz", hash = "sha256:DIGEST"},
]

[metadata]
lock-version = "2.1"
python-versions = ">=3.11"
content-hash = "0"
""".replace("DIGEST", "9" * 64)


def test_a_move_to_another_tool_is_compared_across_the_formats(cli: Cli, committed: Project) -> None:
    git(committed.folder, "rm", "-q", "--cached", "uv.lock")
    moved = committed.lock.rename(committed.folder / "later")
    (committed.folder / "poetry.lock").write_text(POETRY, encoding="utf-8")
    git(committed.folder, "add", "poetry.lock")
    git(committed.folder, "commit", "-q", "-m", "poetry")
    moved.rename(committed.lock)
    (committed.folder / "poetry.lock").unlink()
    result = cli("diff")
    assert (result.status, result.err) == (0, "")
    assert result.out.startswith("uv.lock: HEAD → the working tree\n")
    assert "numpy       2.4.5 → 2.4.6   upgraded     required directly\n" in result.out
    assert "format: poetry → uv\n" in result.out


def test_a_lock_elsewhere_is_compared_with_the_projects_own(cli: Cli, committed: Project) -> None:
    other = committed.folder / "other.lock"
    other = committed.folder / "old" / "uv.lock"
    other.parent.mkdir()
    other.write_text(committed.lock.read_text(encoding="utf-8").replace("2.4.6", "2.4.5"), encoding="utf-8")
    assert "2.4.5 → 2.4.6" in cli("diff", "old/uv.lock").out
    git(committed.folder, "add", "old/uv.lock")
    other.write_text(committed.lock.read_text(encoding="utf-8"), encoding="utf-8")
    assert "2.4.6 → 2.4.5" in cli("diff", "old/uv.lock", "--staged").out


def test_a_lock_whose_merge_is_open_is_named(cli: Cli, committed: Project) -> None:
    git(committed.folder, "checkout", "-q", "-b", "side")
    edit(committed, "2.4.6", "2.4.5")
    git(committed.folder, "commit", "-q", "-a", "-m", "side")
    git(committed.folder, "checkout", "-q", "main")
    edit(committed, "2.4.6", "2.4.4")
    git(committed.folder, "commit", "-q", "-a", "-m", "main")
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    done = subprocess.run(
        ["git", *identity, "merge", "-q", "side"], cwd=committed.folder, capture_output=True, check=False
    )
    assert done.returncode == 1
    assert "has an unfinished merge in it" in cli("diff").err
    result = cli("diff", "--staged")
    assert (result.status, result.out) == (2, "")
    assert result.err == "error: uv.lock: is not merged yet\n\nhint: resolve the conflict, then: git add\n"
    assert "2.4.4 → 2.4.5" in cli("diff", "main", "side").out


@pytest.mark.parametrize(
    ("name", "text", "line", "hint"),
    [
        (
            "poetry.lock",
            "<<<<<<< HEAD\n[[package]]\n=======\n>>>>>>> side\n",
            1,
            "resolve pyproject.toml first, then: poetry lock",
        ),
        (
            "pdm.lock",
            "[metadata]\n<<<<<<< HEAD\n=======\n>>>>>>> side\n",
            2,
            "resolve pyproject.toml first, then: pdm lock",
        ),
        ("Pipfile.lock", "{\n<<<<<<< HEAD\n=======\n>>>>>>> side\n}\n", 2, "resolve Pipfile first, then: pipenv lock"),
        ("pylock.toml", "<<<<<<< HEAD\n=======\n>>>>>>> side\n", 1, None),
    ],
)
@pytest.mark.usefixtures("committed")
def test_an_unfinished_merge_is_named_in_every_format(
    cli: Cli, committed: Project, name: str, text: str, line: int, hint: str | None
) -> None:
    (committed.folder / name).write_text(text, encoding="utf-8")
    result = cli("diff", "uv.lock", name)
    assert result.status == 2
    assert result.err.startswith(f"error: {name}:{line}: has an unfinished merge in it\n")
    assert hint is None or result.err.endswith(f"\nhint: {hint}\n")


def test_without_a_repository_or_a_commit_two_locks_have_to_be_named(
    cli: Cli, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.folder.parent))
    monkeypatch.chdir(project.folder)
    hint = "\n\nhint: name two locks: envguard diff OLD NEW\n"
    assert (
        cli("diff").err == f"error: this folder is in no git repository, so that there is nothing to compare with{hint}"
    )
    assert cli("diff", "uv.lock", "uv.lock").out.endswith("the locks say the same\n")
    git(project.folder, "init", "-q")
    assert cli("diff").err == f"error: nothing was committed yet, so that there is nothing to compare with{hint}"


def test_what_changes_nothing_that_is_installed_still_makes_another_lock(cli: Cli, committed: Project) -> None:
    edit(committed, "revision = 3", "revision = 2")
    assert cli("diff").out == (
        "uv.lock: HEAD → the working tree\n\nno package differs\n"
        "nothing that is installed differs; a record names the lock that it was made for, so record again:\n"
        "  envguard record\n"
    )


def everything_known(record: Path) -> str:
    """Give the *record* a value for what could not be read on this machine, and return its text."""
    text = re.sub(r'"unknown: [^"]*"', '"known"', record.read_text(encoding="utf-8"))
    record.write_text(text, encoding="utf-8")
    return text


def test_two_records_are_compared_by_what_they_say(cli: Cli, recorded: Project) -> None:
    baseline = recorded.folder / "envguard.lock"
    old = recorded.folder / "old.json"
    text = everything_known(baseline)
    old.write_text(text.replace('"platform.system": "', '"platform.system": "Other'), encoding="utf-8")
    result = cli("diff", "old.json", "envguard.lock")
    assert (result.status, result.err) == (0, "")
    assert "platform.system" in result.out
    assert "1 differs\n" in result.out
    document = json.loads(cli("diff", "old.json", "envguard.lock", "--format", "json").out)
    assert (document["locks"], document["findings"], document["numbers"]) == ([], [], True)
    (section,) = document["records"][0]["sections"]
    (difference,) = section["differences"]
    assert (difference["name"], difference["change"]) == ("platform.system", "changed")
    assert "::warning title=envguard.lock%3A old.json -> envguard.lock::1 differs%0A" in (
        cli("diff", "old.json", "envguard.lock", "--format", "github").out
    )
    mixed = cli("diff", "envguard.lock", "uv.lock")
    assert (mixed.status, mixed.err) == (
        2,
        "error: envguard.lock and uv.lock are of two kinds, which cannot be compared\n",
    )


def test_what_two_records_could_not_tell_is_not_called_the_same(cli: Cli, recorded: Project) -> None:
    record = recorded.folder / "envguard.lock"
    known = everything_known(record)
    assert "the two records say the same" in cli("diff", str(record), str(record)).out
    record.write_text(re.sub(r'"platform.system": "[^"]*"', '"platform.system": "unknown: hidden"', known), "utf-8")
    said = cli("diff", str(record), str(record)).out
    assert re.search(r"^  platform\.system +unknown: hidden +→ unknown: hidden +cannot tell$", said, re.MULTILINE)
    assert "0 differ, 1 cannot be told\nnothing that a result depends on is known to differ, but not all of it" in said


def test_a_package_whose_content_neither_record_knows_is_not_called_the_same(cli: Cli, recorded: Project) -> None:
    record = recorded.folder / "envguard.lock"
    document = json.loads(everything_known(record))
    (machine,) = document["machines"].values()
    machine["packages"]["app"] = "0.1 unknown: editable"
    record.write_text(json.dumps(document), encoding="utf-8")
    said = cli("diff", str(record), str(record)).out
    assert re.search(r"^  app +0\.1.* cannot tell$", said, re.MULTILINE)
    assert "what was recorded of its content: unknown: editable → unknown: editable" in " ".join(said.split())
    assert "0 differ, 1 cannot be told\n" in said


def test_what_nobody_here_reads_of_two_records_is_compared_all_the_same(cli: Cli, recorded: Project) -> None:
    record, other = recorded.folder / "envguard.lock", recorded.folder / "other.json"
    document = json.loads(everything_known(record))
    other.write_text(json.dumps({**document, "oracles": {"a": 1}}), encoding="utf-8")
    said = cli("diff", str(record), str(other)).out
    assert "what this envguard does not read\n" in said
    assert re.search(r"^  oracles +.*\{\"a\": 1\} +added$", said, re.MULTILINE)
    assert "the two records say the same" not in said


def test_packages_of_two_records_are_compared_as_those_of_two_locks(cli: Cli, recorded: Project) -> None:
    new = recorded.folder / "envguard.lock"
    document = json.loads(everything_known(new))
    (machine,) = document["machines"].values()
    digest, other = (f"blake3:{digit * 64}" for digit in "12")
    old = recorded.folder / "old.json"
    machine["packages"] = {"numpy": f"2.3.0 {digest}", "rich": f"14.0 {digest}", "torch": f"2.9.0+cu128 {digest}"}
    machine["conda"] = {"mkl": "2024.2=h3_0 sha256:1", "nccl": "2.0=h1_0 sha256:1"}
    old.write_text(json.dumps(document), encoding="utf-8")
    machine["packages"] = {"numpy": f"2.3.0 {other}", "rich": "14.0 unknown: gone", "torch": f"2.10.0+cu130 {other}"}
    machine["conda"] = {"mkl": "2024.1=h3_0 sha256:2", "nccl": "2.0=h1_0 md5:1"}
    new.write_text(json.dumps(document), encoding="utf-8")
    said = cli("diff", str(old), str(new)).out
    rows = [" ".join(line.split()) for line in said.splitlines()]
    assert "mkl 2024.2=h3_0 → 2024.1=h3_0 downgraded" in rows
    assert "nccl 2.0=h1_0 cannot tell" in rows
    assert "torch 2.9.0+cu128 → 2.10.0+cu130 upgraded" in rows
    assert "numpy 2.3.0 other content" in rows
    assert "rich 14.0 cannot tell" in rows
    assert "torch cu128 → cu130: CUDA libraries change from 12 to 13" in rows
    assert "3 differ, 2 cannot be told" in said
    assert said.endswith("results of the two are results of two states: keep them apart\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("<<<<<<< ours\n{0}", ":1: has an unfinished merge in it"),
        ("", ":1: is not valid JSON"),
        ("lock\n", ":1: is not valid JSON"),
    ],
)
def test_a_record_that_is_none_is_named(cli: Cli, recorded: Project, content: str, message: str) -> None:
    record = recorded.folder / "envguard.lock"
    text = record.read_text(encoding="utf-8")
    (recorded.folder / "other.json").write_text(text, encoding="utf-8")
    record.write_text(content.replace("{0}", text), encoding="utf-8")
    result = cli("diff", str(recorded.folder / "other.json"), str(record))
    assert (result.status, result.out) == (2, "")
    assert f"envguard.lock{message}" in result.err


def test_two_receipts_are_compared_by_what_they_say(cli: Cli, recorded: Project) -> None:
    from tests.receipts.specimens import first_version

    def receipt(seed: int, version: str) -> str:
        return first_version(seed=str(seed), observed={"packages": {"numpy": version}, "project": "/app"})

    (recorded.folder / "a.json").write_text(receipt(1, "2.4.6"), encoding="utf-8")
    (recorded.folder / "b.json").write_text(receipt(2, "2.4.5"), encoding="utf-8")
    result = cli("diff", "a.json", "b.json")
    assert result.status == 0
    assert "  seed" in result.out
    assert "2.4.6" in result.out
    assert "2 differ\n" in result.out
    (recorded.folder / "c.json").write_text(receipt(1, "2").replace('"seed": "1"', '"seed": 1'), encoding="utf-8")
    broken = cli("diff", "a.json", "c.json")
    assert (broken.status, broken.out) == (2, "")
    assert "in 'seed': expected a string, found a number" in broken.err
