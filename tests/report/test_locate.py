from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from envguard.model import Place
from envguard.report.locate import Document
from envguard.report.locate_yaml import YamlDocument
from envguard.report.locator import Locator
from envguard.report.positions import Lines, Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

CORPORA = Path(__file__).parent.parent / "corpora"

LOCK = """\
version = 1
requires-python = ">=3.11"
resolution-markers = [
    "sys_platform == 'linux'",
    "sys_platform != 'linux'",
]
conflicts = [[
    { package = "app", extra = "cpu" },
    { package = "app", extra = "cu130" },
]]

[options]
exclude-newer = "2026-11-01T00:00:00Z"

[[package]]
name = "app"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "numpy" },
    { name = "torch", version = "2.13.0", marker = "extra == 'cpu'" },
]

[package.optional-dependencies]
cpu = [
    { name = "torch", version = "2.13.0" },
]

[package.dev-dependencies]
dev = [{ name = "pytest" }]

[package.metadata]
requires-dist = [
    { name = "numpy", specifier = ">=2" },
    { name = "torch", marker = "extra == 'cpu'", specifier = "==2.13.0" },
]

[package.metadata.requires-dev]
dev = [{ name = "pytest" }]

[[package]]
name = "numpy"
version = "2.4.6"
wheels = [
    { url = "https://files.index.example/numpy-1.whl", hash = "sha256:00" },
    { url = "https://files.index.example/numpy-2.whl", hash = "sha256:01" },
]

[[package]]
name = "torch"
version = "2.13.0"
"""

MANIFEST = '''\
# [project] in a comment is none, nor is name = "x"
title."dotted \\u0071uoted" = 1   # key with an escape

[ project ]  # a comment
name = "app"
description = """
[project]
name = "not here"
""" # [tool.envguard]
'requires-python' = '>=3.11'
dependencies = ["numpy>=2", 'torch', # ]
  """scipy
  [[package]]""",  "last",
]
optional-dependencies.cpu = ["torch"]

[tool.uv]
sources = { torch = [{ index = "cpu", marker = "extra == 'cpu'" }, { index = "cuda" }], "numpy" = { path = "x" } }
empty = []

[tool."env.guard"]
a = [[[[[[1, 2], [3]]]]], [[
  "deep", [[[[[["deeper"]]]]]], "after" ]]]
b = 1979-05-27 07:32:00

[[tool.envguard.waivers]]
rule = "EG201"

[[tool.envguard.waivers]]
rule = "EG301"
reason = "because"
[tool.envguard.waivers.until]
date = 2027-01-01
'''


def line_of(text: str, *keys: str | int) -> str | None:
    position = Document(text).locate(keys)
    return None if position is None else text.split("\n")[position.line - 1].strip()


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("version",), "version = 1"),
        (("resolution-markers", 1), "\"sys_platform != 'linux'\","),
        (("conflicts", 0, 1, "extra"), '{ package = "app", extra = "cu130" },'),
        (("conflicts", 0), "conflicts = [["),
        (("options", "exclude-newer"), 'exclude-newer = "2026-11-01T00:00:00Z"'),
        (("package",), "[[package]]"),
        (("package", 0, "source", "virtual"), 'source = { virtual = "." }'),
        (
            ("package", 0, "dependencies", 1, "marker"),
            '{ name = "torch", version = "2.13.0", marker = "extra == \'cpu\'" },',
        ),
        (("package", 0, "optional-dependencies", "cpu", 0), '{ name = "torch", version = "2.13.0" },'),
        (("package", 0, "dev-dependencies", "dev", 0, "name"), 'dev = [{ name = "pytest" }]'),
        (("package", 0, "metadata", "requires-dist", 0, "specifier"), '{ name = "numpy", specifier = ">=2" },'),
        (("package", 0, "metadata", "requires-dev"), "[package.metadata.requires-dev]"),
        (("package", 1, "version"), 'version = "2.4.6"'),
        (
            ("package", 1, "wheels", 1, "hash"),
            '{ url = "https://files.index.example/numpy-2.whl", hash = "sha256:01" },',
        ),
        (("package", 2, "version"), 'version = "2.13.0"'),
    ],
)
def test_a_place_in_a_lock_is_found(keys: tuple[str | int, ...], line: str) -> None:
    assert line_of(LOCK, *keys) == line


@pytest.mark.parametrize(
    ("keys", "position"),
    [
        (("package", 1, "version"), Position(line=43, column=1)),
        (("package", 1), Position(line=41, column=1)),
        (("package", 0, "dependencies", 1, "marker"), Position(line=21, column=43)),
        (("package", 0, "dependencies", 1), Position(line=21, column=5)),
    ],
)
def test_the_position_is_that_of_the_key_or_of_the_element(keys: tuple[str | int, ...], position: Position) -> None:
    assert Document(LOCK).locate(keys) == position


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("title", "dotted quoted"), 'title."dotted \\u0071uoted" = 1   # key with an escape'),
        (("project", "name"), 'name = "app"'),
        (("project", "requires-python"), "'requires-python' = '>=3.11'"),
        (("project", "dependencies", 1), "dependencies = [\"numpy>=2\", 'torch', # ]"),
        (("project", "dependencies", 2), '"""scipy'),
        (("project", "dependencies", 3), '[[package]]""",  "last",'),
        (("project", "optional-dependencies", "cpu", 0), 'optional-dependencies.cpu = ["torch"]'),
        (("project", "optional-dependencies"), 'optional-dependencies.cpu = ["torch"]'),
        (("tool",), "[tool.uv]"),
        (("tool", "env.guard", "a", 1, 0, 1, 0, 0), '"deep", [[[[[["deeper"]]]]]], "after" ]]]'),
        (("tool", "env.guard", "b"), "b = 1979-05-27 07:32:00"),
        (("tool", "envguard"), "[[tool.envguard.waivers]]"),
        (("tool", "envguard", "waivers", 0, "rule"), 'rule = "EG201"'),
        (("tool", "envguard", "waivers", 1, "rule"), 'rule = "EG301"'),
        (("tool", "envguard", "waivers", 1, "until", "date"), "date = 2027-01-01"),
    ],
)
def test_a_place_in_a_manifest_of_every_style_is_found(keys: tuple[str | int, ...], line: str) -> None:
    assert line_of(MANIFEST, *keys) == line


def test_columns_inside_one_line_tell_elements_apart() -> None:
    text = 'sources = { torch = [{ index = "cpu" }, { index = "cuda" }] }'
    assert Document(text).locate(("sources", "torch", 1, "index")) == Position(line=1, column=text.rindex("index") + 1)


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("package", 1, "wheels", 7, "hash"), "wheels = ["),
        (("package", 1, "metadata", "requires-dist"), "[[package]]"),
        (("package", 0, "source", "git"), 'source = { virtual = "." }'),
        (("package", 0, "dependencies", "name"), "dependencies = ["),
        (("options", "nothing"), "[options]"),
        (("package", 9), None),
        (("nothing", "at", "all"), None),
        ((), None),
    ],
)
def test_a_place_that_is_missing_falls_back_to_what_encloses_it(keys: tuple[str | int, ...], line: str | None) -> None:
    assert line_of(LOCK, *keys) == line


def test_a_sibling_table_does_not_stand_in_for_its_missing_parent() -> None:
    assert line_of('[tool.uv]\nname = "x"\n', "tool", "envguard", "level") is None


def test_windows_line_ends_change_no_line() -> None:
    keys = ("package", 1, "wheels", 1, "hash")
    assert Document(LOCK.replace("\n", "\r\n")).locate(keys) == Document(LOCK).locate(keys)


def test_json_is_walked_as_well() -> None:
    value = {
        "machines": {'a "quoted" é': {"facts": {"cpu.model": "x [y] {z}"}}},
        "packages": [["numpy", 1], {"k": "v"}],
    }
    text = json.dumps(value, indent=1, sort_keys=True)
    assert line_of(text, "machines", 'a "quoted" é', "facts", "cpu.model") == '"cpu.model": "x [y] {z}"'
    assert line_of(text, "packages", 1, "k") == '"k": "v"'
    assert line_of(text, "packages", 0, 1) == "1"
    assert line_of(text, "packages", 2) == '"packages": ['
    assert line_of(text, "machines", "b") == '"machines": {'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\xff",
        "[",
        "[[",
        "{",
        '{"a"',
        "a = [",
        'a = "',
        "a = '''",
        "[a",
        "= 1",
        "a = {b = [",
        '"""',
        "]",
        "a = ]\n[b]\nc = 1",
    ],
)
def test_text_that_is_neither_toml_nor_json_is_no_reason_to_fail(text: str) -> None:
    document = Document(text)
    for keys in ((), ("a",), ("a", 0), ("a", "b", 0), ("b", "c"), (0,)):
        document.locate(keys)


def big_lock(packages: int) -> str:
    parts = ["version = 1\nrevision = 3\n"]
    for number in range(packages):
        files = "".join(
            f'    {{ url = "https://files.index.example/{"ab" * 40}/package_{number}-1.0-cp3{tag}-manylinux_2_28.whl", '
            f'hash = "sha256:{"0123" * 16}", size = {number}, upload-time = "2026-07-03T09:31:42.253Z" }},\n'
            for tag in range(9)
        )
        parts.append(
            f'\n[[package]]\nname = "package-{number}"\nversion = "1.{number}"\n'
            'source = { registry = "https://index.example/simple" }\n'
            f'dependencies = [\n    {{ name = "numpy", marker = "python_version < \'3.{number}\'" }},\n]\n'
            f"wheels = [\n{files}]\n"
        )
    return "".join(parts)


def test_a_large_lock_is_located_in_a_few_milliseconds() -> None:
    text = big_lock(520)
    assert len(text) > 1_500_000
    spent = []
    for _ in range(7):
        start = time.process_time()
        position = Document(text).locate(("package", 519, "version"))
        spent.append(time.process_time() - start)
    assert position is not None
    assert text.split("\n")[position.line - 1] == 'version = "1.519"'
    assert min(spent) < 0.020


def test_hostile_text_takes_linear_time() -> None:
    start = time.perf_counter()
    for unit in ("[" * 20, '"', "a=[{", "'''", "a.", "#", "a = '\n", "[[a]]\n", "{a={"):
        Document(unit * (200_000 // len(unit))).locate(("a", 5, "b"))
    assert time.perf_counter() - start < 5


def test_a_locator_reads_each_file_once_and_survives_a_missing_one(tmp_path: Path) -> None:
    path = tmp_path / "uv.lock"
    path.write_text(LOCK, encoding="utf-8")
    locator = Locator()
    assert locator(Place(path=str(path), keys=("package", 1, "version"))) == Position(line=43, column=1)
    path.unlink()
    assert locator(Place(path=str(path), keys=("package", 2, "version"))) == Position(line=51, column=1)
    assert locator(Place(path=str(path))) is None
    assert Locator()(Place(path=str(path), keys=("package", 1, "version"))) is None


PIXI = """\
version: 6
environments:
  default:
    packages:
      linux-64:
      - conda: https://conda.index.example/one
      - pypi: ./
packages:
- conda: https://conda.index.example/one
  sha256: 00
  depends:
  - python >=3.9
  - "numpy >=2"
- pypi: ./
  name: app
  requires_dist: [a, b]
"""


@pytest.mark.parametrize(
    ("keys", "line", "column"),
    [
        (("version",), 1, 1),
        (("environments", "default", "packages", "linux-64", 1, "pypi"), 7, 9),
        (("packages", 0), 9, 1),
        (("packages", 0, "depends", 1), 13, 3),
        (("packages", 1, "name"), 15, 3),
        (("packages", 1, "requires_dist", 1), 16, 3),
        (("packages", 7, "name"), 8, 1),
    ],
)
def test_places_in_a_pixi_lock(tmp_path: Path, keys: tuple[str | int, ...], line: int, column: int) -> None:
    path = tmp_path / "pixi.lock"
    path.write_text(PIXI)
    assert Locator()(Place(path=str(path), keys=keys)) == Position(line=line, column=column)


def test_a_place_of_which_nothing_is_there_is_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "conda-lock.yml"
    path.write_text(PIXI)
    assert Locator()(Place(path=str(path), keys=("metadata", "channels"))) is None


def marks(node: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Position]]:
    """Yield the place of each key and each element below *node*, as PyYAML has marked it."""
    if node.id == "mapping":
        for key, value in node.value:
            path = (*keys, key.value)
            yield path, Position(line=key.start_mark.line + 1, column=key.start_mark.column + 1)
            yield from marks(value, path)
    elif node.id == "sequence" and not node.flow_style:
        for number, value in enumerate(node.value):
            yield (*keys, number), Position(line=value.start_mark.line + 1, column=value.start_mark.column + 1)
            yield from marks(value, (*keys, number))


STYLES = """\
# a comment: none of it counts
%s
"quoted \\u0041": 1
'it''s': [a, {b: c}]
block: |
  not: here
  - nor: here
folded : >-  # why
    x: y
list:

  # between
  - one
  -   two: 2
      three:
      - deep
      -
        - deeper
        - - deepest: x
          - y
  - - a
    - b
empty:
null: ~
-dash: x
"10": ten
nested:
    odd:
          far: away
    last: "a: b"
"""


@pytest.mark.parametrize(
    "name", ["styles", "conda-lock-small/conda-lock.yml", "conda-lock-small/main.yml", "pixi-small/pixi.lock"]
)
def test_every_place_of_a_yaml_text_is_where_its_parser_has_it(name: str) -> None:
    text = STYLES.replace("%s", "---") if name == "styles" else (CORPORA / name).read_text(encoding="utf-8")
    document = YamlDocument(text)
    node = yaml.compose(text, yaml.CSafeLoader)
    lines = text.split("\n")
    places = dict(marks(node))
    assert len(places) > 5
    for keys, place in places.items():
        found = document.locate(keys)
        assert found is not None
        if isinstance(keys[-1], int):
            # An element is where its dash is.
            assert found.line <= place.line
            assert found.column < place.column
            assert lines[found.line - 1][found.column - 1] == "-"
            assert not lines[place.line - 1][found.column : place.column - 1].strip("- ")
        else:
            assert found == place
        assert document.locate((*keys, "nothing of this name")) == found


def test_yaml_that_is_none_is_no_reason_to_fail_and_takes_linear_time() -> None:
    start = time.perf_counter()
    for unit in (
        "",
        "- ",
        "a: ",
        "a:\n",
        "-\n",
        " ",
        "\n",
        "a ",
        "'",
        '"',
        "- a: b\n",
        "  - \n",
        "?",
        "a: |\n",
        "\t:",
        "[{",
    ):
        document = YamlDocument(unit * (200_000 // max(1, len(unit))))
        for keys in ((), ("a",), (0,), (0, "a", 0), ("a", "a", 1), (7, "b")):
            document.locate(keys)
    assert time.perf_counter() - start < 5


def test_a_place_is_counted_as_the_index_of_lines_tells_it() -> None:
    text = "a\n\nbc\r\n  d\n"
    lines = Lines(text)
    first = [lines.position(offset) for offset in range(len(text) + 1)]
    for _ in range(40):
        lines.position(0)
    assert [lines.position(offset) for offset in range(len(text) + 1)] == first
    assert first[:5] == [
        Position(line=1, column=1),
        Position(line=1, column=2),
        Position(line=2, column=1),
        Position(line=3, column=1),
        Position(line=3, column=2),
    ]
