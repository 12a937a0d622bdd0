"""Evidence made by hand: what a rule sees, without a file in sight."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from envguard.baseline import Baseline, Machine, RecordedPackage
from envguard.config import Config
from envguard.installed.model import CondaPackage, Distribution, Environment, Inventory, Layer, Origin
from envguard.lockfiles.model import (
    Artifact,
    Commands,
    CondaBuild,
    Edge,
    Lock,
    LockedPackage,
    Selected,
    Source,
    SourceKind,
)
from envguard.model import Fact, Selection
from envguard.rules import registry
from envguard.rules.evidence import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from envguard.model import Finding

PROJECT = "/home/ada/demo"
PREFIX = f"{PROJECT}/.venv"
SITE = f"{PREFIX}/lib/python3.11/site-packages"
CHANNEL = "https://conda.index.example/conda-forge"
INDEX = Source(kind=SourceKind.REGISTRY, location="https://index.example/simple")


def locked(name: str, version: str | None = "1.0", source: Source = INDEX, **more: Any) -> LockedPackage:
    return LockedPackage(index=0, name=name, version=version, source=source, **more)


def conda_locked(
    name: str,
    version: str | None = "1.0",
    build: str | None = "h1_0",
    *,
    channel: str = CHANNEL,
    digest: str | None = None,
    depends: Iterable[str] = (),
    **more: Any,
) -> LockedPackage:
    """Return a package of conda as a lock has it; its *digest* is that of ``conda_installed`` unless another one is given."""
    filename = f"{name}-{version}-{build}.conda"
    file = Artifact(
        filename=filename,
        wheel=False,
        location=f"{channel}/linux-64/{filename}",
        hash=digest or f"sha256:{name}-{version}-{build}",
    )
    values: dict[str, Any] = {
        "conda": CondaBuild(build=build, subdir="linux-64"),
        "artifacts": (file,),
        "dependencies": tuple(Edge(name=text.split(" ")[0], match=text) for text in depends),
        **more,
    }
    source = Source(kind=SourceKind.CONDA, location=channel)
    return LockedPackage(index=0, name=name, version=version, source=source, **values)


def conda_installed(name: str, version: str = "1.0", build: str = "h1_0", **more: Any) -> CondaPackage:
    """Return a package as conda's record has it."""
    values: dict[str, Any] = {
        "path": f"{PREFIX}/conda-meta/{name}-{version}-{build}.json",
        "subdir": "linux-64",
        "channel": CHANNEL,
        "url": f"{CHANNEL}/linux-64/{name}-{version}-{build}.conda",
        "sha256": f"{name}-{version}-{build}",
        **more,
    }
    return CondaPackage(name=name, version=version, build=build, **values)


def dist(name: str, version: str | None = "1.0", **more: Any) -> Distribution:
    values: dict[str, Any] = {
        "path": f"{SITE}/{name.replace('-', '_')}-{version}.dist-info",
        "layer": Layer.ENVIRONMENT,
        "metadata_version": version,
        "digest": f"blake3:{name}-{version}",
        **more,
    }
    return Distribution(name=name, version=version, **values)


def origin(**values: Any) -> Origin:
    return Origin(**values)


def environment(chosen_by: str = ".venv of the project", prefix: str = PREFIX) -> Environment:
    return Environment(
        prefix=prefix,
        base_prefix="/usr",
        executable=f"{prefix}/bin/python",
        chosen_by=chosen_by,
        running=False,
        implementation="cpython",
        version="3.11.7",
        build="main",
        markers={},
        folders=(),
    )


def lock(packages: Iterable[LockedPackage], digest: str = "blake3:lock") -> Lock:
    numbered = tuple(replace(package, index=index) for index, package in enumerate(packages))
    return Lock(
        path=f"{PROJECT}/uv.lock",
        format="uv",
        version=1,
        revision=3,
        digest=digest,
        requires_python=">=3.11",
        markers=(),
        supported=(),
        required=(),
        conflicts=(),
        members=(),
        commands=Commands(lock="uv lock", install="uv sync", check="uv lock --check"),
        packages=numbered,
        overrides=(),
    )


def machine(
    packages: Iterable[Distribution] = (),
    facts: Mapping[str, Fact] | None = None,
    lock_digest: str = "blake3:lock",
    selection: Selection | None = None,
    conda: Iterable[CondaPackage] = (),
) -> Machine:
    return Machine(
        conda={p.name: RecordedPackage(version=p.release, digest=p.digest) for p in conda},
        facts=facts or {},
        packages={p.name: RecordedPackage(version=p.version or "", digest=p.digest) for p in packages},
        lock_path="uv.lock",
        lock_digest=lock_digest,
        selection=selection or Selection(),
    )


COMMANDS = {
    "pixi": Commands(lock="pixi lock", install="pixi install --locked", check="pixi lock --check"),
    "conda-lock": Commands(
        lock="conda-lock lock --lockfile conda-lock.yml", install="conda-lock install conda-lock.yml"
    ),
}


def evidence(
    packages: Iterable[LockedPackage] = (),
    installed: Iterable[Distribution] = (),
    *,
    recorded: Machine | None = None,
    facts: Mapping[str, Fact] | None = None,
    config: Config | None = None,
    conda: Iterable[CondaPackage] | None = None,
    form: str = "uv",
    **more: Any,
) -> Evidence:
    """Return evidence for a lock of *packages*, all of them selected, and an environment that holds *installed*.

    *conda* are the packages that conda installed, None where the environment is none of conda; *form* is the format of the lock.
    """
    whole = lock(packages)
    if form != "uv":
        path = f"{PROJECT}/{'pixi.lock' if form == 'pixi' else 'conda-lock.yml'}"
        whole = replace(whole, format=form, path=path, commands=COMMANDS[form])
    baseline = None
    if recorded is not None:
        baseline = Baseline(path=f"{PROJECT}/envguard.lock", digest="blake3:base", machines={"laptop": recorded})
    values: dict[str, Any] = {
        "project": PROJECT,
        "config": config or Config(path=f"{PROJECT}/pyproject.toml", keys=("tool", "envguard")),
        "today": datetime.date(2026, 11, 23),
        "lock": whole,
        "selection": Selection(),
        "selected": Selected(packages=whole.packages, groups=()),
        "inventory": Inventory(
            environment=environment(),
            distributions=tuple(installed),
            conda=tuple(conda) if conda is not None else None,
        ),
        "own": frozenset(("pip",)),
        "real_paths": {".venv": PREFIX, PREFIX: PREFIX},
        "facts": facts or {},
        "baseline": baseline,
        "machine_name": "laptop" if recorded is not None else None,
        "machine": recorded,
        **more,
    }
    return Evidence(**values)


def findings(name: str, seen: Evidence) -> list[Finding]:
    """Return what the rule *name* finds."""
    found = registry.get(name)
    return list(found.check(found, seen))


def one(name: str, seen: Evidence) -> Finding:
    """Return the only finding of the rule *name*."""
    (finding,) = findings(name, seen)
    assert finding.name == name
    return finding
