"""EG6: the work tree and where it stands."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from ..amounts import plural
from ..model import CodePolicy, Impact, Place, Severities, Severity
from .code_words import SETTING, WHY, at, code_of, git, listed, look_again
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..model import Finding
    from ..repository.model import Code, Submodule
    from .evidence import Evidence

_NAMED = 3


@rule("EG601", "uncommitted-changes", "the work tree holds what no commit does", since="0.1", need=Need.CODE)
def uncommitted_changes(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares the work tree with the commit, where the settings ask for `code = "clean"`.

    ## What it sees

    Files that are staged, changed, in conflict, or that git does not follow and was not told to ignore, whatever the
    configuration of the repository makes of them: `status.showUntrackedFiles`, `core.checkStat`, `--assume-unchanged`
    and `--skip-worktree` hide nothing. Bytecode in `__pycache__` and envguard's own receipts do not count.

    ## Why it matters

    Two runs with one commit and different changes look the same in every record, and nobody can get the code of
    either back.

    ## How to mend

    Commit what belongs to the run, add the rest to `.gitignore`. `code = "committed-imports"` asks it only of the
    files that a run loads, `code = "diff"` keeps the changes with the receipt.
    """
    code = code_of(evidence)
    if code.policy is not CodePolicy.CLEAN or code.worktree is None:
        return
    words = {
        "staged": "staged and not committed",
        "changed": "changed",
        "untracked": "not followed by git",
        "conflicted": "in conflict",
    }
    for kind, paths in code.worktree.kinds.items():
        if paths.count:
            yield self.finding(
                kind,
                f"{plural(paths.count, 'file')} {'is' if paths.count == 1 else 'are'} {words[kind]}: {listed(paths)}",
                impact=Impact.UNKNOWN,
                why=WHY,
                place=at(code, paths.first[0]),
                hint=f"{git(code.root, 'add', '-A')}, then {git(code.root, 'commit')}; or {SETTING}",
            )


@rule(
    "EG606",
    "hidden-changes",
    "git was told to look away from a file, and it differs",
    since="0.1",
    need=Need.CODE,
    severities=Severity.WARNING,
)
def hidden_changes(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks at the files that are marked with `--assume-unchanged` or `--skip-worktree`.

    ## What it sees

    Such a file whose content is not the commit's: `git status` and `git diff` never show it. One that is as
    committed, and one that a sparse checkout left out, is none.

    ## Why it matters

    Everybody who looks believes that the work tree is clean.

    ## How to mend

    `git update-index --no-assume-unchanged FILE`, `git update-index --no-skip-worktree FILE` (one call takes one flag
    away), and commit the change or take it back.
    """
    code = code_of(evidence)
    if code.worktree is None or not code.worktree.hidden_changes.count:
        return
    paths = code.worktree.hidden_changes
    what = f"{plural(paths.count, 'file')} {'differs' if paths.count == 1 else 'differ'}"
    strict = code.policy is CodePolicy.CLEAN
    yield self.finding(
        paths.first[0] if paths.count == 1 else "hidden",
        f"{what} and git was told to look away: {listed(paths)}",
        impact=Impact.UNKNOWN,
        why="git status and git diff never show it",
        place=at(code, paths.first[0]),
        hint=look_again(code.root, *paths.first[:_NAMED]),
        severities=Severities.same(Severity.ERROR) if strict else self.severities,
    )


@rule("EG607", "submodule-mismatch", "a submodule is not at the commit that is recorded", since="0.1", need=Need.CODE)
def submodule_mismatch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Compares every submodule that is checked out with what the repository's commit records for it.

    ## What it sees

    A submodule at another commit, or with changes of its own, whatever `submodule.NAME.ignore` says. It is an error
    where the settings ask for `code = "clean"` and where the process has loaded code from it, otherwise a warning.
    With `code = "diff"` another commit is part of the patch.

    ## Why it matters

    Whoever checks the commit out gets the recorded commit of the submodule, and so other code.

    ## How to mend

    `git submodule update` checks the recorded commits out; `git add PATH` and a commit record the other one.
    """
    code = code_of(evidence)
    for module in code.worktree.submodules if code.worktree is not None else ():
        yield from _mismatch(self, code, module)


def _mismatch(self: Rule, code: Code, module: Submodule) -> Iterator[Finding]:
    path = os.path.join(code.root or "", module.path)
    used = code.loaded is not None and path in code.loaded.commits
    grave = code.policy is CodePolicy.CLEAN or used
    values: dict[str, Any] = {
        "impact": Impact.NUMBERS if used else Impact.UNKNOWN,
        "why": "whoever checks the commit out gets other code in it",
        "place": Place(path=path),
        "severities": Severities.same(Severity.ERROR if grave else Severity.WARNING),
    }
    update = git(code.root, "submodule", "update", "--init", module.path)
    if module.unread is not None:
        yield self.finding(
            module.path,
            f"the submodule {module.path} cannot be told: {module.unread}",
            **{**values, "impact": Impact.UNKNOWN},
            hint=git(path, "status"),
            unknown=True,
        )
    elif module.checked_out is None:
        return
    elif module.checked_out != module.recorded and code.policy is not CodePolicy.DIFF:
        yield self.finding(
            module.path,
            f"the submodule {module.path} is at another commit than the repository's records",
            **values,
            expected=module.recorded or "nothing recorded",
            found=module.checked_out,
            hint=f"{update}; or {git(code.root, 'commit', module.path)}",
        )
    elif module.changes:
        yield self.finding(
            module.path,
            f"the submodule {module.path} has {plural(module.changes, 'change')} of its own",
            **values,
            hint=f"{git(path, 'add', '-A')}, then {git(path, 'commit')}",
        )


@rule("EG608", "incomplete-patch", "changes of the code cannot be kept with the receipt", since="0.1", need=Need.CODE)
def incomplete_patch(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks at what the patch of the work tree leaves out, where the settings ask for `code = "diff"`.

    ## What it sees

    A change in a file that holds a secret, by its name or by a token in it; one that is too large for `patch-limit`;
    one that goes through a filter other than Git LFS; one inside of a submodule or of another repository. Every patch
    is applied to its commit when it is made, and must give the same tree.

    ## Why it matters

    With a patch that lacks something the code of the run cannot be got back.

    ## How to mend

    Commit the file, ignore it, or raise `patch-limit`. A secret belongs outside of the repository, or into
    `.gitignore`.
    """
    code = code_of(evidence)
    for item in code.patch.left_out if code.patch is not None else ():
        yield self.finding(
            item.path,
            f"{item.path} is left out of the patch: {item.reason}",
            impact=Impact.UNKNOWN,
            why="without it the code of the run cannot be got back",
            place=at(code, item.path),
            hint=f"commit it, or ignore it: echo {shlex.quote('/' + item.path)} >> .gitignore",
        )


@rule(
    "EG609",
    "unpushed-commit",
    "nobody else has the commit",
    since="0.1",
    need=Need.CODE,
    severities=Severity.NOTE,
)
def unpushed_commit(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Asks whether a branch of a remote has the commit, as far as was fetched, where the settings choose `code`.

    ## What it sees

    A commit that no remote-tracking branch holds; and one that no branch and no tag holds, at a detached HEAD, which
    git deletes in time. A detached HEAD whose commit was pushed is as good as any branch, and none is told of a
    shallow clone.

    ## Why it matters

    The receipt names a commit that exists on one disk.

    ## How to mend

    `git push`; for a commit on no branch `git branch NAME COMMIT` first.
    """
    code = code_of(evidence)
    head = code.head
    if not code.chosen or head is None or head.commit is None:
        return
    if head.kept is False:
        yield self.finding(
            "HEAD",
            f"no branch and no tag holds the commit {head.commit}",
            impact=Impact.NONE,
            why="git deletes such a commit in time",
            place=Place(path=code.root or evidence.project),
            hint=git(code.root, "branch", "NAME", head.commit),
        )
    elif head.pushed is False:
        yield self.finding(
            head.branch or "HEAD",
            f"no remote is known to have the commit {head.commit}",
            impact=Impact.NONE,
            why="nobody else can check it out",
            place=Place(path=code.root or evidence.project),
            hint=git(code.root, "push"),
        )


@rule(
    "EG610",
    "unfinished-operation",
    "a merge, a rebase or the like was begun and not ended",
    since="0.1",
    need=Need.CODE,
    severities=Severity.WARNING,
)
def unfinished_operation(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for what git keeps while an operation is going on, where the settings choose `code` or a run begins.

    ## What it sees

    A merge, rebase, cherry-pick, revert or bisect that was neither ended nor given up.

    ## Why it matters

    The commit that HEAD names now may be one that nobody meant to keep.

    ## How to mend

    End it with `--continue`, or give it up with `--abort` (`git bisect reset`).
    """
    code = code_of(evidence)
    if code.head is None or code.head.operation is None or not (code.chosen or code.loaded is not None):
        return
    word = code.head.operation
    end = ("bisect", "reset") if word == "bisect" else (word, "--continue")
    yield self.finding(
        word,
        f"a {word} was begun and not ended",
        impact=Impact.NONE,
        why="the commit may be one that nobody means to keep",
        place=Place(path=code.root or evidence.project),
        hint=git(code.root, *end),
    )
