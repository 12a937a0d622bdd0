"""``envguard init``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from ..atomic import write_atomic
from ..baseline import read_baseline, write_baseline
from ..config import MANIFEST, OWN_FILE, load_config
from ..model import fact_text
from ..names import printable
from ..observe import find_project
from ..reader import Reader
from ..recording import propose
from ..report.words import plural
from . import options
from .console import Console, start_folder
from .manifest import OWN, with_table
from .record import contents, outlook, shown_path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..recording import Proposal

_NEXT = """\
Next:
  git add {files}
  envguard check                                 here, in CI, in a container build
  import envguard; envguard.enforce(seed=42)     at the top of a training script"""


@click.command("init", short_help="Set a project up: settings in pyproject.toml, a first record in envguard.lock.")
@click.argument("project", required=False, type=click.Path())
@click.option("--machine", metavar="NAME", help="What to call this machine in the record.")
@options.python
@options.selection
@options.color
@click.pass_context
def command(
    context: click.Context, /, *, project: str | None, machine: str | None, python: str | None, **selection: Any
) -> None:
    """Add a [tool.envguard] table to pyproject.toml and record this environment and machine in envguard.lock.

    Without a pyproject.toml (pipenv, pixi, requirements files) the settings go to envguard.toml.

    PROJECT is a folder in the project; by default the current one. What is there already stays as it is: run twice, it
    changes nothing.
    """
    console: Console = context.find_root().obj
    reader = Reader()
    folder = find_project(reader, project if project is not None else start_folder())
    load_config(reader, folder)
    # All that can be refused is refused before the first byte is written.
    settings = _settings(reader, folder)
    proposal = None
    if read_baseline(reader, folder) is None:
        proposal = propose(reader, folder, options.request(python=python, **selection), name=machine)
        write_baseline(proposal.baseline)
    if settings is not None:
        write_atomic(*settings)
    console.emit("\n".join(_said(folder, proposal, python, settings[0] if settings is not None else None)) + "\n")


def _settings(reader: Reader, folder: str) -> tuple[str, bytes] | None:
    """Return the file that the settings go to and what it is to hold, None where the project has them already."""
    own = os.path.join(folder, OWN_FILE)
    if reader.exists(own):
        return None
    manifest = os.path.join(folder, MANIFEST)
    if not reader.exists(manifest):
        return own, OWN.encode()
    reader.read_text(manifest)
    table = with_table(reader.read_bytes(manifest), manifest)
    return (manifest, table) if table is not None else None


def _said(folder: str, proposal: Proposal | None, python: str | None, settings: str | None) -> Iterator[str]:
    """Yield what was done; *settings* is the file that they were written to, if any was."""
    if proposal is None and settings is None:
        yield f"{shown_path(folder)} is set up already: nothing was changed"
        yield ""
        yield "To record this machine anew: envguard record"
        return
    if proposal is not None:
        yield from _found(proposal)
        yield ""
    files = []
    if settings is not None:
        name = os.path.basename(settings)
        files.append(name)
        yield (
            f"added [tool.envguard] to {shown_path(settings)}" if name == MANIFEST else f"wrote {shown_path(settings)}"
        )
    if proposal is not None:
        files.append("envguard.lock")
        path = shown_path(proposal.baseline.path)
        yield f"recorded machine '{printable(proposal.name)}' in {path}: {contents(proposal)}"
        yield ""
        yield from outlook(proposal, python)
    yield ""
    yield _NEXT.format(files=" ".join(files))


def _found(proposal: Proposal) -> Iterator[str]:
    evidence = proposal.evidence
    environment = evidence.environment
    told = " (told from what is installed)" if proposal.inferred else ""
    installed = plural(len(proposal.machine.packages) + len(proposal.machine.conda), "package")
    rows = [
        ("project", shown_path(evidence.project)),
        ("lock", evidence.lock_name),
        ("environment", f"{shown_path(environment.prefix)} ({environment.chosen_by}), {installed}"),
        ("selection", f"{proposal.machine.selection}{told}"),
        *((key, fact_text(value)) for key, value in sorted(evidence.facts.items())),
    ]
    width = max(len(label) for label, _ in rows)
    for label, value in rows:
        yield f"  {label:{width}}  {printable(value)}"
