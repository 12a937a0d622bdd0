"""What a receipt says of the ranks of its job and of the numeric canaries, in rows for people. Anybody may have written the file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..canaries.model import families, title
from ..json_text import text_of
from ..ranks.words import named

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DIGEST = 20


def ranks(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield which rank wrote it, whether all agreed, and if not, who said what."""
    told, mine = document.get("ranks"), document.get("rank")
    if not isinstance(told, dict):
        if isinstance(mine, dict):
            yield "ranks", f"rank {mine['rank']} of {mine['size']}, by {mine['launcher']}; the others were not asked"
        return
    digest = told.get("digest")
    agreed = f"all agree ({short(text_of(digest))})" if told.get("agreed") and digest else "they do not agree"
    over = f"over {text_of(told.get('over'))}"
    yield (
        "ranks",
        f"rank {told.get('rank')} of {told.get('size')}, by {text_of(told.get('launcher'))}, {over}: {agreed}",
    )
    if told.get("missing"):
        yield "", f"{named(text_of(told['missing']))} did not answer"
    for item in _dicts(told.get("refused")):
        yield "", f"{named(text_of(item.get('ranks')))} would not go on: {text_of(item.get('why'))}"
    for key, groups in _pairs(told.get("groups")):
        said = (
            f"{text_of(group.get('value')) if group.get('value') is not None else 'unknown'} on {named(text_of(group.get('ranks')))}"
            for group in _dicts(groups)
        )
        yield "", f"{key}: {', '.join(said)}"
    for name, tree in _pairs(told.get("trees")):
        if isinstance(tree, dict):
            how = "is not as recorded" if tree.get("wrong") else "is as recorded"
            yield "", f"the data {name}, which they read together, {how}"


def canaries(told: Any) -> Iterator[tuple[str, str]]:
    """Yield what became of the recorded canaries, group by group."""
    groups = told.get("groups") if isinstance(told, dict) else None
    for number, (name, group) in enumerate((name, group) for name, group in _pairs(groups) if isinstance(group, dict)):
        if group.get("not-run") is not None:
            said = f"not run ({text_of(group['not-run'])})"
        else:
            same, other = (_texts(group.get(word)) for word in ("same", "other"))
            unknown = [key for key, _ in _pairs(group.get("unknown"))]
            parts = [f"{len(same)} gave the recorded bits"] if same else []
            parts += [f"{len(other)} gave other bits: {families(other)}"] if other else []
            parts += [f"{len(unknown)} cannot be told: {families(unknown)}"] if unknown else []
            said = ", ".join(parts) or "none can be compared"
        yield "" if number else "canaries", f"{title(name)}: {said}"


def _pairs(value: Any) -> list[tuple[str, Any]]:
    return list(value.items()) if isinstance(value, dict) else []


def _texts(value: Any) -> list[str]:
    return [text_of(item) for item in value] if isinstance(value, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def short(text: str) -> str:
    """Return the beginning of a digest, and any other text whole."""
    return text[:_DIGEST] if text.startswith(("blake3:", "sha256:")) else text
