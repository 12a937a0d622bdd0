"""The resume contract: what is saved, that a run goes on bit for bit in another process, and when it refuses to."""

from __future__ import annotations

import copy
import json
import random
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard.determinism.libraries import states
from envguard.determinism.named import Streams
from envguard.determinism.resume import capture, restore
from envguard.determinism.seeds import Seeding
from envguard.errors import ResumeError
from envguard.launch import Place
from tests.guarded import Project

ANSWER = {
    "verdict": "clean",
    "observed": {
        "packages": {"numpy": "2.4.6", "torch": "2.13.0"},
        "facts": {"cpu.vendor": "Zilog", "platform.image": "6.18"},
        "data": {"trees": {"raw": {"root": "blake3:aa", "assurance": "content"}}},
    },
}
SWITCHES = {"torch.get_num_threads": "2", "torch.get_default_dtype": "torch.float32"}


@pytest.fixture(autouse=True)
def generators() -> Any:
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002


def drawn(*generators: Any) -> list[float]:
    return [random.random(), np.random.random(), *(generator.random() for generator in generators)]  # noqa: NPY002


def saved(seed: int = 42, streams: Streams | None = None, **more: Any) -> dict[str, Any]:
    arguments = {"epoch": 3, "position": {"batches": 7}, "switches": SWITCHES, **more}
    return capture(streams or Streams(seed), Seeding(seed), ANSWER, Place(), **arguments)


def load(
    state: Any,
    *,
    seed: int = 42,
    streams: Streams | None = None,
    answer: Any = ANSWER,
    strict: bool = True,
    switches: Any = SWITCHES,
) -> Any:
    place = Place()
    return restore(streams or Streams(seed), Seeding(seed), answer, place, state, strict=strict, switches=switches)


def through_json(state: dict[str, Any]) -> Any:
    return json.loads(json.dumps(state, allow_nan=False))


def test_all_generators_go_on_where_they_were() -> None:
    streams = Streams(42)
    kept: list[Any] = [streams.numpy("a"), streams.random("b", 1, "x"), streams.numpy("c")]
    random.gauss(0, 1)
    np.random.normal(size=3)  # noqa: NPY002
    kept[2].integers(0, 9, dtype=np.uint32)
    drawn(*kept)
    state = through_json(saved(streams=streams))
    wanted = [drawn(*kept), random.gauss(0, 1), np.random.normal(), kept[2].integers(0, 9, dtype=np.uint32)]  # noqa: NPY002
    here = Streams(42)
    early = [here.numpy("a"), here.random("b", 1, "x")]
    drawn(*early)
    where = load(state, streams=here)
    assert (where.epoch, where.position, where.reasons, where.bitwise) == (3, {"batches": 7}, (), True)
    assert here.epoch.get() == 3
    late: Any = here.numpy("c")
    found = drawn(*early, late)
    assert [found, random.gauss(0, 1), np.random.normal(), late.integers(0, 9, dtype=np.uint32)] == wanted  # noqa: NPY002


def test_a_stream_that_was_not_asked_for_yet_is_not_lost_when_saved_again() -> None:
    streams = Streams(42)
    kept = streams.random("b")
    kept.random()
    here = Streams(42)
    load(saved(streams=streams), streams=here)
    third = Streams(42)
    load(saved(streams=here), streams=third)
    assert third.random("b").random() == kept.random()
    assert third.random("b", reuse=True).random() == Streams(42).random("b").random(), "a state is used once"


def test_a_generator_that_died_needs_no_state() -> None:
    streams = Streams(42)
    streams.random("b")
    assert saved(streams=streams)["streams"] == []
    assert saved(streams=streams)["handed_out"][0]["name"] == "b"


def test_the_epoch_of_the_run_is_saved_where_no_other_is_given() -> None:
    streams = Streams(42)
    assert saved(streams=streams, epoch=None)["epoch"] is None
    streams.epoch.set(9)
    assert saved(streams=streams, epoch=None)["epoch"] == 9


@pytest.mark.parametrize("position", [object(), {1, 2}, float("nan"), np.zeros(2)])
def test_a_position_is_plain(position: Any) -> None:
    with pytest.raises(TypeError, match=r"^a position is made of plain values \(numbers, text, lists, dicts\): "):
        saved(position=position)


def changed(**observed: Any) -> dict[str, Any]:
    answer: dict[str, Any] = copy.deepcopy(ANSWER)
    answer["observed"].update(observed)
    return answer


@pytest.mark.parametrize(
    ("state", "here", "reason"),
    [
        ({"scheme": "envguard.rng.v0"}, {}, "the scheme of the streams was envguard.rng.v0, and is envguard.rng.v1"),
        ({"seed": "43"}, {}, "the seed was 43, and is 42"),
        ({"seeds": "classic"}, {}, "the way of seeding was classic, and is derived"),
        ({"world_size": 8}, {}, "the world size was 8, and is 1"),
        ({"rank": 1}, {}, "the rank was 1, and is 0"),
        ({"verdict": "not checked"}, {}, "what the environment was cannot be told: it was not checked"),
        ({}, {"answer": {**ANSWER, "verdict": "undecided"}}, "what the environment is cannot be told: it is undecided"),
        (
            {},
            {"answer": changed(packages={"numpy": "2.4.6", "torch": "2.14.0"})},
            "package torch was 2.13.0, and is 2.14.0",
        ),
        ({}, {"answer": changed(packages={"numpy": "2.4.6"})}, "package torch was 2.13.0, and is not there"),
        (
            {},
            {"answer": changed(facts={"cpu.vendor": "Intel"})},
            "fact of the machine cpu.vendor was Zilog, and is Intel",
        ),
        ({}, {"answer": changed(data=None)}, "tree of data raw was blake3:aa, and is not there"),
        ({"generators": {"cupy.cuda:0": None}}, {}, "the generator cupy.cuda:0 was up, and its state cannot be read"),
        ({"generators": {"torch.cpu": {"hex": ""}}}, {}, "the generator torch.cpu has no place: torch is not loaded"),
        ({}, {"switches": {"torch.get_num_threads": "1"}}, "switch torch.get_num_threads was 2, and is 1"),
        (
            {"switches": {"cpu.denormals": "unreadable: OSError: no"}},
            {"switches": {"cpu.denormals": "unreadable: OSError: no"}},
            "switch cpu.denormals was unreadable: OSError: no, and is still unreadable: OSError: no",
        ),
        ({"generators": {"abacus": {}}}, {}, "the generator abacus has no place: abacus is not loaded"),
    ],
)
def test_what_cannot_go_on_bit_for_bit_is_refused_and_says_why(
    state: Any, here: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test of this process may have loaded it.
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    whole = {**saved(), **state}
    before = drawn_later()
    with pytest.raises(ResumeError) as caught:
        load(whole, **here)
    assert caught.value.reasons == (reason,)
    assert str(caught.value) == (
        "the run cannot go on bit for bit from this state\n"
        f"  {reason}\n"
        "hint: strict=False goes on all the same, and returns the reasons"
    )
    assert drawn_later() == before, "a refusal leaves every generator as it was"
    where = load(whole, **here, strict=False)
    assert (where.reasons, where.bitwise, where.epoch) == ((reason,), False, 3)


def drawn_later() -> list[float]:
    state = random.getstate(), np.random.get_state()  # noqa: NPY002
    found = drawn()
    random.setstate(state[0])
    np.random.set_state(state[1])  # noqa: NPY002
    return found


def test_a_refusal_leaves_the_streams_as_they_were() -> None:
    state = {**saved(), "seed": "43"}
    streams = Streams(42)
    kept = streams.numpy("a")
    state["streams"] = [{"library": "numpy", "name": "a", "index": [], "state": states()["numpy"]}]
    wanted = copy.deepcopy(kept).random()
    with pytest.raises(ResumeError):
        load(state, streams=streams)
    assert kept.random() == wanted


def test_many_differences_are_counted() -> None:
    packages = {f"p{number}": "1" for number in range(9)}
    with pytest.raises(ResumeError) as caught:
        load(saved(), answer=changed(packages=packages))
    assert len(caught.value.reasons) == 6
    assert caught.value.reasons[-1] == "6 more of the kind: package"


def test_a_switch_of_a_library_that_one_of_the_two_had_not_loaded_yet_does_not_matter() -> None:
    assert load(saved(), switches={"threads.numba": "2"}).bitwise
    assert load(saved(switches={"threads.numba": "2"})).bitwise


def test_facts_for_people_and_how_data_was_verified_do_not_matter() -> None:
    answer = changed(facts={"cpu.vendor": "Zilog", "platform.image": "another"})
    answer["observed"]["data"]["trees"]["raw"]["assurance"] = "stat-cache"
    assert load(saved(), answer=answer).bitwise


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "this is no state that run.state_dict() gave"),
        ({}, "this is no state that run.state_dict() gave"),
        ({"schema": {"name": "envguard.receipt"}}, "this is no state that run.state_dict() gave"),
        (
            {"schema": {"name": "envguard.state", "version": 1}},
            (
                "the state has schema version 1, which is not known here, only 2\n"
                "hint: resume with the version of envguard that saved it"
            ),
        ),
        ({"schema": {"name": "envguard.state", "version": 2}}, "the saved state is damaged: 'scheme' is NoneType"),
    ],
)
def test_what_is_no_state_is_refused(state: Any, told: str) -> None:
    with pytest.raises(ResumeError) as caught:
        load(state)
    assert str(caught.value) == told


JUNK: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.text(max_size=4) | st.just([]) | st.just({}) | st.just("00")
)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_state_that_somebody_changed_is_one_error_and_changes_nothing(data: st.DataObject) -> None:
    streams = Streams(42)
    kept: list[Any] = [streams.numpy("a"), streams.random("b")]
    state = saved(streams=streams)
    place: Any = state
    while isinstance(place, (dict, list)) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        if not isinstance(place[key], (dict, list)) or not place[key] or data.draw(st.booleans()):
            place[key] = data.draw(JUNK)
            break
        place = place[key]
    before = [copy.deepcopy(kept[0]).random(), *drawn_later()]
    try:
        load(state, streams=streams)
    except ResumeError:
        assert [copy.deepcopy(kept[0]).random(), *drawn_later()] == before


def test_words_that_were_cut_are_damage_and_change_nothing() -> None:
    state = saved()
    state["generators"]["random"]["hex"] = state["generators"]["random"]["hex"][:-2]
    before = drawn_later()
    with pytest.raises(ResumeError, match=r"^the saved state is damaged: error: unpack requires a buffer of"):
        load(state)
    assert drawn_later() == before


RESUMED = Path(__file__).with_name("resumed.py")


@pytest.mark.torch
@pytest.mark.slow
@pytest.mark.parametrize("stop", ["1.0", "1.3"])
def test_a_training_goes_on_bit_for_bit_in_another_process(tmp_path: Path, stop: str) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    project = Project.recorded(folder)
    shutil.copy(RESUMED, folder / "resumed.py")
    mode = () if stop.endswith(".0") else ("middle",)

    def train(stop: str, *more: str) -> str:
        done = project.python("resumed.py", str(tmp_path / "checkpoint"), stop, *more, PYTHONHASHSEED="0")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    assert train(stop) == ""
    resumed = train("never.0" if not mode else "never.1", "resume", *mode)
    whole = train("never.0" if not mode else "never.1")
    assert resumed == whole != ""
    if not mode:
        assert train("never.0", "resume", "forget") != whole, (
            "without the state of the generators it is another training"
        )


@pytest.mark.torch
def test_torch_goes_on_where_it_was_and_takes_its_own_format(tmp_path: Path) -> None:
    import torch

    before = torch.get_rng_state()
    streams = Streams(42)
    kept = streams.torch("a")
    torch.randn(3, generator=kept)
    torch.randn(3)
    path = tmp_path / "state.pt"
    torch.save(saved(streams=streams), path)
    wanted = torch.cat([torch.randn(5), torch.randn(5, generator=kept)])
    here = Streams(42)
    assert load(torch.load(path, weights_only=True), streams=here).bitwise
    assert torch.equal(torch.cat([torch.randn(5), torch.randn(5, generator=here.torch("a"))]), wanted)
    torch.set_rng_state(before)


@pytest.mark.torch
def test_a_device_that_is_missing_and_a_generator_elsewhere_are_told() -> None:
    import torch

    state = saved()
    state["generators"]["torch.cuda:15"] = {"hex": "00" * 16}
    state["libraries"]["torch"] = "1.0"
    with pytest.raises(ResumeError) as caught:
        load(state)
    assert [reason.partition(", and is")[0] for reason in caught.value.reasons] == [
        "library torch was 1.0",
        "the generator torch.cuda:15 has no place: there is no device cuda:15 here",
    ]
    state = saved()
    state["generators"]["torch.cpu"] = {"hex": "00" * 16}
    before = torch.get_rng_state()
    with pytest.raises(ResumeError) as caught:
        load(state)
    assert caught.value.reasons[0].startswith("the generator torch.cpu does not take its state: ")
    assert torch.equal(before, torch.get_rng_state())
    state = saved()
    state["streams"] = [{"library": "torch", "name": "a", "index": [], "state": {"device": "cuda:0", "hex": "00" * 16}}]
    here = Streams(42)
    load(state, streams=here)
    with pytest.raises(ResumeError, match=r"^a torch.Generator that was saved on cuda is on cpu now"):
        here.torch("a")
