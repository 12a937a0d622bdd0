"""What must be restored to run a run again, step by step, as commands for a person to read and run. Nothing is executed here.

A receipt may have been written by anybody. What it names stands in the commands as quoted words; what is no commit, no address that
git only fetches from, or no printable text stands in none.
"""

from __future__ import annotations

import json
import os
import re
import shlex
from typing import TYPE_CHECKING, Any

from ..redact import REDACTED
from ..values import dataclass
from .install import Wanted, install_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# What git fetches from and nothing else: "ext::" and its kin are programs that it would run.
_REMOTE = re.compile(r"(?:https?|ssh|git|file)://[^\s]+|[A-Za-z0-9_.\-]+@[A-Za-z0-9_.\-]+:[^\s:][^\s]*|/[^\s]*")
_VARIABLE = "variable."
# What 'envguard run' sets itself, and what says which job this was.
_OWN = frozenset(("CUBLAS_WORKSPACE_CONFIG", "PYTHONHASHSEED"))
_MACHINE = ("cpu.model", "nvidia.gpus", "amd.gpus", "nvidia.driver", "nvidia.cuda", "platform.system", "platform.libc")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing to restore: its *title*, the *commands* in their order, and what is to be known beside them (*notes*)."""

    title: str
    commands: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def plan(document: Mapping[str, Any], path: str) -> list[Step]:
    """Return the steps that restore the run of the receipt *document*, which was read from *path*, in their order."""
    observed = document["observed"]
    return [
        *_code(observed.get("code"), document, path),
        *_python(observed),
        *_packages(observed),
        *_data(observed.get("data")),
        *_machine(observed),
        *_variables(observed),
        _run(document),
    ]


def _code(code: Any, document: Mapping[str, Any], path: str) -> Iterator[Step]:
    told: Mapping[str, Any] = code if isinstance(code, dict) else {}
    commit, remote, project = told.get("commit"), told.get("remote"), told.get("project")
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        yield Step(title="code", notes=("the receipt names no commit: restore the code by hand",))
        return
    notes, commands = [], []
    if isinstance(remote, str) and _REMOTE.fullmatch(remote) and remote.isprintable():
        folder = (
            re.sub(r"[^A-Za-z0-9_.-]", "", remote.rstrip("/").rpartition("/")[2].removesuffix(".git")).lstrip("-.")
            or "code"
        )
        commands += [f"git clone -- {shlex.quote(remote)} {shlex.quote(folder)}", f"cd {shlex.quote(folder)}"]
    else:
        notes.append("the receipt names no remote to clone from: begin in a clone that has the commit")
    if told.get("pushed") is False:
        notes.append("the commit was not pushed when the run began: the remote may not have it")
    commands.append(f"git checkout --detach {commit}")
    if told.get("submodules"):
        commands.append("git submodule update --init --recursive")
    yield Step(title="code", commands=tuple(commands), notes=tuple(notes))
    yield from _patch(told, document, path)
    if isinstance(project, str) and project not in ("", ".") and project.isprintable() and not os.path.isabs(project):
        yield Step(title="folder of the project", commands=(f"cd -- {shlex.quote(project)}",))


def _patch(code: Mapping[str, Any], document: Mapping[str, Any], path: str) -> Iterator[Step]:
    file = (document.get("files") or {}).get("patch")
    if file is not None:
        where = os.path.join(os.path.dirname(path), file["name"])
        patch = code.get("patch")
        left = patch.get("left-out") if isinstance(patch, dict) else None
        notes = (
            tuple(f"not in the patch: {name} ({reason})" for name, reason in left.items())
            if isinstance(left, dict)
            else ()
        )
        if where.isprintable():
            yield Step(
                title="uncommitted changes", commands=(f"git apply --binary -- {shlex.quote(where)}",), notes=notes
            )
    elif code.get("clean") is False:
        why = 'no patch was kept (code = "diff" in the settings keeps one)'
        yield Step(title="uncommitted changes", notes=(f"there were some, and {why}: they cannot be restored",))


def _python(observed: Mapping[str, Any]) -> Iterator[Step]:
    told = observed.get("facts")
    facts: Mapping[str, Any] = told if isinstance(told, dict) else {}
    version = facts.get("interpreter.version")
    if isinstance(version, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)*[a-z0-9+]*", version):
        name = _text(facts.get("interpreter.implementation"))
        yield Step(title="interpreter", commands=(f"uv python install {version}",), notes=(f"{name} {version}",))


def _packages(observed: Mapping[str, Any]) -> Iterator[Step]:
    lock, selection = observed.get("lock"), observed.get("selection")
    name = lock.get("path") if isinstance(lock, dict) else None
    if not isinstance(lock, dict) or not isinstance(name, str) or not name.isprintable():
        yield Step(title="packages", notes=("the receipt names no lock: its list of packages is all there is",))
        return
    told: Mapping[str, Any] = selection if isinstance(selection, dict) else {}
    wanted = Wanted(
        packages=_names(told.get("packages")),
        extras=_names(told.get("extras")),
        groups=_names(told.get("groups")),
        default_groups=told.get("default-groups") is not False,
    )
    notes = (f"{name} is the one whose digest is {_text(lock.get('digest'))}",)
    command = install_command(name, wanted)
    if command is None or not command.isprintable():
        yield Step(title="packages", notes=(*notes, "which tool installs from it cannot be told by its name"))
    else:
        yield Step(title="packages", commands=(command,), notes=notes)


def _data(data: Any) -> Iterator[Step]:
    told: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if told.get("left-out"):
        yield Step(title="data", notes=(f"was not verified: {_text(told['left-out'])}",))
    trees = told.get("trees")
    for name, tree in (trees if isinstance(trees, dict) else {}).items():
        about: Mapping[str, Any] = tree if isinstance(tree, dict) else {}
        where = _text(about.get("named") or about.get("path") or "unknown")
        notes = (f"{name}: {where} with the root {_text(about.get('root') or 'unknown')}",)
        commands = (
            (f"envguard data verify {shlex.quote(name)}",) if name.isprintable() and name[:1] not in ("", "-") else ()
        )
        yield Step(title="data", commands=commands, notes=notes)


def _machine(observed: Mapping[str, Any]) -> Iterator[Step]:
    facts = observed.get("facts")
    if isinstance(facts, dict):
        notes = tuple(f"{key}: {_text(facts[key])}" for key in _MACHINE if facts.get(key, "none") != "none")
        yield Step(title="machine", notes=notes)


def _variables(observed: Mapping[str, Any]) -> Iterator[Step]:
    facts = observed.get("facts")
    commands, notes = [], []
    for key, value in sorted(facts.items()) if isinstance(facts, dict) else ():
        name = key.removeprefix(_VARIABLE)
        if not key.startswith(_VARIABLE) or name in _OWN or not _NAME.fullmatch(name):
            continue
        text = _text(value)
        if text.startswith("unknown: ") or " for the start of the process" in text or REDACTED in text:
            notes.append(f"{name}: {text}")
        elif text.isprintable():
            commands.append(f"export {name}={shlex.quote('' if text == chr(39) * 2 else text)}")
    if commands or notes:
        yield Step(title="variables", commands=tuple(commands), notes=tuple(notes))


def _run(document: Mapping[str, Any]) -> Step:
    words = ["envguard", "run", "--seed", document["seed"], "--level", _text(document.get("level"))]
    process = document.get("process")
    notes = []
    if document.get("seeds") == "classic":
        notes.append('the run was seeded with seeds="classic"')
    if process is None:
        return Step(title="run", commands=(shlex.join([*words, "--", "..."]),), notes=("the receipt names no command",))
    notes.append("in the environment that was installed")
    command = process["command"]
    if process["folder"] is not None and process["folder"] != document["observed"].get("project"):
        notes.append(f"it was started in {process['folder']}")
    if any(REDACTED in word for word in command):
        notes.append(f"{REDACTED} stands for what must be filled in")
    if not all(word.isprintable() for word in command):
        return Step(title="run", notes=(*notes, "its command holds control characters: see envguard receipt show"))
    arguments = [_interpreter(command[0]), *command[1:]] if command else ["..."]
    return Step(title="run", commands=(shlex.join([*words, "--", *arguments]),), notes=tuple(notes))


def _interpreter(path: str) -> str:
    """Return ``python`` for an interpreter: that of the environment that was restored, not of a folder that may be elsewhere."""
    return "python" if re.fullmatch(r"python[0-9.]*", os.path.basename(path)) else path


def _names(values: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(value for value in values or () if isinstance(value, str))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
