"""``envguard code show``: the state of the code as enforce() sees it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from ..amounts import plural
from ..config import load_config
from ..model import CodePolicy, Verdict
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..repository.document import document
from ..repository.look import look_at
from . import options
from .console import Console, start_folder
from .status import STATUS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..repository.model import Code, Head, WorkTree

_SHOWN = 8


@click.command("show", short_help="Show commit, changes and submodules, whatever the repository's settings hide.")
@click.argument("project", required=False, type=click.Path())
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@options.color
@click.pass_context
def command(context: click.Context, /, *, project: str | None, form: str) -> None:
    """Show which commit the code of PROJECT is at, and what in the work tree differs from it.

    PROJECT is a folder in it; by default the current one. Nothing of the repository's configuration is run, and nothing is
    written into it. What a run would load only enforce() sees. Exit status 3 where git cannot tell.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    folder = find_project(reader, project if project is not None else start_folder())
    config = load_config(reader, folder)
    # Who asks to see it is shown it, also where checks are told not to look.
    policy = None if config.code is CodePolicy.OFF else config.code
    code = look_at(reader, folder, policy=policy, running=False, limit=config.patch_limit)
    if code is None:
        context.exit(0)
    console.emit(_json(code, folder) if form == "json" else "\n".join(_text(code)) + "\n")
    context.exit(0 if code.unread is None else STATUS[Verdict.UNDECIDED])


def _json(code: Code, folder: str) -> str:
    told: dict[str, Any] = {"schema": {"name": "envguard.code", "version": 1}, "root": code.root}
    return json.dumps({**told, **document(code, folder)}, indent=2) + "\n"


def _text(code: Code) -> Iterator[str]:
    if code.root is not None:
        yield f"repository  {printable(code.root)}"
    if code.head is not None:
        yield from _head(code.head)
    if code.worktree is not None:
        yield from _worktree(code.worktree)
    if code.patch is not None:
        whole = "complete" if code.patch.complete else f"without {plural(len(code.patch.left_out), 'change')}"
        yield f"patch       {plural(len(code.patch.text), 'byte')}, {whole}"
        yield from (f"  left out  {printable(item.path)}: {printable(item.reason)}" for item in code.patch.left_out)
    if code.unread is not None:
        yield f"unknown     {printable(code.unread)}"
        if code.hint is not None:
            yield f"  hint      {printable(code.hint)}"


def _head(head: Head) -> Iterator[str]:
    yield f"commit      {head.commit or 'none yet'}"
    yield f"branch      {printable(head.branch) if head.branch is not None else 'none: HEAD is detached'}"
    if head.remote is not None:
        yield f"remote      {printable(head.remote)}"
    if head.commit is not None:
        words = {True: "yes", False: "no", None: "unknown: the clone is shallow"}
        yield f"pushed      {words[head.pushed]}"
    kinds = {"shallow": head.shallow, "partial": head.partial, "linked": head.linked, "sparse": head.sparse}
    if found := [word for word, there in kinds.items() if there]:
        yield f"kind        {', '.join(found)}"
    if head.operation is not None:
        yield f"unfinished  {head.operation}"


def _worktree(worktree: WorkTree) -> Iterator[str]:
    yield f"tree        {worktree.tree or f'none: {printable(worktree.no_tree or str())}'}"
    yield f"state       {'as committed' if worktree.clean else 'differs from the commit'}"
    kinds = {**worktree.kinds, "untold": worktree.untold, "hidden": worktree.hidden_changes}
    for word, paths in kinds.items():
        if paths.count:
            more = f" and {paths.count - _SHOWN:,} more" if paths.count > _SHOWN else ""
            yield f"  {word:10}{', '.join(map(printable, paths.first[:_SHOWN]))}{more}"
    for module in worktree.submodules:
        if module.unread is not None:
            yield f"submodule   {printable(module.path)}: unknown: {printable(module.unread)}"
        elif module.checked_out is None:
            yield f"submodule   {printable(module.path)}: not checked out"
        elif module.checked_out != module.recorded or module.changes:
            yield (
                f"submodule   {printable(module.path)}: at {module.checked_out}, recorded is {module.recorded or 'nothing'}, "
                f"{plural(module.changes, 'change')} of its own"
            )
        else:
            yield f"submodule   {printable(module.path)}: as recorded"
