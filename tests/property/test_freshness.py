"""Whatever stands in a manifest or a lock, freshness gives a verdict or one error of ours."""

from __future__ import annotations

import copy
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import tomlkit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.uv.freshness import freshness
from envguard.reader import Reader
from tests.lockfiles.uv.changes import BASES
from tests.lockfiles.uv.test_freshness_words import LOCK, MANIFEST

MANIFESTS = [MANIFEST, *(base.files["pyproject.toml"] for base in BASES.values())]
Node = dict[str, Any] | list[Any]

values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False),
    st.dates(),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8),
    st.sampled_from(
        [[], {}, [[]], [{}], ["a"], {"a": 1}, {"include-group": "dev"}, {"workspace": True}, {"package": {}}]
    ),
    st.sampled_from(
        ["*", ">=1", "a ; extra == 'x'", "a @ file:///x", "a @ git+https://h/p@v", "../..", "**", "P1W", "all"]
    ),
)


def places(node: Node) -> list[tuple[Node, Any]]:
    """Return every place in a document: a table or list, and a key or index of it."""
    found: list[tuple[Node, Any]] = []
    for key, value in list(node.items() if isinstance(node, dict) else enumerate(node)):
        found.append((node, key))
        if isinstance(value, dict | list):
            found += places(value)
    return found


def spoil(data: st.DataObject, text: str) -> str:
    """Return the document *text* with some of its values replaced, removed or renamed."""
    document = copy.deepcopy(tomllib.loads(text))
    for _ in range(data.draw(st.integers(0, 3))):
        node, key = data.draw(st.sampled_from(places(document)))
        value = copy.deepcopy(data.draw(values))
        if value is not None:
            node[key] = value
        else:
            del node[key]
        if isinstance(node, dict) and data.draw(st.booleans()) and key in node:
            node[data.draw(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=5))] = (
                node[key]
            )
        if not document:
            break
    return tomlkit.dumps(document)


@given(st.data(), st.sampled_from(MANIFESTS))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_manifest_and_no_lock_is_a_crash(data: st.DataObject, manifest: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "pyproject.toml").write_text(spoil(data, manifest), encoding="utf-8")
        (folder / "uv.lock").write_text(spoil(data, LOCK), encoding="utf-8")
        reader = Reader({})
        try:
            verdict = freshness(reader, read_lock(reader, str(folder / "uv.lock")))
        except EnvguardError as error:
            assert error.path is not None
            assert error.path.startswith(str(folder))
        else:
            assert all(reason.message and reason.path for reason in verdict.reasons)
