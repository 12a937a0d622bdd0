"""What of a receipt can differ between two runs, in the sections in which it is read."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from ..canaries.model import gave, group_of
from ..facts import VARIABLE, is_audit
from ..json_text import text_of
from ..model import Level, Severity, fact_text
from ..receipts.document import REFUSED
from ..rules.comparison import gravity
from ..rules.impact import role_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    Facts = Mapping[str, str]

_PACKAGES, _OTHERS = PACKAGES = ("packages that compute numbers", "other packages")
# What ends the name of a package of conda, whose names are not those of an index.
CONDA = " (conda)"
_MACHINE, _KIND, PEOPLE = "the machine", "the kind of machine", "for people only"
CODE = "code"
# In the order in which they are read; and whether a difference in one can change results.
SECTIONS = (
    (_PACKAGES, True),
    (_MACHINE, True),
    ("canaries", True),
    ("seeds", True),
    ("switches", True),
    ("data", True),
    (CODE, True),
    ("the command", True),
    ("loaded libraries", True),
    ("while it ran", True),
    (_OTHERS, False),
    (_KIND, False),
    ("lock, record and selection", False),
    ("the check", False),
    (PEOPLE, False),
)
# What a run that was refused has not come to, and what it has not come to either where nothing was checked before.
_OF_A_RUN = ("seeds", "switches", "loaded libraries", "while it ran")
_OF_A_CHECK = (_PACKAGES, _OTHERS, _MACHINE, _KIND, "canaries", "data", CODE, "lock, record and selection")
# Which job this was, and where it lay.
_PLACES = frozenset(
    (
        "CONDA_DEFAULT_ENV",
        "CONDA_PREFIX",
        "ENVGUARD_CACHE_DIR",
        "ENVGUARD_RUNS",
        "MASTER_ADDR",
        "MASTER_PORT",
        "SLURM_JOB_ID",
        "SLURM_NODEID",
        "SLURM_RESTART_COUNT",
        "SLURM_STEP_ID",
        "TORCHELASTIC_RESTART_COUNT",
        "TORCHELASTIC_RUN_ID",
        "VIRTUAL_ENV",
    )
)


def told(receipt: Mapping[str, Any], numeric: tuple[str, ...]) -> dict[str, Facts | None]:
    """Return what a receipt of any version says, by section; None where its version could not tell.

    *numeric* are further patterns of packages that compute numbers. A run that was refused has neither seeds nor switches nor events.
    """
    observed = receipt["observed"]
    packages = {
        **_table(observed.get("packages")),
        **{f"{name}{CONDA}": text for name, text in _table(observed.get("conda")).items()},
    }
    facts = _table(observed.get("facts"))
    computing = {name for name in packages if role_of(name.removesuffix(CONDA), numeric).numbers}
    weighty = {key for key in facts if not is_audit(key) and gravity(key).at(Level.HOST_TO_HOST) is Severity.ERROR}
    people = {key for key in facts if is_audit(key)}
    begun = receipt["verdict"] != REFUSED
    found: dict[str, Facts | None] = {
        _PACKAGES: {name: packages[name] for name in sorted(computing)},
        _OTHERS: {name: text for name, text in packages.items() if name not in computing},
        _MACHINE: {key: facts[key] for key in weighty},
        _KIND: {key: facts[key] for key in facts.keys() - weighty - people},
        "canaries": _canaries(observed.get("canaries")),
        "seeds": _seeds(receipt),
        "switches": {name: text_of(_table(value).get("found", "")) for name, value in receipt["switches"].items()},
        "data": _data(observed.get("data")),
        CODE: {**_code(observed.get("code")), **_later(receipt.get("later-imports"))},
        "the command": _command(receipt, facts),
        "loaded libraries": _libraries(receipt.get("libraries")),
        "while it ran": _events(receipt.get("events")),
        "lock, record and selection": {
            key: text_of(observed.get(key)) for key in ("lock", "baseline", "selection", "files")
        },
        "the check": _check(receipt),
        PEOPLE: {**{key: facts[key] for key in people}, **_people(receipt)},
    }
    untold = () if begun else _OF_A_RUN if observed else (*_OF_A_RUN, *_OF_A_CHECK)
    return {title: None if title in untold else facts for title, facts in found.items()}


def _canaries(canaries: Any) -> Facts:
    """Return what the canaries of the run gave, and of those that it did not run why and what is recorded."""
    known = canaries if isinstance(canaries, dict) else {}
    groups: dict[str, dict[str, Any]] = {}
    for name, group in _dict(known.get("groups")).items():
        of_group = _dict(group)
        groups[name] = {
            "same": _list(of_group.get("same")),
            "other": _list(of_group.get("other")),
            "unknown": _table(of_group.get("unknown")),
            "not-run": of_group.get("not-run"),
        }
    recorded = _table(known.get("recorded"))
    given = gave({"recorded": recorded, "seen": _table(known.get("seen")), "groups": groups})
    unasked = {
        key: bits
        for key, bits in recorded.items()
        if (group := groups.get(group_of(key))) is not None and group["not-run"] is not None
    }
    others = {f"{name}, other bits": ", ".join(group["other"]) for name, group in groups.items() if group["other"]}
    idle = {
        f"{name}, not run": text_of(group["not-run"]) for name, group in groups.items() if group["not-run"] is not None
    }
    return {**unasked, **{key: fact_text(value) for key, value in given.items()}, **others, **idle}


def _later(imports: Any) -> Facts:
    others = imports.get("others") if isinstance(imports, dict) else None
    return {f"loaded later: {path}": text for path, text in _table(others).items()}


def _events(events: Any) -> Facts | None:
    """Return what happened to the run, told apart by what it was and how often; not when."""
    if events is None:
        return None
    found: dict[str, str] = {}
    for event in events:
        details = {
            key: value for key, value in event.items() if key not in ("kind", "time") and value not in ([], {}, None)
        }
        if details:
            number = sum(name.startswith(event["kind"]) for name in found) + 1
            found[f"{event['kind']} {number}"] = "; ".join(f"{key} {text_of(value)}" for key, value in details.items())
    return found


def _seeds(receipt: Mapping[str, Any]) -> Facts:
    found = {key: text_of(receipt[key]) for key in ("seed", "scheme") if key in receipt}
    found["seeds"] = text_of(receipt.get("seeds", "derived"))
    found |= {f"{name} was": text for name, text in _table(receipt.get("seeded")).items()}
    for stream in receipt.get("streams") or ():
        name = f"stream {text_of(stream.get('library'))} {text_of(stream.get('name'))}"
        found[name] = f"{text_of(stream.get('requests'))} requests"
    return found


def _data(data: Any) -> Facts:
    known = data if isinstance(data, dict) else {}
    trees = known.get("trees")
    found = {
        name: text_of(tree.get("root") or "unknown") if isinstance(tree, dict) else text_of(tree)
        for name, tree in (trees if isinstance(trees, dict) else {}).items()
    }
    return {**found, "(left out)": text_of(known["left-out"])} if known.get("left-out") else found


def _code(code: Any) -> Facts:
    known = code if isinstance(code, dict) else {}
    patch = known.get("patch")
    found = {
        key: text_of(known[key])
        for key in ("commit", "branch", "clean", "tree", "unknown")
        if known.get(key) is not None
    }
    if isinstance(patch, dict) and "sha256" in patch:
        found["patch"] = text_of(patch["sha256"])
    return found


def _libraries(libraries: Any) -> Facts | None:
    return None if libraries is None else {name: text_of(about["version"]) for name, about in libraries.items()}


def _command(receipt: Mapping[str, Any], facts: Facts) -> Facts | None:
    """Return the arguments, and the variables that are neither facts of the machine nor say which job this was."""
    process = receipt.get("process")
    if process is None:
        return None
    environment = process["environment"].items()
    known = {f"${key}": value for key, value in environment if key not in _PLACES and VARIABLE + key not in facts}
    rank = receipt.get("rank")
    ranks = {"ranks": str(rank["size"])} if rank is not None else {}
    return {"arguments": shlex.join(process["argv"]), **ranks, **known}


def _check(receipt: Mapping[str, Any]) -> Facts:
    found = {key: text_of(receipt[key]) for key in ("verdict", "level", "mode", "envguard") if key in receipt}
    for key in ("findings", "waived"):
        names = [
            f"{item['code']} {item['subject']}" if isinstance(item, dict) else text_of(item)
            for item in receipt.get(key) or ()
        ]
        found[key] = ", ".join(sorted(names))
    found["overridden"] = "; ".join(map(text_of, receipt.get("overridden") or ()))
    refusal = receipt.get("refusal")
    if isinstance(refusal, dict) and refusal["verdict"] is None:
        found["refused because"] = refusal["text"].partition("\n")[0]
    return found


def _people(receipt: Mapping[str, Any]) -> Facts:
    observed, process = receipt["observed"], receipt.get("process") or {}
    found = {key: text_of(observed[key]) for key in ("project", "environment") if observed.get(key) is not None}
    found |= {key: text_of(process[key]) for key in ("python", "folder") if process.get(key) is not None}
    found |= {f"${key}": value for key, value in (process.get("environment") or {}).items() if key in _PLACES}
    return {**found, **_table(receipt.get("audit"))}


def _table(value: Any) -> dict[str, str]:
    return {str(key): text_of(item) for key, item in value.items()} if isinstance(value, dict) else {}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[str]:
    return [text_of(item) for item in value] if isinstance(value, list) else []
