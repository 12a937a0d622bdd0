"""What a run loads after enforce() has looked, and the patch beside its receipt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from envguard.repository.model import Patch
from tests.repository.conftest import Repository
from tests.repository.test_patch import applied
from tests.test_guard_code import Versioned

if TYPE_CHECKING:
    from pathlib import Path

LATE = """\
import envguard
import json
import subprocess
run = envguard.enforce(seed=42)
before = run.receipt.to_dict()["later-imports"]
import helper
import json.tool
print(json.dumps([before, run.receipt.to_dict()["later-imports"], run.finish()]))
"""


@pytest.fixture
def project(folder: Path) -> Versioned:
    made = Versioned(folder)
    (folder / "train.py").write_text(LATE)
    made.commit()
    return made


def run(project: Versioned) -> list[Any]:
    done = project.run()
    assert (done.returncode, done.stderr) == (0, "")
    found: list[Any] = json.loads(done.stdout)
    return found


def test_what_is_loaded_later_is_told_in_the_receipt(project: Versioned) -> None:
    before, after, path = run(project)
    assert before == {"files": 0, "committed": 0, "others": {}}
    assert after == {"files": 1, "committed": 1, "others": {}}
    (project.folder / "helper.py").write_text("VALUE = 2\n")
    before, after, path = run(project)
    assert before["files"] == 0
    assert after == {"files": 1, "committed": 0, "others": {f"{project.folder}/helper.py": "changed"}}
    with open(path, encoding="utf-8") as file:
        assert json.load(file)["later-imports"] == after


COUNT = """\
import sys
started = []
sys.addaudithook(lambda event, args: started.append(args[0]) if event == "subprocess.Popen" else None)
import envguard
import json
run = envguard.enforce(seed=42)
started.clear()
import colorsys
import envguard.cli.commands
import envguard.data.walk
sys.path.append("loose")
counts = []
for module in (None, "loosely", "helper", None):
    if module is not None:
        __import__(module)
    later = run.receipt.to_dict()["later-imports"]
    counts.append([later["files"], len(started)])
    started.clear()
print(json.dumps(counts))
"""


def test_bytecode_that_somebody_writes_later_makes_no_module_a_later_one(project: Versioned) -> None:
    (project.folder / "train.py").write_text(
        LATE.replace("import envguard\n", "import envguard, helper, py_compile\n").replace(
            "import json.tool\n", "py_compile.compile(helper.__file__)\n"
        )
    )
    project.commit()
    done = project.run()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[1] == {"files": 0, "committed": 0, "others": {}}


def test_git_is_started_only_for_what_a_repository_may_hold_and_only_once(
    project: Versioned, tmp_path_factory: pytest.TempPathFactory
) -> None:
    loose = tmp_path_factory.mktemp("elsewhere")
    (loose / "loosely.py").write_text("")
    (project.folder / "train.py").write_text(COUNT.replace('"loose"', repr(str(loose))))
    project.commit()
    done = project.run()
    assert (done.returncode, done.stderr) == (0, "")
    # What Python, an installer or envguard itself put there is not asked for; of what is, where it lies, and what the commit has.
    nothing, outside, helper, unchanged = json.loads(done.stdout)
    assert nothing == [0, 0]
    assert outside == [1, 0]
    assert helper == [2, 2]
    assert unchanged == [2, 0]


def test_the_patch_lies_beside_the_receipt_and_gives_the_code_back(project: Versioned) -> None:
    project.choose("diff")
    (project.folder / "helper.py").write_text("VALUE = 3\n")
    (project.folder / "new.bin").write_bytes(b"\0\xff")
    *_, path = run(project)
    with open(path, encoding="utf-8") as file:
        receipt = json.load(file)
    told = receipt["observed"]["code"]["patch"]
    kept = receipt["files"]["patch"]
    assert kept["name"] == receipt["id"] + ".patch"
    assert (kept["sha256"], kept["bytes"]) == (told["sha256"], told["bytes"])
    text = (project.folder / ".envguard/runs" / kept["name"]).read_bytes()
    patch = Patch(base=told["base"], tree=told["tree"], text=text, limit=told["limit"])
    repository = Repository(project.folder)
    assert applied(repository, patch) == told["tree"] == receipt["observed"]["code"]["tree"]


def test_a_clean_work_tree_has_no_patch(project: Versioned) -> None:
    project.choose("diff")
    *_, path = run(project)
    with open(path, encoding="utf-8") as file:
        receipt = json.load(file)
    assert "patch" not in receipt["observed"]["code"]
    assert receipt["files"] == {}


def test_what_was_committed_while_the_run_went_on_is_not_what_was_seen(project: Versioned) -> None:
    late = LATE.replace(
        "import helper\n",
        "open('helper.py', 'w').write('VALUE = 2')\n"
        "subprocess.run(['git', 'commit', '-q', '-a', '-m', 'meanwhile'], check=True)\n"
        "import helper\n",
    )
    (project.folder / "train.py").write_text(late)
    project.commit()
    _, after, _ = run(project)
    assert after == {"files": 1, "committed": 0, "others": {f"{project.folder}/helper.py": "changed"}}
    assert project.repository.git("status", "--porcelain", "helper.py") == ""


def test_a_project_in_a_folder_of_its_repository(folder: Path) -> None:
    (folder / "inner").mkdir()
    project = Versioned(folder / "inner")
    (folder / "inner/.git").rename(folder / ".git")
    project.repository = Repository(folder)
    (folder / "inner/train.py").write_text(LATE)
    project.commit()
    _, after, _ = run(project)
    assert after == {"files": 1, "committed": 1, "others": {}}
