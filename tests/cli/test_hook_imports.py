"""What a hook imports: nothing that its question does not need, and where both locks are known neither a parser nor packaging."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Cli, Project

# Each of these takes longer to load than what a hook does with a lock that it knows.
HEAVY = {
    "click",
    "importlib.metadata",
    "logging",
    "numpy",
    "packaging",
    "pathlib",
    "platform",
    "torch",
    "typing_extensions",
    "yaml",
}
# What writes the code of classes, and what takes milliseconds to load for one function of it.
COSTLY = {"_hashlib", "dataclasses", "importlib.util", "inspect", "ipaddress", "pkgutil", "typing", "urllib.parse"}
NEVER = (
    "envguard.data",
    "envguard.determinism",
    "envguard.guard",
    "envguard.installed",
    "envguard.machine",
    "envguard.receipt",
    "envguard.receipts",
)
READERS = ("envguard.lockfiles.consistency", "envguard.lockfiles.uv.freshness", "envguard.lockfiles.uv.reader")


@pytest.fixture
def staged(recorded: Project) -> Project:
    """A recorded project of which a change of the lock is staged."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=recorded.folder, check=True)

    git("init", "--quiet")
    git("add", "--", "uv.lock", "pyproject.toml", "envguard.lock")
    git("commit", "--quiet", "--message", "first")
    text = recorded.lock.read_text(encoding="utf-8").replace("2.4.6", "2.4.5")
    recorded.lock.write_text(text, encoding="utf-8")
    git("add", "--", "uv.lock")
    return recorded


def modules(cli: Cli, project: Project, *arguments: str) -> tuple[str, set[str]]:
    """Return what a command says in a process of its own, and what it imports beyond the interpreter."""
    # The files of a test are younger than what can be trusted in earnest. Installed files may be hard links into a cache, and a
    # link more elsewhere, made by another test, changes their times.
    code = (
        "import sys; import envguard.trace as t; t.LOCAL_SLACK_NS = t.FOREIGN_SLACK_NS = 0\n"
        "import envguard.answers; envguard.answers._CODE = ('envguard',)\n"
        f"before = set(sys.modules); from envguard.cli import main; main({list(arguments)})\n"
        "print('\\n'.join(set(sys.modules) - before), file=sys.stderr)"
    )
    environ = {**cli.environ, "ENVGUARD_CACHE_DIR": f"{project.folder}-cache"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=project.folder, env=environ, capture_output=True, text=True, check=True)
    return done.stdout, set(done.stderr.split())


def below(found: set[str], prefixes: tuple[str, ...]) -> list[str]:
    return sorted(name for name in found if any(name == each or name.startswith(f"{each}.") for each in prefixes))


@pytest.mark.parametrize("hook", ["lock", "diff", "record"])
def test_a_hook_that_knows_both_locks_parses_none_and_imports_nothing_heavy(
    cli: Cli, staged: Project, hook: str
) -> None:
    first, found = modules(cli, staged, "staged", hook, "uv.lock")
    assert below(found, READERS)
    assert not below(found, NEVER)
    assert not found & ({"click", *COSTLY} - {"typing", "urllib.parse", "ipaddress"})
    again, found = modules(cli, staged, "staged", hook, "uv.lock")
    assert again == first
    assert not below(found, READERS)
    assert sorted(found & (HEAVY | COSTLY)) == []
    assert not below(found, NEVER)


def test_a_check_of_the_lock_alone_imports_no_command_line_and_no_environment(cli: Cli, project: Project) -> None:
    said, found = modules(cli, project, "lock", "check")
    assert said.endswith("clean: nothing differs\n")
    assert not below(found, NEVER)
    assert not below(found, ("click", "envguard.rules.packages", "envguard.rules.machine", "envguard.report.locate"))
    # uv compares URLs of indexes part by part.
    assert sorted(found & (HEAVY | COSTLY)) == ["ipaddress", "urllib.parse"]
    # Each is for what few projects have: a pattern, a command in another folder.
    assert not found & {"fnmatch", "shlex", "zlib"}


@pytest.mark.parametrize("question", [("lock", "check"), ("lock", "list")], ids=" ".join)
def test_a_kept_answer_costs_next_to_no_imports(cli: Cli, project: Project, question: tuple[str, ...]) -> None:
    first, _ = modules(cli, project, *question)
    again, found = modules(cli, project, *question)
    assert again == first
    assert [name for name in below(found, ("envguard",)) if not name.startswith("envguard.probes")] == [
        "envguard.cli",
        "envguard.cli.answered",
        "envguard.cli.color",
        "envguard.cli.streams",
    ]
    assert not found & {*HEAVY, "dataclasses", "inspect", "json", "re", "tomli"}
