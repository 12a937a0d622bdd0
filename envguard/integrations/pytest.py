"""A plugin of pytest: ``pytest --envguard`` tests nothing in another environment than was recorded.

pytest finds it by the entry point ``pytest11``, in every session of every project that has envguard installed: so it does
nothing, and imports nothing, unless it is asked. With pytest-xdist each worker is checked and seeded like the controller.

Source: pytest, "Writing plugins".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..run import Run

_RUN = pytest.StashKey["Run"]()
_NOT_ASKED = "the fixture 'envguard_run' wants the run of a guarded session\nhint: pytest --envguard"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--envguard`` and what goes with it."""
    group = parser.getgroup("envguard", "envguard: reproducible test runs")
    group.addoption(
        "--envguard",
        action="store_true",
        help="refuse to test another environment than was locked and recorded; seed the generators and set the switches",
    )
    group.addoption(
        "--envguard-seed", type=int, metavar="SEED", help="the root seed (default: a fresh one, which is told)"
    )
    group.addoption("--envguard-level", metavar="LEVEL", help="the level to ask for (default: the settings')")
    group.addoption("--envguard-machine", metavar="NAME", help="the recorded machine to compare with")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Check, seed and set the switches; end the session with status 1 and the report where the check refuses."""
    seed, level, machine = (config.getoption(f"envguard_{name}") for name in ("seed", "level", "machine"))
    if not config.getoption("envguard"):
        if (seed, level, machine) != (None, None, None):
            raise pytest.UsageError("--envguard-seed, --envguard-level and --envguard-machine go with --envguard")
        return
    from ..errors import EnvguardError
    from ..guard import enforce

    told = getattr(config, "workerinput", {}).get("envguard_seed")
    try:
        config.stash[_RUN] = enforce(
            seed if told is None else int(told), level=level, machine=machine, project=config.rootpath
        )
    except (TypeError, ValueError) as error:
        raise pytest.UsageError(f"--envguard-seed: {error}") from error
    except EnvguardError as error:
        pytest.exit(str(error), returncode=1)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """Give the workers of pytest-xdist the seed of the session, which they would draw for themselves otherwise."""
    run = node.config.stash.get(_RUN, None)  # type: ignore[attr-defined]
    if run is not None:
        node.workerinput["envguard_seed"] = str(run.seed)  # type: ignore[attr-defined]


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Return the line of the header that says what was found, and the seed that gives the same session again."""
    run = config.stash.get(_RUN, None)
    if run is None:
        return []
    return [f"envguard: {run.receipt.verdict} at {run.level}, again with --envguard-seed {run.seed}"]


@pytest.fixture(scope="session")
def envguard_run(pytestconfig: pytest.Config) -> Run:
    """The ``envguard.Run`` of this session; an error where the session is not guarded."""
    run = pytestconfig.stash.get(_RUN, None)
    if run is None:
        raise pytest.UsageError(_NOT_ASKED)
    return run
