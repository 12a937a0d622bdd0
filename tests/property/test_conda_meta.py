"""Whatever is broken in a record of conda, or cut off it, is a package with a problem."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envguard.errors import EnvguardError
from envguard.installed.conda import _read, scan_conda
from envguard.installed.model import Environment, Layer, SiteFolder
from envguard.installed.pixi import pixi_markers
from envguard.reader import Reader
from tests.installed.prefixes import SITE, WRITERS, document, install, make_prefix, python_part, written
from tests.installed.test_pixi import MARKER
from tests.property.mutations import broken_bytes, broken_documents

if TYPE_CHECKING:
    from pathlib import Path

FILES = python_part("numpy", "2.1.0")
RECORD = document("numpy", "2.1.0", "py312_0", FILES)
STEM = "numpy-2.1.0-py312_0"


def use(folder: Path, data: bytes) -> None:
    prefix = folder / "env"
    if not prefix.exists():
        make_prefix(prefix)
        install(prefix, "numpy", "2.1.0", "py312_0", FILES)
    (prefix / "conda-meta" / f"{STEM}.json").write_bytes(data)
    environment = Environment(
        prefix=str(prefix),
        base_prefix=str(prefix),
        executable=None,
        chosen_by="a test",
        running=False,
        implementation="cpython",
        version="3.12.4",
        build="",
        markers={},
        folders=(SiteFolder(path=str(prefix.resolve() / SITE), layer=Layer.ENVIRONMENT),),
    )
    (package,) = scan_conda(Reader({}), environment, ())
    # What is told is what the record says, or there is a problem.
    assert package.problems or f"{package.name}-{package.version}-{package.build}" == STEM


relaxed = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@relaxed
@given(st.data(), st.sampled_from(sorted(WRITERS)))
def test_no_broken_record_is_a_crash(tmp_path: Path, data: st.DataObject, writer: str) -> None:
    text = data.draw(broken_documents(RECORD, lambda broken: written(broken, writer)))
    use(tmp_path, text.encode())


@relaxed
@given(st.data(), st.sampled_from(sorted(WRITERS)))
def test_no_cut_or_strange_byte_is_a_crash(tmp_path: Path, data: st.DataObject, writer: str) -> None:
    use(tmp_path, data.draw(broken_bytes(written(RECORD, writer))))


TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
PATHS = st.lists(st.fixed_dictionaries({"_path": TEXT, "sha256": TEXT}), max_size=3)
RECORDS = st.dictionaries(TEXT, VALUES, max_size=4).flatmap(
    lambda others: st.permutations(
        [
            *others.items(),
            ("files", ["a/b.py"]),
            ("paths_data", {"paths": [{"_path": "a/b.py", "sha256": "0"}], "paths_version": 1}),
        ]
    ).map(dict)
)


@given(RECORDS, st.sampled_from([None, 1, 2, 4, "\t"]), st.booleans())
def test_what_is_left_of_a_record_is_what_a_parser_finds(
    record: dict[str, object], indent: int | str | None, ordered: bool
) -> None:
    text = json.dumps(record, indent=indent, sort_keys=ordered, ensure_ascii=False)
    found = _read(text.encode(), "a-1-0.json").document
    lists = ("files", "paths_data")
    assert {key: value for key, value in found.items() if key not in lists} == {
        key: value for key, value in record.items() if key not in lists
    }


@relaxed
@given(st.data())
def test_no_broken_marker_of_pixi_is_a_crash(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "conda-meta"
    folder.mkdir(exist_ok=True)
    text = data.draw(broken_documents(MARKER, json.dumps))
    for content in (text.encode(), data.draw(broken_bytes(json.dumps(MARKER, indent=2)))):
        (folder / "pixi").write_bytes(content)
        try:
            pixi_markers(Reader({}), str(tmp_path))
        except EnvguardError as error:
            assert str(folder) in str(error)
