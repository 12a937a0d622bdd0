"""What the tools write below a pin about why it is there."""

from __future__ import annotations

import pytest

from envguard.lockfiles.requirements.annotations import Via, via

SAID = {
    (" via one, Two_Three[x]",): Via(packages=("one", "two-three")),
    (" via", "   -r base.in", "   one", "   -c limits.txt"): Via(packages=("one",), files=("base.in",)),
    (" via -r a b.in, app (pyproject.toml)",): Via(files=("a b.in",), manifests=("pyproject.toml",)),
    (" via -r base.in (line 3)",): Via(files=("base.in",)),
    (" via", "   app (sub/pyproject.toml:dev)"): Via(manifests=("sub/pyproject.toml:dev",)),
    (" via --override over.txt, one",): Via(packages=("one",), others=True),
    (" via the grapevine",): Via(others=True),
    (" via", "   one", "", "   two"): Via(packages=("one",)),
    (" a comment", " via one"): Via(packages=("one",)),
}


@pytest.mark.parametrize("comments", SAID)
def test_comments_name_packages_files_and_manifests(comments: tuple[str, ...]) -> None:
    assert via(comments) == SAID[comments]


@pytest.mark.parametrize("comments", [(), (" a comment",), ("via", " not indented"), (" viaduct",)])
def test_other_comments_say_nothing(comments: tuple[str, ...]) -> None:
    assert via(comments) is None


def test_what_only_limits_a_pin_does_not_ask_for_it() -> None:
    found = via((" via -c limits.txt",))
    assert found == Via()
    assert not found.direct
