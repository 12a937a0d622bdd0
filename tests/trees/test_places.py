"""Where a recorded tree lies: the same text means the right folder on every machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from envguard.errors import ConfigError
from envguard.reader import Reader
from envguard.trees.places import as_recorded, locate, name_of, variable_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("current", "given", "recorded"),
    [
        (".", "data/raw", "data/raw"),
        (".", "data/raw/", "data/raw"),
        (".", "./data//raw", "data/raw"),
        (".", "data/../data/raw", "data/raw"),
        (".", "{project}/data/raw", "data/raw"),
        ("src", "../data/raw", "data/raw"),
        ("src", "x", "src/x"),
        (".", ".", "."),
        ("src", "..", "."),
        (".", "../shared/raw", "../shared/raw"),
        ("src", "../../shared/raw", "../shared/raw"),
        (".", "{outside}/raw", "{outside}/raw"),
        (".", "{outside}/raw/", "{outside}/raw"),
        (".", "{outside}/a/../raw", "{outside}/raw"),
        (".", "$DATA_ROOT/raw", "$DATA_ROOT/raw"),
        ("src", "${DATA_ROOT}/raw/", "${DATA_ROOT}/raw"),
        (".", "$DATA_ROOT", "$DATA_ROOT"),
        (".", "./$DATA_ROOT/raw", "./$DATA_ROOT/raw"),
        (".", "~/raw", "~/raw"),
        (".", "data/$X", "data/$X"),
    ],
)
def test_how_a_path_is_recorded(folder: Path, current: str, given: str, recorded: str) -> None:
    project, outside = folder / "app", folder / "elsewhere"
    for place in (project / "src", project / "data" / "raw", outside / "a", folder / "shared" / "raw"):
        place.mkdir(parents=True)
    names = {"project": project, "outside": outside}

    def filled(text: str) -> str:
        return text.replace("{project}", str(names["project"])).replace("{outside}", str(names["outside"]))

    made = as_recorded(str(project), os.path.realpath(project / current), filled(given))
    assert made == filled(recorded)
    if not made.startswith("$"):
        meant = os.path.realpath(os.path.join(project, current, filled(given)))
        assert os.path.realpath(locate(Reader({}), str(project), made) or "") == meant


def test_a_link_in_the_project_stays_a_link(folder: Path) -> None:
    project = folder / "app"
    (folder / "big").mkdir()
    project.mkdir()
    (project / "data").symlink_to(folder / "big")
    assert as_recorded(str(project), str(project), "data") == "data"
    # Behind the link, ".." is the folder that holds the real one.
    assert as_recorded(str(project), str(project), "data/../big") == "../big"


def test_a_path_through_a_link_to_the_project_is_inside_it(folder: Path) -> None:
    project = folder / "app"
    (project / "data").mkdir(parents=True)
    (folder / "alias").symlink_to(project)
    assert as_recorded(str(project), str(folder), "alias/data") == "data"
    assert as_recorded(str(project), str(folder), str(folder / "alias")) == "."


@pytest.mark.parametrize("given", ["$", "$1/x", "$A-b/x", "${A/x", "${}/x", "$ä/x", "${A}x"])
def test_what_looks_like_a_variable_and_is_none_is_refused(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        as_recorded("/app", "/app", given)
    assert str(caught.value) == (
        f"'{given}' begins with no environment variable\nhint: write '$NAME/folder' or '${{NAME}}/folder', in single quotes; "
        "a folder whose name begins with $ is ./$…"
    )


@pytest.mark.parametrize(
    ("recorded", "value", "place"),
    [
        ("$DATA/raw", "/mnt", "/mnt/raw"),
        ("${DATA}/raw", "/mnt", "/mnt/raw"),
        ("$DATA", "/mnt", "/mnt"),
        ("$DATA/raw", "../mnt", "/app/../mnt/raw"),
        ("$DATA/raw", "$HOME", "/app/$HOME/raw"),
        ("$DATA/raw", "~", "/app/~/raw"),
        ("$DATA/$DATA", "/mnt", "/mnt/$DATA"),
        ("data/$DATA", "/mnt", "/app/data/$DATA"),
        ("./$DATA", "/mnt", "/app/./$DATA"),
        ("/abs", "/mnt", "/abs"),
        ("$DATA/raw", "", None),
    ],
)
def test_only_a_variable_at_the_beginning_is_looked_up(recorded: str, value: str, place: str | None) -> None:
    reader = Reader({"DATA": value})
    assert locate(reader, "/app", recorded) == place
    asked = {name for kind, name in reader.trace.values if kind == "env"}
    assert asked == ({"DATA"} if recorded.startswith("$") else set())


@pytest.mark.parametrize(
    ("recorded", "name"),
    [("data/raw", "raw"), ("$DATA/raw", "raw"), ("$DATA", "DATA"), ("${DATA}", "DATA"), ("/mnt/x", "x"), ("../x", "x")],
)
def test_a_tree_is_called_as_its_folder(recorded: str, name: str) -> None:
    assert name_of(recorded) == name


def test_the_variable_of_a_path() -> None:
    assert variable_of("$DATA/raw") == variable_of("${DATA}") == "DATA"
    assert variable_of("data/$DATA") is None
