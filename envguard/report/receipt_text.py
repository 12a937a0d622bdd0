"""A receipt for people, in at most 100 columns. Whatever stands in it is shown as text that moves no cursor."""

from __future__ import annotations

import shlex
import textwrap
from typing import TYPE_CHECKING, Any, TextIO

from ..amounts import duration, plural, size
from ..json_text import text_of
from ..model import Level
from ..names import printable
from ..rules.impact import role_of
from .receipt_said import canaries, ranks, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

WIDTH = 100
_COLUMN = 14
_REACHABLE = {True: "reachable", False: "not reachable", None: "cannot tell"}
# What the facts do not say themselves is said before them.
_MACHINE = {
    "cpu.model": "",
    "nvidia.gpus": "",
    "amd.gpus": "",
    "nvidia.driver": "driver ",
    "amd.driver": "driver ",
    "platform.libc": "",
    "torch.version": "torch ",
    "torch.cuda": "CUDA ",
}
_CLEAN = {"True": "nothing uncommitted", "False": "with uncommitted changes"}


def write(document: Mapping[str, Any], stream: TextIO, *, path: str, numeric: Iterable[str] = ()) -> None:
    """Write the receipt *document*, which was read from *path*, to *stream*; *numeric* are further patterns of numeric packages."""
    for title, text in _rows(document, path, tuple(numeric)):
        wrapped = textwrap.wrap(printable(text), WIDTH - _COLUMN, break_on_hyphens=False) or [""]
        stream.write(f"{printable(title):{_COLUMN}}{wrapped[0]}\n")
        stream.writelines(f"{'':{_COLUMN}}{line}\n" for line in wrapped[1:])


def _rows(document: Mapping[str, Any], path: str, numeric: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    observed = document["observed"]
    yield "receipt", f"{document.get('id', 'version 1')} ({path})"
    yield "run", _when(document)
    if "process" in document:
        process = document["process"]
        yield "command", shlex.join(process["command"])
        yield "folder", process["folder"] or "unknown"
        yield from (("variable", f"{name}={value}") for name, value in process["environment"].items())
    yield "verdict", _verdict(document)
    yield from _refusal(document.get("refusal"))
    yield from _levels(document)
    yield "seed", _seed(document)
    for name, told in (document.get("seeded") or {}).items():
        yield "", f"{name}: {text_of(told)}"
    yield from _streams(document.get("streams") or [])
    for number, (name, switch) in enumerate(document["switches"].items()):
        yield "" if number else "switches", f"{name}: {_switch(switch)}"
    yield from ranks(document)
    yield from canaries(observed.get("canaries"))
    yield from _code(observed.get("code"))
    yield from _environment(observed, numeric)
    yield from _data(observed.get("data"))
    yield from _lists(document)


def _when(document: Mapping[str, Any]) -> str:
    text = f"{document.get('time', 'unknown')}, envguard {document.get('envguard', 'unknown')}"
    if "end" not in document:
        return text
    end = document["end"]
    milliseconds = document["milliseconds"]
    took = duration(milliseconds / 1000) if milliseconds >= 1000 else f"{milliseconds} ms"
    if end is None:
        return f"{text}, had run for {took} when this was written: it still ran, or was killed"
    if end["how"] == "refused":
        return f"{text}, refused after {took}"
    problem = f", uncaught {end['uncaught']}" if end["uncaught"] else ""
    return f"{text}, ended by {end['how']} after {took}{problem}"


def _verdict(document: Mapping[str, Any]) -> str:
    text = f"{document.get('verdict')} at {document.get('level')}"
    mode = document.get("mode")
    if mode != "enforce" and "refusal" not in document:
        text += f"; ENVGUARD={mode} let it pass"
    return text + ("; nothing had changed since an earlier check" if document.get("recalled") else "")


def _refusal(refusal: Any) -> Iterator[tuple[str, str]]:
    if isinstance(refusal, dict):
        yield "refused", f"{refusal['error']}:"
        yield from (("", line) for line in refusal["text"].splitlines() if line.strip())


def _levels(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    levels = document.get("levels") or {}
    # As they are read: the strictest first.
    for number, level in enumerate(level for level in Level if level in levels):
        told = levels[level]
        # Version 1 said of each level no more than whether it is reachable.
        known = told if isinstance(told, dict) else {"reachable": told}
        reasons = [*known.get("blockers", ()), *(f"{name} unknown" for name in known.get("unknowns", ()))]
        reasons += [f"{name} waived" for name in known.get("waived", ())]
        because = f": {', '.join(reasons)}" if reasons else ""
        yield "" if number else "levels", f"{level} {_REACHABLE[known['reachable']]}{because}"


def _seed(document: Mapping[str, Any]) -> str:
    how = f", {document['seeds']}" if "seeds" in document else ""
    seed = document["seed"] if document["seed"] is not None else "none yet"
    return f"{seed} ({document.get('scheme', 'unknown')}{how})"


def _streams(streams: list[Any]) -> Iterator[tuple[str, str]]:
    for number, stream in enumerate(streams):
        told = stream if isinstance(stream, dict) else {}
        yield (
            "" if number else "streams",
            f"{text_of(told.get('library'))} {text_of(told.get('name'))}: {text_of(told.get('requests'))} requests",
        )


def _switch(switch: Mapping[str, Any]) -> str:
    wanted, found = text_of(switch.get("wanted")), text_of(switch.get("found"))
    when = f", {text_of(switch['when'])}" if "when" in switch else ""
    return f"{found}{when}" if wanted in ("any", found) else f"{found}, wanted {wanted}{when}"


def _code(code: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(code, dict):
        return
    commit = code.get("commit")
    if not isinstance(commit, str):
        yield "code", text_of(code.get("unknown") or "no commit")
        return
    state = _CLEAN.get(str(code.get("clean")), "unknown whether anything is uncommitted")
    pushed = ", not pushed" if code.get("pushed") is False else ""
    yield "code", f"commit {commit} ({text_of(code.get('branch') or 'detached')}{pushed}), {state}"
    if isinstance(code.get("remote"), str):
        yield "", code["remote"]


def _environment(observed: Mapping[str, Any], numeric: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    lock, baseline = observed.get("lock"), observed.get("baseline")
    if isinstance(lock, dict):
        yield "lock", f"{text_of(lock.get('path'))} {short(text_of(lock.get('digest')))}"
    if isinstance(baseline, dict):
        yield "baseline", f"machine {text_of(baseline.get('machine'))}, {short(text_of(baseline.get('digest')))}"
    packages = observed.get("packages")
    if isinstance(packages, dict):
        named = [f"{name} {text_of(version)}" for name, version in packages.items() if role_of(name, numeric).numbers]
        yield "packages", plural(len(packages), "package") + (f": {', '.join(named)}" if named else "")
    facts = observed.get("facts")
    if isinstance(facts, dict):
        python = f"{text_of(facts.get('interpreter.implementation'))} {text_of(facts.get('interpreter.version'))}"
        shown = [f"{said}{text_of(facts[key])}" for key, said in _MACHINE.items() if facts.get(key, "none") != "none"]
        yield "machine", ", ".join([python, *shown])


def _data(data: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(data, dict):
        return
    if data.get("left-out"):
        yield "data", f"not verified: {text_of(data['left-out'])}"
    trees = data.get("trees")
    for number, (name, tree) in enumerate((trees if isinstance(trees, dict) else {}).items()):
        told = tree if isinstance(tree, dict) else {}
        files, count = told.get("files"), told.get("bytes")
        amount = f", {plural(files, 'file')}, {size(count)}" if type(files) is int and type(count) is int else ""
        how = {"content": "every file was read", "stat-cache": "unchanged files by the stat cache"}.get(
            text_of(told.get("assurance")), "not read"
        )
        differs = (
            "" if told.get("root") == told.get("recorded") else f", recorded was {short(text_of(told.get('recorded')))}"
        )
        yield (
            "" if number else "data",
            f"{name}: {short(text_of(told.get('root') or 'unknown'))}{amount} ({how}){differs}",
        )


def _lists(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for item in document.get("waived") or ():
        text = f"{item['code']} {item['subject']}: {item['reason']}" if isinstance(item, dict) else text_of(item)
        yield "waived", text
    yield from (("overridden", text_of(text)) for text in document.get("overridden") or ())
    for event in document.get("events") or ():
        details = ", ".join(f"{key} {text_of(value)}" for key, value in event.items() if key not in ("kind", "time"))
        yield "event", f"{event['time']} {event['kind']}" + (f": {details}" if details else "")
    for name, library in (document.get("libraries") or {}).items():
        yield "library", f"{name} {library['version']}, loaded {library['loaded']}"
    for output in (document.get("end") or {}).get("outputs", ()):
        yield "output", f"{output['path']} {output.get('sha256', output.get('problem', 'unknown'))}"
    for kind, file in (document.get("files") or {}).items():
        yield kind, f"{file['name']} ({size(file['bytes'])})"
    yield from (("note", text) for text in document.get("notes") or ())
