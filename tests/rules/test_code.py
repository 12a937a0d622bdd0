"""EG6 as pinned texts: what each rule says of values, without a repository in sight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from envguard.model import CodePolicy, Impact, Level, Severity
from envguard.repository.model import (
    Code,
    Head,
    LeftOut,
    Loaded,
    LoadedFile,
    LoadedState,
    Patch,
    Paths,
    Submodule,
    WorkTree,
)

from .evidence import PROJECT, evidence, findings, one

if TYPE_CHECKING:
    from envguard.model import Finding
    from envguard.rules.evidence import Evidence

COMMIT, OTHER = "1" * 40, "2" * 40
WHY = "the commit in the receipt would name other code than the one that gave the result"
NAMES = (
    "uncommitted-changes",
    "changed-import",
    "untracked-import",
    "unversioned-import",
    "built-import",
    "hidden-changes",
    "submodule-mismatch",
    "incomplete-patch",
    "unpushed-commit",
    "unfinished-operation",
    "unknown-code",
)


def seen(policy: CodePolicy = CodePolicy.COMMITTED_IMPORTS, *, chosen: bool = True, **more: Any) -> Evidence:
    values: dict[str, Any] = {
        "root": PROJECT,
        "head": Head(commit=COMMIT, branch="main", pushed=True, kept=True),
        "worktree": WorkTree(tree=OTHER),
        **more,
    }
    return evidence(code=Code(policy=policy, chosen=chosen, **values))


def loaded(*files: LoadedFile, main: str = "script") -> Loaded:
    return Loaded(main=main, files=files, commits={PROJECT: COMMIT})


def file(name: str, state: LoadedState, root: str | None = PROJECT, **more: Any) -> LoadedFile:
    module = name.rpartition("/")[2].partition(".")[0]
    return LoadedFile(module=module, name=name, state=state, root=root, **more)


def paths(*names: str) -> Paths:
    return Paths(count=len(names), first=names)


def severity(finding: Finding) -> Severity | None:
    found = {finding.severities.at(level) for level in Level}
    assert len(found) == 1, "code that is not committed is none at every level"
    return found.pop()


@pytest.mark.parametrize("policy", [CodePolicy.CLEAN, CodePolicy.COMMITTED_IMPORTS, CodePolicy.DIFF])
@pytest.mark.parametrize("name", NAMES)
def test_what_is_committed_is_no_finding(name: str, policy: CodePolicy) -> None:
    code = seen(policy, loaded=loaded(file("train.py", LoadedState.COMMITTED)))
    assert findings(name, code) == []


def test_uncommitted_changes() -> None:
    worktree = WorkTree(staged=paths("a.py"), unstaged=paths("b", "c", "d", "e"), tree=OTHER)
    staged, changed = findings("uncommitted-changes", seen(CodePolicy.CLEAN, worktree=worktree))
    assert staged.subject == "staged"
    assert staged.message == "1 file is staged and not committed: a.py"
    assert staged.why == WHY
    assert staged.hint == (
        f"git -C {PROJECT} add -A, then git -C {PROJECT} commit; "
        'or code = "diff" in the settings keeps such changes with the receipt'
    )
    assert staged.place is not None
    assert staged.place.path == f"{PROJECT}/a.py"
    assert severity(staged) is Severity.ERROR
    assert changed.message == "4 files are changed: b, c, d and 1 more"
    for policy in (CodePolicy.COMMITTED_IMPORTS, CodePolicy.DIFF):
        assert findings("uncommitted-changes", seen(policy, worktree=worktree)) == []


def test_changed_import() -> None:
    code = seen(loaded=loaded(file("lib/a.py", LoadedState.CHANGED)), chosen=False)
    finding = one("changed-import", code)
    assert (finding.subject, finding.message) == ("lib/a.py", "lib/a.py is not what its commit holds")
    assert (finding.expected, finding.found) == (f"its content in commit {COMMIT}", "loaded as a")
    assert finding.why == WHY
    assert finding.impact is Impact.NUMBERS
    assert finding.hint == (
        f'git -C {PROJECT} commit lib/a.py; or code = "diff" in the settings keeps such changes with the receipt'
    )
    assert severity(finding) is Severity.ERROR, "also where nobody chose"


def test_bytecode_that_ran_in_the_place_of_a_committed_source() -> None:
    bytecode = "/home/ada/my app/__pycache__/a.cpython-311.pyc"
    reason = f"{bytecode}, which is made from another source, and nobody compares"
    ran = file("a.py", LoadedState.CHANGED, reason=reason, bytecode=bytecode)
    code = seen(CodePolicy.DIFF, loaded=loaded(ran))
    finding = one("changed-import", code)
    assert finding.message == "a.py is not what ran: the bytecode in its place is not made from it"
    assert finding.expected == f"its content in commit {COMMIT}"
    assert finding.found == f"loaded as a from {reason}"
    assert finding.hint == "rm '/home/ada/my app/__pycache__/a.cpython-311.pyc'", (
        "no patch holds it, and no commit mends it"
    )
    assert severity(finding) is Severity.ERROR


def test_a_patch_holds_the_changes_of_its_own_repository_alone() -> None:
    elsewhere = file("a.py", LoadedState.CHANGED, root="/home/ada/other")
    code = seen(CodePolicy.DIFF, loaded=loaded(file("b.py", LoadedState.CHANGED), elsewhere))
    finding = one("changed-import", code)
    assert finding.message == "/home/ada/other/a.py is not what its commit holds"
    assert finding.expected == "its content in no commit yet"
    assert finding.hint == "git -C /home/ada/other commit a.py"
    files = (file("c.py", LoadedState.UNTRACKED), file("d.py", LoadedState.IGNORED))
    assert one("untracked-import", seen(CodePolicy.DIFF, loaded=loaded(*files))).subject == "d.py"


def test_untracked_import() -> None:
    code = seen(loaded=loaded(file("a b.py", LoadedState.UNTRACKED), file("secret.py", LoadedState.IGNORED)))
    untracked, ignored = findings("untracked-import", code)
    assert untracked.message == "a b.py is in no commit"
    assert untracked.hint == f"git -C {PROJECT} add 'a b.py', then git -C {PROJECT} commit"
    assert untracked.why == "whoever checks the commit out does not get this code"
    assert ignored.message == "secret.py is in no commit, and git is told to ignore it"
    assert ignored.hint == f"git -C {PROJECT} add --force secret.py, then git -C {PROJECT} commit"


def test_a_folder_stands_for_many_files() -> None:
    files = [file(f"deps/lib/m{number}.py", LoadedState.IGNORED) for number in range(9)]
    finding = one("untracked-import", seen(loaded=loaded(*files)))
    assert finding.subject == "deps/lib/"
    assert finding.found == "loaded as m0, m1, m2 and 6 more"
    assert len(findings("untracked-import", seen(loaded=loaded(*files[1:])))) == 8


def test_unversioned_import() -> None:
    outside = loaded(file("/opt/helper.py", LoadedState.OUTSIDE, root=None))
    finding = one("unversioned-import", seen(loaded=outside))
    assert finding.message == "/opt/helper.py is in no repository, and no installer put it there"
    assert finding.why == "no commit and no lock says what is in it"
    assert finding.hint == "move it into the repository, or install it as a package that the lock names"
    assert severity(finding) is Severity.ERROR
    assert severity(one("unversioned-import", seen(loaded=outside, chosen=False))) is Severity.WARNING
    assert findings("unversioned-import", seen(loaded=outside, root=None, head=None)) == []


def test_built_import() -> None:
    finding = one("built-import", seen(loaded=loaded(file("fast.so", LoadedState.BUILT))))
    assert finding.message == "fast.so was built, and no commit tells from what"
    assert finding.why == "it may be older than the sources of the commit"
    assert finding.hint == "build it anew from the commit, or install a wheel that the lock names"
    assert severity(finding) is Severity.WARNING


def test_hidden_changes() -> None:
    worktree = WorkTree(hidden_changes=paths("a.py"), unstaged=paths("a.py"))
    finding = one("hidden-changes", seen(worktree=worktree))
    assert finding.message == "1 file differs and git was told to look away: a.py"
    assert finding.why == "git status and git diff never show it"
    assert finding.hint == (
        f"git -C {PROJECT} update-index --no-assume-unchanged -- a.py && "
        f"git -C {PROJECT} update-index --no-skip-worktree -- a.py"
    )
    assert severity(finding) is Severity.WARNING
    assert severity(one("hidden-changes", seen(CodePolicy.CLEAN, worktree=worktree))) is Severity.ERROR
    assert one("hidden-changes", seen(worktree=WorkTree(hidden_changes=paths("a", "b")))).subject == "hidden"


def module(**more: Any) -> WorkTree:
    return WorkTree(submodules=(Submodule(path="vendor", recorded=COMMIT, **more),))


def test_submodule_mismatch() -> None:
    finding = one("submodule-mismatch", seen(worktree=module(checked_out=OTHER)))
    assert finding.message == "the submodule vendor is at another commit than the repository's records"
    assert (finding.expected, finding.found) == (COMMIT, OTHER)
    assert finding.why == "whoever checks the commit out gets other code in it"
    assert finding.hint == f"git -C {PROJECT} submodule update --init vendor; or git -C {PROJECT} commit vendor"
    assert severity(finding) is Severity.WARNING
    assert severity(one("submodule-mismatch", seen(CodePolicy.CLEAN, worktree=module(checked_out=OTHER)))) is (
        Severity.ERROR
    )
    used = Loaded(main="script", commits={f"{PROJECT}/vendor": OTHER})
    assert severity(one("submodule-mismatch", seen(worktree=module(checked_out=OTHER), loaded=used))) is Severity.ERROR
    assert findings("submodule-mismatch", seen(CodePolicy.DIFF, worktree=module(checked_out=OTHER))) == []
    for policy in CodePolicy:
        assert findings("submodule-mismatch", seen(policy, worktree=module())) == []


def test_changes_inside_of_a_submodule_and_one_that_cannot_be_told() -> None:
    finding = one("submodule-mismatch", seen(worktree=module(checked_out=COMMIT, changes=2)))
    assert finding.message == "the submodule vendor has 2 changes of its own"
    assert finding.hint == f"git -C {PROJECT}/vendor add -A, then git -C {PROJECT}/vendor commit"
    finding = one("submodule-mismatch", seen(worktree=module(unread="git is not installed")))
    assert finding.message == "the submodule vendor cannot be told: git is not installed"
    assert finding.unknown


def test_incomplete_patch() -> None:
    patch = Patch(base=COMMIT, tree=OTHER, text=b"", limit=1, left_out=(LeftOut(path="a b.env", reason="it is large"),))
    finding = one("incomplete-patch", seen(CodePolicy.DIFF, patch=patch))
    assert finding.message == "a b.env is left out of the patch: it is large"
    assert finding.why == "without it the code of the run cannot be got back"
    assert finding.hint == "commit it, or ignore it: echo '/a b.env' >> .gitignore"
    assert severity(finding) is Severity.ERROR


def test_unpushed_commit() -> None:
    finding = one("unpushed-commit", seen(head=Head(commit=COMMIT, branch="main", pushed=False, kept=True)))
    assert (finding.subject, finding.message) == ("main", f"no remote is known to have the commit {COMMIT}")
    assert (finding.why, finding.hint) == ("nobody else can check it out", f"git -C {PROJECT} push")
    assert severity(finding) is Severity.NOTE
    finding = one("unpushed-commit", seen(head=Head(commit=COMMIT, pushed=False, kept=False)))
    assert finding.message == f"no branch and no tag holds the commit {COMMIT}"
    assert (finding.why, finding.hint) == (
        "git deletes such a commit in time",
        f"git -C {PROJECT} branch NAME {COMMIT}",
    )
    for head in (Head(commit=COMMIT, pushed=True, kept=True), Head(commit=COMMIT), Head(commit=None)):
        assert findings("unpushed-commit", seen(head=head)) == []
    assert findings("unpushed-commit", seen(chosen=False, head=Head(commit=COMMIT, pushed=False, kept=False))) == []


@pytest.mark.parametrize(("word", "end"), [("merge", "merge --continue"), ("bisect", "bisect reset")])
def test_unfinished_operation(word: str, end: str) -> None:
    finding = one("unfinished-operation", seen(head=Head(commit=COMMIT, operation=word)))
    assert finding.message == f"a {word} was begun and not ended"
    assert finding.why == "the commit may be one that nobody means to keep"
    assert finding.hint == f"git -C {PROJECT} {end}"
    assert severity(finding) is Severity.WARNING
    assert findings("unfinished-operation", seen(chosen=False, head=Head(commit=COMMIT, operation=word))) == []


def test_unknown_code() -> None:
    code: dict[str, Any] = {"unread": "git is not installed", "hint": "install it", "head": None, "worktree": None}
    finding = one("unknown-code", seen(**code))
    assert finding.message == "the state of the code cannot be told: git is not installed"
    assert finding.why == "nobody can say that this is the code of any commit"
    assert (finding.hint, finding.unknown, severity(finding)) == ("install it", True, Severity.ERROR)
    assert severity(one("unknown-code", seen(chosen=False, **code))) is Severity.WARNING
    assert severity(one("unknown-code", seen(**code, root=None))) is Severity.ERROR
    assert findings("unknown-code", seen(chosen=False, **code, root=None)) == []


def test_unknown_of_a_repository_without_a_commit_and_of_filters() -> None:
    finding = one("unknown-code", seen(head=Head(commit=None, branch="main")))
    assert finding.message == "the repository has no commit yet, so nothing can be compared"
    worktree = WorkTree(untold=paths("a.ipynb"))
    finding = one("unknown-code", seen(CodePolicy.CLEAN, worktree=worktree))
    assert finding.message == "1 file goes through a filter that is not run, so nobody can tell what changed: a.ipynb"
    assert finding.hint == (
        f"git -C {PROJECT} status, which runs it; where that shows nothing: git -C {PROJECT} add -u"
    )
    assert findings("unknown-code", seen(worktree=worktree)) == []


def test_unknown_of_what_is_loaded() -> None:
    gone = file("a.py", LoadedState.GONE)
    other = file("b.py", LoadedState.UNREADABLE, root="/home/ada/other", reason="it is bare")
    first, second = findings("unknown-code", seen(loaded=loaded(gone, other)))
    assert first.message == "a.py cannot be compared with a commit: its file is not there any more"
    assert first.hint == f"git -C {PROJECT} status"
    assert second.message == "/home/ada/other/b.py cannot be compared with a commit: it is bare"
    assert {severity(first), severity(second)} == {Severity.ERROR}
    finding = one("unknown-code", seen(loaded=loaded(main="interactive")))
    assert finding.message == "the main program has no file, so what is typed into it is in no commit"
    assert severity(finding) is Severity.WARNING
    assert severity(one("unknown-code", seen(loaded=loaded(main="interactive"), chosen=False))) is Severity.NOTE
