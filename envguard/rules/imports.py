"""EG6: what a process has loaded, and what nobody can tell of the code."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING, Any

from ..amounts import plural
from ..model import CodePolicy, Impact, Place, Severities, Severity
from ..repository.model import LoadedState
from ..values import replace
from .code_words import SETTING, WHY, at, code_of, git, listed, look_again, strictly
from .registry import Need, Rule, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..model import Finding
    from ..repository.model import Code, LoadedFile
    from .evidence import Evidence

_NAMED = 3
_MANY = 8


@rule("EG602", "changed-import", "a module that is loaded is not what its commit holds", since="0.1", need=Need.CODE)
def changed_import(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Holds the content of every file that the process has loaded from a repository against the commit.

    ## What it sees

    The main script and every module that no installer put there, in the project's repository and in any other: an
    editable installation, a folder on `PYTHONPATH`. Their content is read and compared with the blob of the commit,
    so that no index, no flag and no time stamp can hide a change. Only a live process can be asked: `enforce()` does,
    `envguard check` cannot.

    Bytecode that runs in the place of a committed source, too: the interpreter takes a `.pyc` in `__pycache__` that has
    time and size of its source, or its hash, or says that nobody is to compare it (PEP 552). So the source is compiled
    and the code compared, whatever the `.pyc` says of itself; one that another release of Python has made can differ.

    ## Why it matters

    The commit in the receipt would name other code than the one that gave the result.

    ## How to mend

    Commit the file, or delete the bytecode. Where it is meant to differ, `code = "diff"` keeps the changes of the
    project with the receipt.
    """
    code = code_of(evidence)
    if code.loaded is None:
        return
    for item in _grouped(code.loaded.of(LoadedState.CHANGED)):
        if item.bytecode is not None:
            yield _not_what_ran(self, item, item.bytecode, code)
            continue
        # What differs in the project's own repository is in its patch.
        if code.policy is CodePolicy.DIFF and item.root == code.root:
            continue
        yield self.finding(
            item.name,
            f"{_named(item, code)} is not what its commit holds",
            impact=Impact.NUMBERS,
            why=WHY,
            expected=f"its content in {_commit(code, item.root)}",
            found=f"loaded as {item.module}",
            place=_place(item),
            hint=_commit_it(item, code) + (f"; or {SETTING}" if item.root == code.root else ""),
        )


def _commit_it(item: LoadedFile, code: Code) -> str:
    commit = git(item.root, "commit", item.name)
    hidden = code.worktree.hidden_changes.first if code.worktree is not None and item.root == code.root else ()
    # While git looks away, it finds nothing to commit.
    return f"{look_again(item.root, item.name)} && {commit}" if item.name in hidden else commit


def _not_what_ran(self: Rule, item: LoadedFile, bytecode: str, code: Code) -> Finding:
    return self.finding(
        item.name,
        f"{_named(item, code)} is not what ran: the bytecode in its place is not made from it",
        impact=Impact.NUMBERS,
        why=WHY,
        expected=f"its content in {_commit(code, item.root)}",
        found=f"loaded as {item.module} from {item.reason}",
        place=_place(item),
        hint=f"rm {shlex.quote(bytecode)}",
    )


@rule("EG603", "untracked-import", "a module that is loaded is in no commit", since="0.1", need=Need.CODE)
def untracked_import(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Looks for the files that the process has loaded in the commits of their repositories.

    ## What it sees

    A script or module in a repository that its commit does not have: it was never added, it is staged only, or git is
    told to ignore it; the last is what `git status` never shows. A `.pyc` without its source is such a module as well.

    ## Why it matters

    Whoever checks the commit out does not get this file, and the run fails there, or finds another of that name.

    ## How to mend

    Add and commit the file. One that is ignored on purpose and decides no number can be waived by its path.
    """
    code = code_of(evidence)
    if code.loaded is None:
        return
    for item in _grouped(code.loaded.of(LoadedState.UNTRACKED, LoadedState.IGNORED)):
        ignored = item.state is LoadedState.IGNORED
        if code.policy is CodePolicy.DIFF and item.root == code.root and not ignored:
            continue
        yield self.finding(
            item.name,
            f"{_named(item, code)} is in no commit" + (", and git is told to ignore it" if ignored else ""),
            impact=Impact.NUMBERS,
            why="whoever checks the commit out does not get this code",
            found=f"loaded as {item.module}",
            place=_place(item),
            hint=f"{git(item.root, 'add', *(('--force',) if ignored else ()), item.name)}, then "
            f"{git(item.root, 'commit')}",
        )


@rule("EG604", "unversioned-import", "a module that is loaded lies in no repository", since="0.1", need=Need.CODE)
def unversioned_import(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Names the files that the process has loaded and that lie in no repository and came with no package.

    ## What it sees

    A module in a folder on `PYTHONPATH`, or beside a script that lies elsewhere, while the project itself is in a
    repository. It is a warning where the settings do not choose a value of `code`: debuggers load such files.

    ## Why it matters

    No commit and no lock says what is in this file, so it cannot be got back.

    ## How to mend

    Move the code into the repository, or install it as a package that the lock names.
    """
    code = code_of(evidence)
    if code.loaded is None or code.root is None:
        return
    for item in _grouped(code.loaded.of(LoadedState.OUTSIDE)):
        yield self.finding(
            item.name,
            f"{item.name} is in no repository, and no installer put it there",
            impact=Impact.NUMBERS,
            why="no commit and no lock says what is in it",
            found=f"loaded as {item.module}",
            place=_place(item),
            hint="move it into the repository, or install it as a package that the lock names",
            severities=strictly(code),
        )


@rule(
    "EG605",
    "built-import",
    "a module that is loaded was built from sources that nobody can tell",
    since="0.1",
    need=Need.CODE,
    severities=Severity.WARNING,
)
def built_import(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Names the extension modules that are loaded out of a repository that does not hold them.

    ## What it sees

    A shared library built in place (`pip install -e`, `setup.py build_ext --inplace`).

    ## Why it matters

    It may have been built from an older state of the sources than the commit's, with any compiler and any flags.

    ## How to mend

    Build it anew from the commit, or install a wheel that the lock names.
    """
    code = code_of(evidence)
    for item in _grouped(code.loaded.of(LoadedState.BUILT)) if code.loaded is not None else ():
        yield self.finding(
            item.name,
            f"{_named(item, code)} was built, and no commit tells from what",
            impact=Impact.UNKNOWN,
            why="it may be older than the sources of the commit",
            found=f"loaded as {item.module}",
            place=_place(item),
            hint="build it anew from the commit, or install a wheel that the lock names",
        )


@rule("EG611", "unknown-code", "the state of the code cannot be told", since="0.1", need=Need.CODE)
def unknown_code(self: Rule, evidence: Evidence) -> Iterator[Finding]:
    """Says what git could not say of the code, or nobody but a person can.

    ## What it sees

    No repository, no git or one that is too old, a repository that belongs to somebody else, one that is bare, a git
    that does not answer; a repository without a commit; a file that a filter changes on its way into the repository,
    which is not run; a loaded file that is gone or cannot be read; and a main program that is typed: a prompt, a
    notebook, `python -c`.

    Where the settings choose a value of `code` it is an error, otherwise a warning; that there is no repository is
    then left to the receipt, which says so.

    ## Why it matters

    Unknown is not equal: no one can say that this is the code of any commit.

    ## How to mend

    Do what the hint says; where the code is not to be looked at, set `code = "off"`.
    """
    code = code_of(evidence)
    strict = strictly(code)
    if code.unread is not None and (code.root is not None or code.chosen):
        yield _unknown(
            self,
            "git",
            f"the state of the code cannot be told: {code.unread}",
            place=Place(path=code.root or evidence.project),
            hint=code.hint,
            severities=strict,
        )
    if code.head is not None and code.head.commit is None and code.chosen:
        yield _unknown(
            self,
            "HEAD",
            "the repository has no commit yet, so nothing can be compared",
            place=Place(path=code.root or evidence.project),
            hint=f"{git(code.root, 'add', '-A')}, then {git(code.root, 'commit')}",
        )
    yield from _untold(self, code)
    if code.loaded is None:
        return
    for item in _grouped(code.loaded.of(LoadedState.GONE, LoadedState.UNREADABLE)):
        # That this repository cannot be asked is said above.
        if item.root is not None and item.root == code.root and code.unread is not None:
            continue
        reason = "its file is not there any more" if item.state is LoadedState.GONE else item.reason
        yield _unknown(
            self,
            item.name,
            f"{_named(item, code)} cannot be compared with a commit: {reason}",
            found=f"loaded as {item.module}",
            place=_place(item),
            hint=git(item.root, "status") if item.root is not None else "load it from a file that stays",
            severities=strict,
        )
    if code.loaded.main == "interactive" and code.root is not None:
        yield _unknown(
            self,
            "__main__",
            "the main program has no file, so what is typed into it is in no commit",
            hint="put it into a script, and commit that",
            severities=Severities.same(Severity.WARNING if code.chosen else Severity.NOTE),
        )


def _untold(self: Rule, code: Code) -> Iterator[Finding]:
    if code.policy is CodePolicy.CLEAN and code.worktree is not None and code.worktree.untold.count:
        paths = code.worktree.untold
        which = f"{plural(paths.count, 'file')} {'goes' if paths.count == 1 else 'go'}"
        yield _unknown(
            self,
            "filters",
            f"{which} through a filter that is not run, so nobody can tell what changed: {listed(paths)}",
            place=at(code, paths.first[0]),
            hint=f"{git(code.root, 'status')}, which runs it; where that shows nothing: {git(code.root, 'add', '-u')}",
        )


def _unknown(self: Rule, subject: str, message: str, **more: Any) -> Finding:
    return self.finding(
        subject,
        message,
        impact=Impact.UNKNOWN,
        why="nobody can say that this is the code of any commit",
        unknown=True,
        **more,
    )


def _grouped(files: Iterable[LoadedFile]) -> Iterator[LoadedFile]:
    """Yield each file, or where a folder has many of a kind the folder, with a slash at its end, in their place."""
    groups: dict[tuple[str | None, str, LoadedState], list[LoadedFile]] = {}
    for item in files:
        top = item.name.partition("/")[0] if item.root is not None else os.path.dirname(item.name)
        groups.setdefault((item.root, top, item.state), []).append(item)
    for group in groups.values():
        if len(group) <= _MANY:
            yield from group
        else:
            yield _folder_of(group)


def _folder_of(group: list[LoadedFile]) -> LoadedFile:
    folder = os.path.commonpath([item.name for item in group]) or "."
    modules = [item.module for item in group]
    return replace(
        group[0],
        name=f"{folder}/",
        module=f"{', '.join(modules[:_NAMED])} and {len(modules) - _NAMED} more",
    )


def _named(item: LoadedFile, code: Code) -> str:
    return item.name if item.root == code.root or item.root is None else os.path.join(item.root, item.name)


def _place(item: LoadedFile) -> Place:
    return Place(path=os.path.join(item.root or "", item.name))


def _commit(code: Code, root: str | None) -> str:
    commit = code.loaded.commits.get(root or "") if code.loaded is not None else None
    return f"commit {commit}" if commit is not None else "no commit yet"
