"""What files that nobody has claimed can do: the interpreter is asked what it finds first."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from envguard.files.claims import Claimed, Claims, Owner
from envguard.files.model import Weight
from envguard.files.unlisted import Owners, unlisted, weigh
from envguard.installed.model import Layer

SUFFIX = EXTENSION_SUFFIXES[0].encode()


@pytest.mark.parametrize(
    ("path", "weight", "why"),
    [
        (b"evil.pth", Weight.ACTIVE, "read at every start of the interpreter"),
        (b"pkg/evil.pth", Weight.DATA, ""),
        (b"sitecustomize.py", Weight.ACTIVE, "run at every start of the interpreter"),
        (b"usercustomize.pyc", Weight.ACTIVE, "run at every start of the interpreter"),
        (b"sitecustomize/__init__.py", Weight.ACTIVE, "run at every start of the interpreter"),
        (b"pkg/sitecustomize.py", Weight.CODE, ""),
        (b"pkg/new.py", Weight.CODE, ""),
        (b"pkg/new.pyc", Weight.CODE, ""),
        (b"pkg/new" + SUFFIX, Weight.CODE, ""),
        (b"pkg/libnew.so.1.2", Weight.CODE, ""),
        (b"pkg/data.json", Weight.DATA, ""),
        (b"pkg/readme.so.txt", Weight.DATA, ""),
        (b"pkg/core" + SUFFIX, Weight.ACTIVE, "found before pkg/core.py"),
        (b"pkg/core.abi3.so", Weight.ACTIVE, "found before pkg/core.py"),
        (b"pkg/core.so", Weight.ACTIVE, "found before pkg/core.py"),
        (b"pkg/core/__init__.py", Weight.ACTIVE, "found before pkg/core.py"),
        (b"pkg/core.pyc", Weight.CODE, ""),
        (b"pkg/other/__init__.py", Weight.CODE, ""),
    ],
)
def test_the_weight_of_a_file(path: bytes, weight: Weight, why: str) -> None:
    assert weigh(path, frozenset((b"pkg/__init__.py", b"pkg/core.py"))) == (weight, why)


@pytest.mark.parametrize("name", ["core/__init__.py", "core.pyc", f"core{EXTENSION_SUFFIXES[0]}", "core.so"])
def test_what_hides_a_module_is_what_the_interpreter_finds_first(tmp_path: Path, name: str) -> None:
    (tmp_path / "pkg" / "core").mkdir(parents=True)
    (tmp_path / "pkg" / "__init__.py").touch()
    (tmp_path / "pkg" / "core.py").touch()
    (tmp_path / "pkg" / name).touch()
    code = "import importlib.util, sys; print(importlib.util.find_spec('pkg.core').origin)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    found = os.path.relpath(done.stdout.strip(), tmp_path)
    weight, _ = weigh(os.fsencode(f"pkg/{name}"), frozenset((b"pkg/core.py",)))
    assert (found == f"pkg/{name}") == (weight is Weight.ACTIVE)


def test_unclaimed_files_but_those_that_are_expected() -> None:
    rows = [
        b"a.py,sha256=x,1",
        b"_virtualenv.py,,1",
        b"_virtualenv.pth,,1",
        b"README.txt,,1",
        b"pkg/__pycache__/a.cpython-311.pyc,head=00,1",
        b"pkg/__pycache__/cache.nbi,,1",
        b"pkg/new.py,,1",
        b"pkg/link,link,",
        b"~kg/old.py,,1",
        b"pkg-1.0.dist-info/REQUESTED,,0",
        b"pkg-1.0.dist-info/more.txt,,0",
        b"old/__init__.py,,1",
        b"old.abi3.so,,1",
        b"older.py,,1",
        b"odd,name.py,,1",
    ]
    found = [*unlisted(rows, frozenset((b"a.py",)), [b"old"])]
    assert found == [
        b"pkg/__pycache__/cache.nbi",
        b"pkg/new.py",
        b"pkg/link",
        b"pkg-1.0.dist-info/more.txt",
        b"older.py",
        b"odd,name.py",
    ]


def test_a_file_is_whose_folder_it_lies_in() -> None:
    def claims(*paths: str) -> Claims:
        owner = Owner(name="x", version="1", path="/site/x.dist-info", layer=Layer.ENVIRONMENT)
        return Claims(owner=owner, rows={"/site": [b"%b,sha256=x,1" % path.encode() for path in paths]})

    owners = Owners(
        Claimed([claims("space/one/a.py", "top.py"), claims("space/two/b.py", "space/two/c/d.py")], "/site")
    )
    assert owners.of(b"space/one/new.py") == 0
    assert owners.of(b"space/two/new/deep/x.py") == 1
    assert owners.of(b"space/two/c/x.py") == 1
    assert owners.of(b"space/new.py") is None
    assert owners.of(b"new.py") is None
    both = Owners(Claimed([claims("space/__init__.py"), claims("space/x.py")], "/site"))
    assert both.of(b"space/new.py") is None
