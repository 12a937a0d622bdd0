"""A patch gives the work tree back: each is applied in a fresh clone, and the trees are compared."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.errors import RepositoryError
from envguard.repository import patch as patches
from envguard.repository.model import LeftOut, Patch
from envguard.repository.patch import capture
from envguard.repository.places import places
from envguard.repository.secrets import named_secret, token_in
from envguard.repository.worktree import look

from .conftest import Repository, another

# Made here, so that nobody who looks for tokens finds any in this file.
TOKENS = {
    "a private key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
    "an access key of AWS": "AKIA" + "ABCDEFGHIJ234567",
    "a secret key of AWS": "aws_secret_access_key = " + "a" * 40,
    "a token of GitHub": "ghp_" + "a1" * 18,
    "a token of GitLab": "glpat-" + "a1" * 10,
    "a token of Hugging Face": "hf_" + "a1" * 17,
    "a key of OpenAI or Anthropic": "sk-ant-" + "a1" * 20,
    "a key of Weights & Biases": 'WANDB_API_KEY="' + "a1" * 20 + '"',
    "a key of Google": "AIza" + "a" * 35,
    "a token of Slack": "xoxb-" + "1" * 12,
    "a key of Stripe": "sk_live_" + "a1" * 10,
    "a token of npm": "npm_" + "a1" * 18,
    "a token of a package index": "pypi-AgE" + "a1" * 30,
    "a key of Azure storage": "AccountKey=" + "a" * 86 + "==",
    "a JSON web token": "eyJ" + "a" * 20 + ".eyJ" + "a" * 20 + "." + "a" * 20,
    "a URL with a password": "https://ada:" + "secret@index.example/simple",
}


def applied(repository: Repository, patch: Patch) -> str:
    """Return the tree of a fresh clone to which *patch* was applied as a person would."""
    folder = repository.folder.parent / "clone"
    shutil.rmtree(folder, ignore_errors=True)
    if patch.base is None:
        another(folder)
    else:
        repository.git("clone", "-q", "--no-local", str(repository.folder), str(folder))
    clone = Repository(folder)
    if patch.base is not None:
        clone.git("checkout", "-q", patch.base)
    if patch.text:
        (folder.parent / "changes.patch").write_bytes(patch.text)
        clone.git("apply", "--whitespace=nowarn", "../changes.patch")
    clone.git("add", "--all", "--force")
    return clone.git("write-tree").strip()


def worktree_tree(repository: Repository) -> str | None:
    return look(places(str(repository.folder))).worktree.tree


def check(repository: Repository) -> Patch:
    """Capture the changes, and hold them against a clone and the id of the work tree."""
    patch = capture(str(repository.folder))
    assert patch.complete, patch.left_out
    assert applied(repository, patch) == patch.tree == worktree_tree(repository)
    return patch


def test_nothing_changed_is_an_empty_patch(committed: Repository) -> None:
    assert check(committed).text == b""


def test_everything_that_can_change(committed: Repository) -> None:
    for name, data in (
        ("old.bin", bytes(range(256))),
        ("gone.py", b"gone\n"),
        ("no-newline", b"a\nb"),
        ("mode.sh", b"#!"),
    ):
        (committed.folder / name).write_bytes(data)
    (committed.folder / "link").symlink_to("train.py")
    committed.git("add", "-A")
    committed.commit()
    (committed.folder / "old.bin").write_bytes(bytes(range(255, -1, -1)))
    (committed.folder / "new.bin").write_bytes(b"\0\xff\r\n" * 100)
    (committed.folder / "gone.py").unlink()
    (committed.folder / "no-newline").write_bytes(b"a\nc")
    (committed.folder / "mode.sh").chmod(0o755)
    (committed.folder / "link").unlink()
    (committed.folder / "link").symlink_to("lib")
    (committed.folder / "empty").write_bytes(b"")
    (committed.folder / "crlf.txt").write_bytes(b"a\r\nb\r\n")
    (committed.folder / "trailing").write_bytes(b"a  \n\n\n")
    for name in ("a b.py", 'quo"te', "line\nbreak", "tab\t", "ü", "-dash", " lead"):
        committed.write(name, "x\n", add=False)
    with open(os.fsencode(committed.folder) + b"/\xff.py", "wb") as file:
        file.write(b"x")
    committed.write("staged.py", "first\n")
    committed.write("staged.py", "second\n", add=False)
    committed.write("ignored/run.py", "x", add=False)
    patch = check(committed)
    assert b"GIT binary patch" in patch.text
    assert b"ignored/run.py" not in patch.text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("color.ui", "always"),
        ("color.diff", "always"),
        ("diff.noprefix", "true"),
        ("diff.mnemonicPrefix", "true"),
        ("diff.external", "/bin/false"),
        ("diff.relative", "true"),
        ("diff.context", "0"),
        ("diff.renames", "copies"),
        ("diff.submodule", "log"),
        ("diff.orderFile", "order"),
        ("core.quotePath", "false"),
        ("core.abbrev", "4"),
        ("core.safecrlf", "true"),
        ("core.whitespace", "cr-at-eol"),
        ("apply.whitespace", "fix"),
        ("diff.suppressBlankEmpty", "true"),
        ("diff.word.textconv", "/bin/false"),
    ],
)
def test_no_setting_spoils_it(committed: Repository, key: str, value: str) -> None:
    committed.write(".gitattributes", "*.py diff=word\n")
    committed.commit()
    plain = committed.write("train.py", "import lib\n\nx \n", add=False)
    committed.write("new.py", "a\r\nb\n", add=False)
    before = check(committed).text
    committed.git("config", key, value)
    assert plain.exists()
    assert check(committed).text == before


def test_before_the_first_commit(repository: Repository) -> None:
    repository.write("a.py", "1\n")
    repository.write("b.py", "2\n", add=False)
    patch = check(repository)
    assert patch.base is None


def test_a_conflict_and_a_hidden_change_are_in_it(committed: Repository) -> None:
    committed.conflict("train.py")
    committed.git("update-index", "--assume-unchanged", "lib/__init__.py")
    committed.write("lib/__init__.py", "hidden\n", add=False)
    patch = check(committed)
    assert b"<<<<<<<" in patch.text
    assert b"+hidden" in patch.text


def test_another_object_format(tmp_path: Path, repository: Repository) -> None:
    made = Repository(tmp_path / "other")
    made.folder.mkdir()
    made.git("init", "-q", "-b", "main", "--object-format=sha256")
    made.write("a.py", "1\n")
    made.commit()
    made.write("b.py", "2\n", add=False)
    check(made)


def test_a_submodule_at_another_commit_is_in_it_and_its_changes_are_not(committed: Repository, tmp_path: Path) -> None:
    source = another(tmp_path / "source")
    source.write("code.py", "1\n")
    source.commit()
    committed.git("submodule", "--quiet", "add", str(source.folder), "vendor")
    committed.commit()
    module = Repository(committed.folder / "vendor")
    module.write("code.py", "2\n")
    module.commit()
    patch = capture(str(committed.folder))
    assert patch.complete
    assert b"+Subproject commit " + module.git("rev-parse", "HEAD").strip().encode() in patch.text
    module.write("code.py", "3\n", add=False)
    seen = look(places(str(committed.folder))).worktree
    patch = capture(str(committed.folder), submodules=seen.submodules)
    assert patch.left_out == (LeftOut(path="vendor", reason="the submodule has changes of its own"),)


@pytest.mark.parametrize("kind", TOKENS)
def test_a_token_keeps_a_file_out(committed: Repository, kind: str) -> None:
    committed.write("notes.txt", f"before\n{TOKENS[kind]}\n", add=False)
    committed.write("train.py", "fine\n", add=False)
    patch = capture(str(committed.folder))
    assert patch.left_out == (LeftOut(path="notes.txt", reason=f"there is {kind} in it"),)
    assert not patch.complete
    assert TOKENS[kind].encode() not in patch.text
    assert b"+fine" in patch.text
    (committed.folder / "notes.txt").unlink()
    assert applied(committed, patch) == patch.tree


def test_a_token_that_was_committed_is_not_carried_by_its_removal(committed: Repository) -> None:
    token = TOKENS["a token of GitHub"]
    committed.write("config.ini", f"token = {token}\n")
    committed.commit()
    committed.write("config.ini", "token =\n", add=False)
    patch = capture(str(committed.folder))
    assert [item.path for item in patch.left_out] == ["config.ini"]
    assert token.encode() not in patch.text


@pytest.mark.parametrize("name", [".env", "a/.env.local", "server.pem", "id_rsa", "ID_ED25519", "x/credentials.json"])
def test_a_name_keeps_a_file_out(committed: Repository, name: str) -> None:
    committed.write(name, "PASSWORD=letmein\n", add=False)
    committed.write("staged.key", "letmein\n")
    patch = capture(str(committed.folder))
    reason = "its name is one of files with secrets"
    assert set(patch.left_out) == {LeftOut(path=path, reason=reason) for path in (name, "staged.key")}
    assert b"letmein" not in patch.text
    assert patch.tree == committed.git("rev-parse", "HEAD^{tree}").strip()


@pytest.mark.parametrize(
    "name", [".env.example", "id_rsa.pub", "tokenizer.json", "keys.py", "environment.yml", "secrets.py"]
)
def test_harmless_names(name: str) -> None:
    assert not named_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        "use_cls_token = True",
        "num_tokens: 4096",
        "https://index.example/simple",
        "git@index.example:ada/demo.git",
        "postgresql://{user}:{password}@{host}",
        "https://user:$TOKEN@index.example",
        "sha256:" + "a1" * 32,
        "task-specific-key-points-for-the-evaluation",
        "api_key = os.environ['API_KEY']",
    ],
)
def test_what_only_looks_like_a_secret(text: str) -> None:
    assert token_in(text.encode()) is None


def test_what_is_too_large_is_named(committed: Repository) -> None:
    committed.write("large.csv", "x" * 3000, add=False)
    committed.write("small.py", "x\n", add=False)
    committed.write("staged.csv", "y" * 3000)
    patch = capture(str(committed.folder), limit=2000)
    reason = "it has 3,000 bytes, and no more than 2,000 are taken in all"
    assert patch.left_out == (LeftOut(path="large.csv", reason=reason), LeftOut(path="staged.csv", reason=reason))
    assert b"small.py" in patch.text
    assert len(patch.text) < 2000
    assert capture(str(committed.folder), limit=10_000).complete


def test_many_small_files_fill_it_as_well(committed: Repository) -> None:
    for number in range(10):
        committed.write(f"data/{number}.csv", f"{number}" * 300, add=False)
    patch = capture(str(committed.folder), limit=1000)
    assert [item.path for item in patch.left_out] == [f"data/{number}.csv" for number in range(3, 10)]


def test_git_lfs_keeps_content_that_the_patch_does_not(committed: Repository) -> None:
    committed.write(".gitattributes", "*.bin filter=lfs\n")
    committed.commit()
    committed.write("model.bin", "weights", add=False)
    patch = capture(str(committed.folder))
    assert patch.left_out == (LeftOut(path="model.bin", reason="Git LFS keeps its content beside the commits"),)


def test_another_repository_inside_is_named(committed: Repository) -> None:
    inner = another(committed.folder / "inner")
    inner.write("a.py", "1")
    inner.commit()
    assert capture(str(committed.folder)).left_out == (LeftOut(path="inner/", reason="it is another repository"),)


def test_what_cannot_be_read_is_named(committed: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    committed.write("closed.py", "x", add=False).chmod(0)
    if os.geteuid() == 0:
        # Root reads everything.
        monkeypatch.setattr(os, "access", lambda path, mode: not path.endswith("closed.py"))
    assert capture(str(committed.folder)).left_out == (LeftOut(path="closed.py", reason="it cannot be read"),)


def test_a_patch_that_does_not_give_the_tree_back_is_none(
    committed: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed.write("new.bin", "a\0b", add=False)
    monkeypatch.setattr(patches, "_DIFF", tuple(word for word in patches._DIFF if word != "--binary"))
    with pytest.raises(RepositoryError, match=r"git apply failed: error: missing binary patch data for 'new.bin'"):
        capture(str(committed.folder))


CONTENTS = st.binary(max_size=60) | st.text(alphabet="ab\n\r\t ", max_size=60).map(str.encode)
NAMES = st.sampled_from(["a", "b.py", "d/e", "d/f.bin", "d/g/h", "sp ace", "ü", "w\nx"])
EDITS = st.dictionaries(NAMES, st.none() | st.tuples(CONTENTS, st.booleans()), max_size=6)


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=EDITS, staged=EDITS, after=EDITS)
def test_any_changes_come_back(
    repository: Repository,
    before: dict[str, tuple[bytes, bool] | None],
    staged: dict[str, tuple[bytes, bool] | None],
    after: dict[str, tuple[bytes, bool] | None],
) -> None:
    shutil.rmtree(repository.folder)
    made = another(repository.folder)
    for edits in (before, staged):
        edit(made.folder, edits)
        made.git("add", "-A")
        if edits is before:
            made.commit()
    edit(made.folder, after)
    check(made)


def edit(folder: Path, edits: dict[str, tuple[bytes, bool] | None]) -> None:
    for name, change in edits.items():
        path = folder / name
        if change is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(change[0])
            path.chmod(0o755 if change[1] else 0o644)
