"""What of the code a run adds to what the check saw: the modules that it loads later, and the changes as a patch.

On the path of every clean check: imports nothing heavy, and starts no git unless there is something to ask.
"""

from __future__ import annotations

import os

from ..probes.own_code import modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class _Ledger(Protocol):
        answer: dict[str, Any]
        rank: dict[str, Any] | None

        def tells(self, section: str, ask: Any) -> None: ...
        def note(self, text: str) -> None: ...
        def attach(self, kind: str, suffix: str, data: bytes) -> None: ...


SUFFIX = ".patch"
_SHOWN = 200


class LaterCode:
    """The code that this process loads from now on.

    Python imports where a function needs a module, so what ``enforce()`` saw is not all that a run is made of.
    """

    __slots__ = ("_asked", "_before", "_commits", "_told")

    def __init__(self, commits: dict[str, str | None]) -> None:
        """Begin now; *commits* are those that were seen, by the roots of their repositories: HEAD may move while a run goes on."""
        self._commits = commits
        self._before = modules()
        self._asked = self._before
        self._told: dict[str, Any] = {"files": 0, "committed": 0, "others": {}}

    def look(self) -> dict[str, Any]:
        """Return how the files that were loaded since stand to the commits that were seen, as plain JSON values.

        ``files`` and ``committed`` are numbers, ``others`` maps the paths of the first 200 that no commit holds as they are now to
        what is wrong with them: ``changed``, ``untracked``, ``ignored``, ``built``, ``outside``, ``gone`` or ``unreadable``.
        Git is asked only where something was loaded since this was last asked.
        """
        now = modules()
        if now != self._asked:
            self._asked = now
            # Bytecode that somebody has written since makes no module of one that was there a later one.
            before = {line.split("\t")[1] for line in self._before.splitlines() if "\t" in line}
            lines = [line for line in now.splitlines() if "\t" in line and line.split("\t")[1] not in before]
            # Before Python ends it takes the main program's file away, and with it that line.
            if lines:
                self._told = self._judged("".join(f"{line}\n" for line in lines))
        return self._told

    def _judged(self, listing: str) -> dict[str, Any]:
        from ..reader import Reader
        from .imports import judge_listing
        from .model import LoadedState

        found = judge_listing(Reader(), listing, self._commits)
        every = {
            os.path.join(item.root, item.name) if item.root is not None else item.name: str(item.state)
            for item in found.files
            if item.state is not LoadedState.COMMITTED
        }
        others = dict(list(every.items())[:_SHOWN])
        return {"files": len(found.files), "committed": len(found.files) - len(every), "others": others}


def keep(ledger: _Ledger) -> LaterCode | None:
    """Let the receipt tell what is loaded later, and keep the patch that the settings ask for beside it.

    None where nobody is to look at the code.
    """
    code = ledger.answer["observed"].get("code")
    if code is None:
        return None
    later = LaterCode(_commits(ledger.answer["observed"]["project"], code))
    ledger.tells("later-imports", later.look)
    if "patch" in code and (ledger.rank is None or ledger.rank["rank"] == 0):
        _keep_patch(ledger, code["patch"])
    return later


def _commits(project: str, code: dict[str, Any]) -> dict[str, str | None]:
    """Return the commits that were seen, by the whole paths of the repositories; *code* has those from the project's own on."""
    inside = code["project"]
    root = project if inside in (None, ".") else project[: -len(inside) - 1]
    known = code.get("imports", {}).get("commits", {})
    found = {os.path.normpath(os.path.join(root, path)): commit for path, commit in known.items()}
    return {**found, root: code["commit"]} if "commit" in code else found


def _keep_patch(ledger: _Ledger, told: dict[str, Any]) -> None:
    from ..errors import EnvguardError
    from .patch import again

    try:
        patch = again(ledger.answer["observed"]["project"], told["tree"], told["limit"])
    except EnvguardError as error:
        ledger.note(f"the patch of the code is not kept: {error}")
        return
    if patch.tree != told["tree"]:
        ledger.note(
            f"the code changed since it was looked at: the patch that is kept gives the tree {patch.tree}, not {told['tree']}"
        )
    ledger.attach("patch", SUFFIX, patch.text)
