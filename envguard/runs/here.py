"""Whether what a run was made of is what is here: the project's code, lock, packages, machine and data against its receipt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..check import receipt_facts
from ..model import Level, Severity, Unknown, fact_of, fact_text
from ..observe import Request, look
from ..receipts.judge import Point, State
from ..rules.comparison import differences
from ..rules.impact import role_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..reader import Reader

_NAMED = 3
_UNKNOWN = "unknown"


def here(reader: Reader, project: str, document: Mapping[str, Any], *, python: str | None = None) -> list[Point]:
    """Return, point by point, whether the folder *project* and its environment are what the run of *document* had.

    *python* is an interpreter or an environment, as for ``check``. Raises what ``observe.look`` raises.
    """
    told = document.get("level")
    level = Level(told) if told in set(Level) else Level.HOST_TO_HOST
    evidence = look(reader, project, Request(python=python, level=level))
    now, then = receipt_facts(evidence), document["observed"]
    return [
        *_code(then.get("code"), now.get("code")),
        _lock(then.get("lock"), now.get("lock")),
        _equal("selection", then.get("selection"), now.get("selection")),
        *_packages(then, now, evidence.config.numeric),
        *_machine(then.get("facts"), now["facts"], level),
        *_data(then.get("data"), now.get("data")),
    ]


def _point(name: str, state: State, text: str) -> Point:
    return Point(name=name, state=state, text=text)


def _code(then: Any, now: Any) -> Iterator[Point]:
    old, new = (told if isinstance(told, dict) else {} for told in (then, now))
    commits = old.get("commit"), new.get("commit")
    if None in commits:
        whose = "of the run" if commits[0] is None else "that is here"
        yield _point("commit", State.UNKNOWN, f"the commit {whose} is not known")
    else:
        same = commits[0] == commits[1]
        text = str(commits[0]) if same else f"{commits[1]} is checked out, the run had {commits[0]}"
        yield _point("commit", State.SAME if same else State.DIFFERENT, text)
    trees = old.get("tree"), new.get("tree")
    if None not in trees:
        same = trees[0] == trees[1]
        text = "every file is as it was" if same else "files are not as they were: git status, or apply the patch"
        yield _point("work tree", State.SAME if same else State.DIFFERENT, text)
        return
    cleans = old.get("clean"), new.get("clean")
    if cleans == (True, True):
        yield _point("work tree", State.SAME, "nothing is uncommitted, and nothing was")
    elif None not in cleans and cleans[0] != cleans[1]:
        yield _point(
            "work tree",
            State.DIFFERENT,
            "there are uncommitted changes" if cleans[0] else "there were uncommitted changes",
        )
    else:
        yield _point("work tree", State.UNKNOWN, "what is uncommitted cannot be compared")


def _lock(then: Any, now: Any) -> Point:
    old, new = (told.get("digest") if isinstance(told, dict) else None for told in (then, now))
    if not old or not new:
        return _point("lock", State.UNKNOWN, "the run had none" if not old else "there is none here")
    same = old == new
    return _point("lock", State.SAME if same else State.DIFFERENT, f"{new}" if same else f"{new}, the run had {old}")


def _equal(name: str, then: Any, now: Any) -> Point:
    if then is None or now is None:
        return _point(name, State.UNKNOWN, "the run had none" if then is None else "there is none here")
    same = bool(then == now)
    return _point(
        name, State.SAME if same else State.DIFFERENT, "is that of the run" if same else "is another than the run had"
    )


def _packages(then: Mapping[str, Any], now: Mapping[str, Any], numeric: tuple[str, ...]) -> Iterator[Point]:
    for key in ("packages", "conda"):
        old, new = then.get(key), now.get(key)
        if old is None and new is None and key == "conda":
            continue
        if not isinstance(old, dict):
            yield _point(key, State.UNKNOWN, "the run kept no list of them")
            continue
        found: Mapping[str, Any] = new if isinstance(new, dict) else {}
        wrong = sorted(name for name in old.keys() | found.keys() if old.get(name) != found.get(name))
        wrong.sort(key=lambda name: role_of(name, numeric).order)
        untold = [name for name in old if old[name] == found.get(name) == _UNKNOWN]
        if wrong:
            shown = [
                f"{name} {found.get(name, 'absent')}, the run had {old.get(name, 'none')}" for name in wrong[:_NAMED]
            ]
            more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
            yield _point(key, State.DIFFERENT, "; ".join(shown) + more)
        elif untold:
            yield _point(key, State.UNKNOWN, f"no version is known of {', '.join(untold[:_NAMED])}")
        else:
            yield _point(key, State.SAME, f"{len(old):,} as the run had them")


def _machine(then: Any, now: Mapping[str, str], level: Level) -> Iterator[Point]:
    if not isinstance(then, dict) or not then:
        yield _point("machine", State.UNKNOWN, "the run kept nothing of its machine")
        return
    old, new = (
        {key: fact_of(value) for key, value in facts.items() if isinstance(value, str)} for facts in (then, now)
    )
    found = [item for item in differences(old, new) if item.severities.at(level) is Severity.ERROR]
    for item in found:
        unknown = isinstance(item.old, Unknown) or isinstance(item.new, Unknown)
        text = f"{fact_text(item.new)}, the run had {fact_text(item.old)}"
        yield _point(item.key, State.UNKNOWN if unknown else State.DIFFERENT, text)
    if not found:
        yield _point("machine", State.SAME, f"nothing that counts at {level} differs")


def _data(then: Any, now: Any) -> Iterator[Point]:
    old, new = (told.get("trees") if isinstance(told, dict) else None for told in (then, now))
    if isinstance(then, dict) and then.get("left-out"):
        yield _point("data", State.UNKNOWN, "the run did not verify it")
    for name, tree in (old if isinstance(old, dict) else {}).items():
        root = tree.get("root") if isinstance(tree, dict) else None
        found = (new.get(name) or {}).get("root") if isinstance(new, dict) else None
        if root is None or found is None:
            yield _point(
                f"data {name}",
                State.UNKNOWN,
                "the run could not tell" if root is None else "is not recorded, or not readable, here",
            )
        else:
            same = root == found
            text = str(found) if same else f"{found}, the run had {root}"
            yield _point(f"data {name}", State.SAME if same else State.DIFFERENT, text)
