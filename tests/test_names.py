from __future__ import annotations

import pytest

from envguard.names import normalize, printable


@pytest.mark.parametrize("name", ["my-pkg", "My_Pkg", "my.pkg", "My__Pkg", "my.-pkg", "MY-_.PKG"])
def test_names_are_normal_as_in_pep_503(name: str) -> None:
    assert normalize(name) == "my-pkg"


def test_all_members_stay_all_members() -> None:
    assert normalize("*") == "*"


def test_text_for_people_holds_nothing_that_a_terminal_obeys() -> None:
    assert printable("plain ü") == "plain ü"
    assert printable("a\x1b[31m\n\udcff") == "a\\x1b[31m\\n\\udcff"
