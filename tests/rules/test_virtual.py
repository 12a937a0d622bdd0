"""What locked packages of conda ask of the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.model import Place, Severity, Unknown
from envguard.rules.virtual import asked
from tests.rules.evidence import PROJECT, conda_installed, conda_locked, evidence, findings, one

if TYPE_CHECKING:
    from envguard.model import Fact

FACTS: dict[str, Fact] = {
    "platform.system": "Linux",
    "platform.kernel": "6.18.44-generic",
    "platform.libc": "glibc 2.36",
    "platform.architecture": "x86_64",
    "cpu.level": "x86-64-v3",
    "nvidia.cuda": "12.8",
}
MAC: dict[str, Fact] = {
    "platform.system": "Darwin",
    "platform.kernel": "23.5.0",
    "platform.libc": "none",
    "platform.architecture": "arm64",
    "cpu.level": "none",
    "nvidia.cuda": "none",
}


def judged(text: str, facts: dict[str, Fact], overrides: dict[str, str] | None = None) -> tuple[bool | None, str, str]:
    (item,) = asked({"a": conda_locked("a", depends=[text])}, facts, overrides or {})
    return item.met, item.found, item.reason


@pytest.mark.parametrize(
    ("text", "met", "found"),
    [
        ("__glibc >=2.17,<3.0.a0", True, "2.36"),
        ("__glibc >=2.39", False, "2.36"),
        ("__linux", True, "Linux"),
        ("__linux >=4.18", True, "6.18.44"),
        ("__linux >=7", False, "6.18.44"),
        ("__unix", True, "Linux"),
        ("__unix >=0", True, "Linux"),
        ("__win", False, "none (Linux)"),
        ("__osx >=11.0", False, "none (Linux)"),
        ("__cuda", True, "12.8"),
        ("__cuda >=12.8", True, "12.8"),
        ("__cuda >=13.0", False, "12.8"),
        ("__archspec 1.* x86_64", True, "x86_64"),
        ("__archspec * x86_64_v3", True, "x86-64-v3"),
        ("__archspec * x86_64_v4", False, "x86-64-v3"),
        ("__archspec", True, "x86_64"),
    ],
)
def test_what_a_linux_machine_has(text: str, met: bool, found: str) -> None:
    assert judged(text, FACTS) == (met, found, "")


@pytest.mark.parametrize(
    ("text", "met", "found"),
    [
        ("__osx", True, "Darwin"),
        ("__osx >=11.0", True, "macOS 14"),
        ("__osx >=15", False, "macOS 14"),
        ("__unix", True, "Darwin"),
        ("__glibc >=2.17", False, "none"),
        ("__cuda", False, "none"),
        ("__archspec * arm64", True, "arm64"),
        ("__archspec * x86_64_v3", False, "arm64"),
    ],
)
def test_what_a_mac_has(text: str, met: bool, found: str) -> None:
    assert judged(text, MAC) == (met, found, "")


@pytest.mark.parametrize(
    ("kernel", "major"), [("19.6.0", "10.15"), ("20.1.0", "11"), ("24.0.0", "15"), ("25.0.0", "26")]
)
def test_the_kernel_tells_the_major_version_of_macos(kernel: str, major: str) -> None:
    assert judged("__osx >=99", {**MAC, "platform.kernel": kernel})[1] == f"macOS {major}"


UNTOLD = {
    "__osx >=14.4": (MAC, "the kernel tells the major version of macOS alone"),
    "__osx >=11": ({**MAC, "platform.kernel": "x"}, "the kernel does not tell its release"),
    "__osx >=12": ({**MAC, "platform.kernel": Unknown(reason="no uname")}, "no uname"),
    "__archspec 1.* zen3": (FACTS, "which processors are 'zen3' is not known here"),
    "__archspec * x86_64_v3": ({**FACTS, "cpu.level": Unknown(reason="no flags")}, "no flags"),
    "__glibc >=2.17": ({**FACTS, "platform.libc": Unknown(reason="it is musl")}, "it is musl"),
    "__cuda >=12": ({**FACTS, "nvidia.cuda": Unknown(reason="its driver is not loaded")}, "its driver is not loaded"),
    "__cuda >12.*": (FACTS, "'__cuda >12.*' is a form that is not compared here"),
    "__cuda[license=MIT]": (FACTS, "'__cuda[license=MIT]' is a form that is not compared here"),
    "__linux >=4": ({}, "it was not observed"),
    "__cuda_arch >=8.6": (FACTS, "nothing here tells what __cuda_arch is"),
    "__win >=10": ({"platform.system": "Windows"}, "nothing here tells what __win is"),
}


@pytest.mark.parametrize(("text", "facts", "reason"), [(text, *case) for text, case in UNTOLD.items()])
def test_what_nobody_can_tell(text: str, facts: dict[str, Fact], reason: str) -> None:
    met, _, said = judged(text, facts)
    assert (met, said) == (None, reason)


@pytest.mark.parametrize(
    ("text", "name", "value", "met"),
    [
        ("__cuda >=13.0", "CUDA", "13.1", True),
        ("__cuda >=13.0", "CUDA", "12.0", False),
        ("__glibc >=2.39", "GLIBC", "2.40", True),
        ("__osx >=14.4", "OSX", "14.5", True),
        ("__archspec 1.* zen3", "ARCHSPEC", "zen3", True),
        ("__archspec 1.* zen3", "ARCHSPEC", "haswell", False),
        ("__cuda >12.*", "CUDA", "12.0", None),
    ],
)
def test_a_variable_replaces_what_the_machine_is(text: str, name: str, value: str, met: bool | None) -> None:
    found = judged(text, FACTS, {f"CONDA_OVERRIDE_{name}": value})
    assert found[:2] == (met, f"{value} (CONDA_OVERRIDE_{name})")


def test_everything_that_is_asked_is_told_once() -> None:
    packages = {name: conda_locked(name, depends=["python >=3.12", "__cuda >=13", "__glibc >=2.17"]) for name in "ab"}
    assert [(item.spec.text, [package.name for package in item.packages]) for item in asked(packages, FACTS, {})] == [
        ("__cuda >=13", ["a", "b"]),
        ("__glibc >=2.17", ["a", "b"]),
    ]


def test_a_machine_without_what_is_asked_for_is_drift_for_pixi_and_a_warning_for_conda_lock() -> None:
    names = ["pytorch", "libtorch", "jaxlib", "cudnn", "nccl"]
    packages = [conda_locked(name, depends=["__cuda >=13.0", "__glibc >=2.17"]) for name in names]
    seen = {
        form: evidence(packages, conda=map(conda_installed, names), facts=FACTS, form=form)
        for form in ("pixi", "conda-lock")
    }
    finding = one("unsupported-environment", seen["pixi"])
    assert finding.subject == "__cuda"
    assert finding.message == "pytorch, libtorch, jaxlib and 2 more need __cuda >=13.0, and this machine has 12.8"
    assert (finding.expected, finding.found) == ("__cuda >=13.0", "12.8")
    assert finding.place == Place(path=f"{PROJECT}/pixi.lock", keys=("package", 0, "depends"))
    assert finding.hint == "use a machine that has it, or lock for this one: pixi lock"
    assert finding.severities.cross_hardware is Severity.ERROR
    assert one("unsupported-environment", seen["conda-lock"]).severities.run_to_run is Severity.WARNING


def test_what_nobody_can_tell_is_an_unknown_that_warns() -> None:
    package = conda_locked("level", depends=["__archspec 1.* zen3"])
    finding = one(
        "unsupported-environment", evidence([package], conda=[conda_installed("level")], facts=FACTS, form="pixi")
    )
    assert finding.message == (
        "level needs __archspec 1.* zen3, and whether this machine has that could not be told: "
        "which processors are 'zen3' is not known here"
    )
    assert finding.unknown
    assert finding.severities.host_to_host is Severity.WARNING
    override = {"CONDA_OVERRIDE_ARCHSPEC": "zen3"}
    seen = evidence([package], conda=[conda_installed("level")], facts=FACTS, form="pixi", overrides=override)
    assert findings("unsupported-environment", seen) == []
