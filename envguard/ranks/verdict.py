"""What follows from the messages of all ranks: pure functions, so that all of them make the same of the same.

Rank 0 makes it for all; with a function that gathers, each makes it itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .model import Group, Refusal, Split
from .sections import digest, is_optional
from .words import parsed, ranges

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

MAX_KEYS = 50
MAX_GROUPS = 16
_LONGEST = 400
_NAMED = 100


def plan(hellos: Mapping[int, Mapping[str, Any]], size: int, waited: float) -> dict[str, Any]:
    """Return what rank 0 answers to the digests: who is missing, who refuses, what differs and who stands for it.

    *hellos* are the messages that came, by rank; *waited* is how long, in seconds, anybody was waited for.
    """
    missing = [rank for rank in range(size) if rank not in hellos]
    values = {rank: hello["sections"] for rank, hello in hellos.items() if hello.get("refusal") is None}
    differ: dict[str, list[dict[str, Any]]] = {}
    rest: dict[str, str] = {}
    for section in sorted({name for named in values.values() for name in named}):
        optional = is_optional(section)
        groups = _grouped(
            {rank: named.get(section, "") for rank, named in values.items() if section in named or not optional}
        )
        if len(groups) > 1:
            differ[section] = [{"rank": min(ranks), "ranks": ranges(ranks)} for _, ranks in groups[:MAX_GROUPS]]
            if others := [rank for _, ranks in groups[MAX_GROUPS:] for rank in ranks]:
                rest[section] = ranges(others)
    refused = _grouped({rank: _reason(hello) for rank, hello in hellos.items() if hello.get("refusal") is not None})
    told = {rank: hello["sections"] for rank, hello in sorted(hellos.items())}
    hosts = {rank: hello["host"] for rank, hello in hellos.items()}
    return {
        "missing": ranges(missing),
        "waited": round(waited, 1),
        "differ": differ,
        "rest": rest,
        "refusals": [
            {"text": text, "unknown": unknown, "ranks": ranges(ranks), "hosts": _hosts(ranks, hosts)}
            for (text, unknown), ranks in _limited(refused)
        ],
        "hosts": _by_host(hosts) if differ else [],
        "digest": None if missing else f"blake3:{digest([size, _grouped_digests(told)])}",
        "root": hellos[0].get("root") if 0 in hellos else None,
        "speaker": min((rank for rank, hello in hellos.items() if hello.get("refusal") is None), default=None),
        "strict": any(hello["strict"] for hello in hellos.values()),
    }


def representatives(made: Mapping[str, Any]) -> dict[int, list[str]]:
    """Return for each rank that stands for others the sections that it is to send."""
    found: dict[int, list[str]] = {}
    for section, groups in made["differ"].items():
        for group in groups:
            found.setdefault(group["rank"], []).append(section)
    return found


def outcome(made: Mapping[str, Any], details: Mapping[int, Mapping[str, Mapping[str, str | None]]]) -> dict[str, Any]:
    """Return the last answer: the keys that differ, each with its groups. *details* are what representatives sent, by rank."""
    hosts = {rank: entry["host"] for entry in made["hosts"] for rank in parsed(entry["ranks"])}
    splits: list[dict[str, Any]] = []
    more: dict[str, int] = {}
    for section, groups in made["differ"].items():
        told = [(parsed(group["ranks"]), details.get(group["rank"], {}).get(section)) for group in groups]
        if any(values is None for _, values in told):
            # Whoever stood for a group went away: that they differ is known, in what is not.
            splits.append(_split(section, section, [(ranks, None) for ranks, _ in told], hosts))
            continue
        keys = sorted({key for _, values in told if values is not None for key in values})
        count = 0
        for key in keys:
            merged: dict[str | None, list[int]] = {}
            for ranks, values in told:
                if values is not None:
                    merged.setdefault(_short(values.get(key, "not there")), []).extend(ranks)
            if len(merged) > 1:
                count += 1
                if count <= MAX_KEYS:
                    splits.append(_split(section, key, [(ranks, value) for value, ranks in merged.items()], hosts))
        if count > MAX_KEYS:
            more[section] = count - MAX_KEYS
    return {"splits": splits, "more": more}


def splits_of(document: Mapping[str, Any]) -> tuple[Split, ...]:
    """Return what differs as values."""
    return tuple(
        Split(
            section=split["section"],
            key=split["key"],
            groups=tuple(
                Group(ranks=group["ranks"], count=group["count"], hosts=tuple(group["hosts"]), value=group["value"])
                for group in split["groups"]
            ),
        )
        for split in document["splits"]
    )


def refusals_of(made: Mapping[str, Any]) -> tuple[Refusal, ...]:
    """Return who would not go on as values."""
    return tuple(
        Refusal(ranks=item["ranks"], hosts=tuple(item["hosts"]), text=item["text"], unknown=bool(item["unknown"]))
        for item in made["refusals"]
    )


def _reason(hello: Mapping[str, Any]) -> tuple[str, bool]:
    refusal = hello["refusal"]
    return refusal["text"], bool(refusal.get("unknown"))


def _grouped(values: Mapping[int, Any]) -> list[tuple[Any, list[int]]]:
    """Return the values with the ranks that have each: the one that most have first, then that of the lowest rank."""
    groups: dict[Any, list[int]] = {}
    for rank in sorted(values):
        groups.setdefault(values[rank], []).append(rank)
    return sorted(groups.items(), key=lambda item: (-len(item[1]), item[1][0]))


def _limited(refused: list[tuple[Any, list[int]]]) -> list[tuple[Any, list[int]]]:
    """Return the reasons of most ranks, and one entry for those of all others."""
    others = [rank for _, ranks in refused[MAX_GROUPS:] for rank in ranks]
    return [*refused[:MAX_GROUPS], *([(("for reasons of their own", False), others)] if others else [])]


def _grouped_digests(told: Mapping[int, Mapping[str, str]]) -> list[list[Any]]:
    return [
        [list(digests), ranges(ranks)]
        for digests, ranks in _grouped({r: tuple(sorted(s.items())) for r, s in told.items()})
    ]


def _split(
    section: str, key: str, groups: Iterable[tuple[list[int], str | None]], hosts: Mapping[int, str]
) -> dict[str, Any]:
    ordered = sorted(groups, key=lambda item: (-len(item[0]), min(item[0])))
    return {
        "section": section,
        "key": key,
        "groups": [
            {"ranks": ranges(ranks), "count": len(ranks), "hosts": _hosts(ranks, hosts), "value": value}
            for ranks, value in ordered
        ],
    }


def _hosts(ranks: Collection[int], hosts: Mapping[int, str]) -> list[str]:
    return list(dict.fromkeys(hosts[rank] for rank in sorted(ranks) if rank in hosts))[:_NAMED]


def _by_host(hosts: Mapping[int, str]) -> list[dict[str, str]]:
    return [{"host": host, "ranks": ranges(ranks)} for host, ranks in _grouped(hosts)]


def _short(value: str | None) -> str | None:
    """Return *value* so that it can be shown and is still another than every other."""
    if value is None or len(value) <= _LONGEST:
        return value
    return f"{value[:_LONGEST]} … ({digest(value)[:16]})"
