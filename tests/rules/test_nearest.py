"""Which recorded machine is compared with, and why."""

from __future__ import annotations

import pytest

from envguard.facts import EDITION_KEY
from envguard.model import Level, Unknown
from envguard.rules.nearest import Choice, choose, distance
from tests.rules.evidence import machine

HERE = {
    "cpu.model": "Xeon",
    "nvidia.gpus": "2 x H100",
    "platform.kernel": "6.1",
    "threads.openmp": "8",
    "torch.version": "2.13.0",
    EDITION_KEY: "2",
}


def like(**other: str | Unknown) -> dict[str, str | Unknown]:
    """Return the facts of this machine, but for some; the first underscore of a name is a dot."""
    return {**HERE, **{key.replace("_", ".", 1): value for key, value in other.items()}}


def test_a_machine_with_another_kernel_is_nearer_than_one_with_another_processor() -> None:
    same, kernel, processor = (
        distance(machine(facts=facts), HERE, Level.RUN_TO_RUN)
        for facts in (HERE, like(platform_kernel="6.2"), like(cpu_model="EPYC"))
    )
    assert same.order < kernel.order < processor.order
    assert (same.fits, kernel.fits, processor.fits) == (True, True, False)


@pytest.mark.parametrize(
    ("nearer", "farther"),
    [
        # What anybody can set counts last, however much of it there is, and hardware first.
        (like(threads_openmp="1", variable_MKL_CBWR="AVX2", variable_XLA_FLAGS="-"), like(torch_version="2.12.0")),
        (like(torch_version="2.12.0", torch_git="1", torch_cuda="12.8", library_cudnn="9"), like(nvidia_gpus="none")),
        # At the same errors warnings count.
        (like(cpu_model="EPYC", cpu_caches="x"), like(cpu_model="EPYC", cpu_caches="48K")),
        # What cannot be compared is as far as what differs.
        (like(threads_openmp="1"), like(cpu_model=Unknown(reason="hidden"))),
        # What the record does not have cannot be compared.
        (HERE, {key: value for key, value in HERE.items() if key != "cpu.model"}),
    ],
)
def test_nearer_is_what_is_less_likely_to_change_numbers(
    nearer: dict[str, str | Unknown], farther: dict[str, str | Unknown]
) -> None:
    machines = {"a": machine(facts=farther), "b": machine(facts=nearer)}
    here = {**HERE, **{key: "x" for key in (*nearer, *farther) if key not in HERE and not key.startswith("variable.")}}
    assert choose(machines, here, Level.HOST_TO_HOST).name == "b"


def test_of_equally_near_ones_the_name_decides() -> None:
    machines = {name: machine(facts=like(cpu_model=name)) for name in ("zen", "epyc", "power")}
    assert choose(machines, HERE, Level.HOST_TO_HOST).name == "epyc"


def test_of_those_that_are_equal_at_a_loose_level_the_more_alike_is_nearer() -> None:
    machines = {"a": machine(facts=like(cpu_vendor="AMD")), "b": machine(facts=HERE)}
    here = {**HERE, "cpu.vendor": "Intel"}
    machines["b"] = machine(facts=here)
    found = choose(machines, here, Level.CROSS_HARDWARE)
    assert (found.name, found.fits, found.why) == ("b", True, "the nearest of 2 that fit")


@pytest.mark.parametrize(
    ("machines", "named", "expected"),
    [
        ({"a": HERE}, None, Choice(name="a", fits=True)),
        ({"a": like(cpu_model="EPYC"), "b": HERE}, None, Choice(name="b", fits=True, why="the one of 2 that fits")),
        (
            {"a": like(cpu_model="EPYC")},
            None,
            Choice(name="a", fits=False, why="the only one, and it does not fit: 1 fact differs"),
        ),
        (
            {
                "a": like(cpu_model="EPYC", torch_version="1"),
                "b": like(cpu_model=Unknown(reason="?"), threads_openmp="1"),
            },
            None,
            Choice(
                name="b",
                fits=False,
                why="the nearest of 2, none of which fits: 1 fact differs and 1 cannot be compared",
                others="b: 1 fact differs and 1 cannot be compared; a: 2 facts differ",
            ),
        ),
        ({"a": HERE, "b": HERE}, "a", Choice(name="a", fits=True, why="as named")),
        (
            {"a": like(cpu_model=Unknown(reason="?")), "b": HERE, "c": HERE},
            "a",
            Choice(
                name="a", fits=False, why="as named, and it does not fit: 1 fact cannot be compared; b, c would fit"
            ),
        ),
    ],
)
def test_a_choice_says_why(machines: dict[str, dict[str, str | Unknown]], named: str | None, expected: Choice) -> None:
    recorded = {name: machine(facts=facts) for name, facts in machines.items()}
    assert choose(recorded, HERE, Level.HOST_TO_HOST, named) == expected


def test_of_many_that_do_not_fit_the_nearest_are_shown() -> None:
    machines = {str(number): machine(facts=like(cpu_model=str(number))) for number in range(7)}
    found = choose(machines, HERE, Level.HOST_TO_HOST)
    assert found.why == "the nearest of 7, none of which fits: 1 fact differs"
    assert found.others == "; ".join(f"{number}: 1 fact differs" for number in range(4)) + " and 3 more"
