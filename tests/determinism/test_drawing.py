"""A run in a real process: what it hands out, what its receipt says of that, and what of it reaches another process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.guarded import Project

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def project(folder: Path) -> Project:
    return Project.recorded(folder)


def told(project: Project, code: str) -> Any:
    done = project.train("import json\nrun = envguard.enforce(seed=42)\n" + code)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_run_hands_out_streams_and_its_receipt_names_them(project: Project) -> None:
    found = told(
        project,
        "run.random('split', 1)\nrun.set_epoch(3)\n"
        "print(json.dumps([run.epoch, run.split('a', {'train': 0.5, 'val': 0.5}), run.split('a', [1, 1], seed=7),"
        " run.receipt.to_dict()['streams'], run.state_dict(position=[1])['epoch']]))",
    )
    record = {"library": "random", "name": "split", "requests": 1, "repeated": 0, "forgotten": 0, "first": [[1]]}
    assert found[:2] == [3, "train"]
    assert found[2] in {0, 1}
    assert found[3:] == [[record], 3]


def test_what_reaches_a_worker_has_the_same_streams_and_a_copy_is_the_run_itself(project: Project) -> None:
    found = told(
        project,
        "import copy, pickle\nrun.set_epoch(2)\nthere = pickle.loads(pickle.dumps(run))\n"
        "print(json.dumps([there.seed, there.epoch, there.random('a').random() == run.random('a').random(),"
        " copy.deepcopy([run])[0] is run, copy.copy(run) is run]))",
    )
    assert found == [42, 2, True, True, True]


def test_classic_seeds_are_the_integer_itself_and_the_receipt_says_so(project: Project) -> None:
    done = project.train(
        "import json, random\nrun = envguard.enforce(seed=42, seeds='classic')\nfound = random.random()\nrandom.seed(42)\n"
        "receipt = run.receipt.to_dict()\n"
        "print(json.dumps([found == random.random(), receipt['seeds'], receipt['seeded']['random'], receipt['seed']]))"
    )
    assert json.loads(done.stdout) == [True, "classic", "seeded with the integer itself (classic)", "42"]


def test_what_the_run_itself_reseeds_and_restores_breaks_no_seal(project: Project) -> None:
    found = told(
        project,
        "import random\nimport numpy\nstate = run.state_dict(position=[1])\nrandom.random(), numpy.random.random()\n"
        "run.reseed('dropout', 1)\nfirst = len(run.verify())\nrun.load_state_dict(state)\nsecond = len(run.verify())\n"
        "random.seed(1)\nthird = [change.certain for change in run.verify(strict=False)]\n"
        "print(json.dumps([first, second, third]))",
    )
    assert found == [0, 0, [True]]


def test_ranks_begin_alike_and_go_their_own_ways_when_they_say_so(project: Project) -> None:
    code = (
        "import random, numpy as np\nfound = [random.random(), np.random.random()]\nrun.reseed('dropout', {rank})\n"
        "found += [random.random(), np.random.random()]\n"
        "try:\n    run.reseed('dropout', {rank})\nexcept envguard.StreamError as error:\n    found += [str(error).split(';')[0]]\n"
        "print(json.dumps(found))"
    )
    first, other = told(project, code.format(rank=0)), told(project, code.format(rank=1))
    assert first[:2] == other[:2]
    assert len({*first[:4], *other[:4]}) == 6
    assert first[4] == "the stream 'dropout' [0] of globals was handed out before in this process"


@pytest.mark.parametrize("seeds", ["derived", "classic"])
def test_without_a_seed_a_fresh_one_of_the_right_size_is_drawn(project: Project, seeds: str) -> None:
    done = project.train(f"print(*(envguard.enforce(seeds={seeds!r}).seed for _ in range(8)))")
    found = [int(word) for word in done.stdout.split()]
    assert len(set(found)) == 8
    assert (max(found) < 2**32) == (seeds == "classic")
    assert max(found) < 2**128


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            "seed=2**32, seeds='classic'",
            "a classic seed, which numpy.random.seed() must take, is at least 0 and below 2**32, not 4294967296",
        ),
        (
            "seed=True, seeds='classic'",
            "a classic seed, which numpy.random.seed() must take, is a whole number, not True",
        ),
        ("seed=1, seeds='both'", "seeds are 'derived' or 'classic', not 'both'"),
    ],
)
def test_a_seed_that_cannot_be_used_is_refused(project: Project, arguments: str, message: str) -> None:
    done = project.train(
        f"try:\n    envguard.enforce({arguments})\nexcept (TypeError, ValueError) as error:\n    print(error)\n"
    )
    assert done.stdout.strip() == message
