"""The libraries' own generators: seeded, read and put back; with the real libraries, or for CuPy, which needs a GPU, a stand-in."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import textwrap
import threading
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from envguard.determinism.libraries import BY_MODULE, CUPY_SEED, LIBRARIES, states
from envguard.determinism.seeds import Seeding, seed_anew
from envguard.determinism.streams import derive

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _kept() -> object:
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    yield
    random.setstate(before[0])
    np.random.set_state(before[1])  # noqa: NPY002


def run(code: str) -> Any:
    program = "import json\nfrom envguard.determinism.seeds import Seeding\n" + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program + "\nprint(json.dumps(found))"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_classic_is_what_set_seed_does() -> None:
    """transformers ``set_seed`` and Lightning ``seed_everything``: random.seed, np.random.seed, torch.manual_seed."""
    Seeding(1234, "classic").seed(frozenset(["numpy"]))
    found = random.random(), np.random.random()  # noqa: NPY002
    random.seed(1234)
    np.random.seed(1234)  # noqa: NPY002
    assert found == (random.random(), np.random.random())  # noqa: NPY002


@pytest.mark.torch
def test_classic_is_what_set_seed_does_for_torch() -> None:
    import torch

    before = torch.get_rng_state()
    Seeding(1234, "classic").seed(frozenset())
    found = torch.randn(9)
    torch.manual_seed(1234)
    assert torch.equal(found, torch.randn(9))
    torch.set_rng_state(before)


@pytest.mark.parametrize("seed", [2**32, -1])
def test_a_seed_that_numpy_would_not_take_is_no_classic_seed(seed: int) -> None:
    with pytest.raises(
        ValueError, match=r"^a classic seed, which numpy\.random\.seed\(\) must take, is at least 0 and below"
    ):
        Seeding(seed, "classic")


def test_a_state_changes_with_a_draw_and_comes_back_with_the_state() -> None:
    seeding = Seeding(42)
    seeding.seed(frozenset(["numpy"]))
    first = states()
    assert first == states(), "looking draws nothing"
    random.random()
    second = states()
    np.random.random()  # noqa: NPY002
    third = states()
    assert first["random"] != second["random"] == third["random"]
    assert first["numpy"] == second["numpy"] != third["numpy"]
    Seeding(42).seed(frozenset(["numpy"]))
    assert states() == first


def test_another_bit_generator_in_numpy_is_read_and_put_back() -> None:
    library = BY_MODULE["numpy"]
    legacy: Any = np.random
    before = legacy.get_bit_generator()
    try:
        legacy.set_bit_generator(np.random.PCG64DXSM(1))
        state = json.loads(json.dumps(library.states(np)["numpy"]))
        drawn = legacy.random()
        library.restore(np, "numpy", state)
        assert legacy.random() == drawn
        found = []
        for _ in range(2):
            library.seed(np, derive(1, "x"))
            found.append(legacy.random())
        assert found[0] == found[1] != drawn
    finally:
        legacy.set_bit_generator(before)


def test_no_two_libraries_share_a_stream() -> None:
    from envguard.determinism.seeds import stream_name

    names = [stream_name(library) for library in LIBRARIES]
    assert len(set(names)) == len(names)
    assert all(name.startswith("lib:") for name in names)


class RandomState:
    seeded: int | None = None

    def seed(self, seed: int) -> None:
        self.seeded = seed


@pytest.fixture
def cupy(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What of CuPy's module ``cupy.random._generator`` is used, with one device that is up."""
    made: Any = types.ModuleType("cupy")

    class Device:
        def __init__(self, number: int) -> None:
            self.number = number

        def __enter__(self) -> None:
            made.used.append(self.number)

        def __exit__(self, *_: object) -> None: ...

    made.used = []
    made.cuda = types.SimpleNamespace(Device=Device)
    made.random = types.SimpleNamespace(_generator=types.SimpleNamespace(_random_states={1: RandomState()}))
    monkeypatch.setitem(sys.modules, "cupy", made)
    monkeypatch.setenv(CUPY_SEED, "old")
    return made


def test_cupy_is_seeded_where_it_is_up_and_by_its_variable_where_it_is_not(cupy: Any) -> None:
    seeding = Seeding(42)
    seeding.seed(frozenset())
    wanted = int.from_bytes(derive(42, "lib:cupy")[:8], "little")
    assert os.environ[CUPY_SEED] == str(wanted)
    assert cupy.random._generator._random_states[1].seeded == wanted
    assert cupy.used == [1]
    assert (seeding.state["cupy"], states()["cupy.cuda:1"]) == ("seeded", None)


def test_a_worker_touches_no_device_of_its_parent(cupy: Any) -> None:
    seed_anew(42, "loader:train", 0, 1, worker=True)
    assert cupy.used == []
    assert os.environ[CUPY_SEED] == str(int.from_bytes(derive(42, "lib:cupy:loader:train", 0, 1)[:8], "little"))


def test_a_worker_that_imports_a_library_later_has_numbers_of_its_own() -> None:
    found = run("""
        import sys
        from envguard.determinism.seeds import seed_anew
        from envguard.determinism.generators import words
        from envguard.determinism.streams import derive
        Seeding(42).seed(frozenset(["numpy"]))
        seed_anew(42, "loader:train", 0, 1, worker=True)
        late = "numpy" not in sys.modules
        import numpy as np
        wanted = np.random.RandomState(words(derive(42, "lib:numpy:loader:train", 0, 1)))
        found = [late, np.random.random() == wanted.random_sample()]
    """)
    assert found == [True, True]


def test_what_draws_through_another_library_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    seeding = Seeding(42)
    seeding.seed(frozenset(["scikit-learn", "transformers", "jax"]))
    assert seeding.state["sklearn"] == "draws through numpy"
    assert seeding.state["transformers"] == "draws through random, numpy and torch"
    assert seeding.state["jax"] == "draws through the keys that run.jax() hands out"
    assert "tensorflow" not in seeding.state


@pytest.mark.libraries
@pytest.mark.parametrize("before", [True, False])
def test_numba_is_seeded_before_and_after_its_import(before: bool) -> None:
    found = run(f"""
        seeding = Seeding(42)
        if {before}:
            import numba
        seeding.seed(frozenset(["numba", "numpy"]))
        import random, numba, numpy as np
        from envguard.determinism.generators import mersenne_words
        from envguard.determinism.libraries import states
        from envguard.determinism.streams import derive
        @numba.njit
        def draw():
            return np.random.random(), random.random()
        wanted = []
        for which in (b"numpy", b"python"):
            twister = np.random.RandomState()
            words = np.array(mersenne_words(derive(42, "lib:numba") + which), dtype=np.uint32)
            twister.set_state(("MT19937", words, 624, 0, 0.0))
            wanted.append(twister.random_sample())
        found = [list(draw()) == wanted, seeding.state["numba"], sorted(states())]
    """)
    told = "seeded; the threads of a parallel loop seed themselves from the system"
    assert found == [True, told, ["numba.numpy", "numba.python", "numpy", "random"]]


@pytest.mark.libraries
def test_numba_classic_state_and_threads() -> None:
    import numba

    library = BY_MODULE["numba"]

    @numba.njit  # type: ignore[untyped-decorator]
    def draw() -> tuple[float, float]:
        return np.random.random(), random.random()  # noqa: NPY002

    @numba.njit  # type: ignore[untyped-decorator]
    def seed(number: int) -> None:
        np.random.seed(number)  # noqa: NPY002

    library.same(numba, 42)
    found = draw()
    random.seed(42)
    seed(42)
    assert found == (draw()[0], random.random())
    library.seed(numba, derive(1, "x"))
    draw()
    state = json.loads(json.dumps(library.states(numba)))
    wanted = [draw() for _ in range(700)]
    for key, kept in state.items():
        library.restore(numba, key, kept)
    assert [draw() for _ in range(700)] == wanted
    for key, kept in state.items():
        library.restore(numba, key, kept)
    elsewhere: list[Any] = []
    thread = threading.Thread(target=lambda: elsewhere.append(draw()))
    thread.start()
    thread.join()
    assert elsewhere[0] != wanted[0], "each thread has generators of its own, as the state says"
    assert draw() == wanted[0]


@pytest.mark.libraries
def test_keys_of_jax_do_not_depend_on_its_settings() -> None:
    found = run("""
        import jax
        from envguard.determinism.named import Streams
        def data(*index, **more):
            return jax.random.key_data(Streams(42).jax("a", *index, **more)).tolist()
        plain = data(1)
        jax.config.update("jax_enable_x64", True)
        jax.config.update("jax_default_prng_impl", "rbg")
        jax.config.update("jax_random_seed_offset", 5)
        found = [plain == data(1), data(2) != plain, data(1, impl="rbg")[:2] == plain,
                 float(jax.random.uniform(Streams(42).jax("a", 1)))]
    """)
    assert found[:3] == [True, True, True]
    assert 0 <= found[3] < 1


@pytest.mark.libraries
@pytest.mark.slow
def test_tensorflow_is_seeded_after_its_import_and_its_state_is_no_secret_that_is_kept() -> None:
    found = run("""
        seeding = Seeding(42)
        seeding.seed(frozenset(["tensorflow-cpu", "numpy"]))
        import tensorflow as tf
        from envguard.determinism.streams import derive
        from envguard.determinism.libraries import states
        imported = sorted(states())
        drawn = tf.random.uniform((3,)).numpy().tolist()
        tf.random.set_seed(int.from_bytes(derive(42, "lib:tensorflow")[:8], "little") >> 1)
        again = tf.random.uniform((3,)).numpy().tolist()
        Seeding(7, "classic").seed(frozenset())
        classic = tf.random.uniform((3,)).numpy().tolist()
        tf.random.set_seed(7)
        plain = tf.random.uniform((3,)).numpy().tolist()
        found = [drawn == again, classic == plain, imported, states()["tensorflow"], seeding.state["tensorflow"]]
    """)
    told = "seeded; tf.random.get_global_generator() seeds itself from the system"
    assert found == [True, True, ["numpy", "random"], None, told]


@pytest.mark.libraries
@pytest.mark.slow
@pytest.mark.parametrize("before", [True, False], ids=["imported before", "imported after"])
def test_the_switch_of_the_real_tensorflow_is_set_read_back_and_in_force(*, before: bool) -> None:
    lines = ["import tensorflow as tf", "switches.set(frozenset(['tensorflow-cpu', 'tensorflow']), level='run-to-run')"]
    found = run(
        "from envguard.determinism.switches import Switches\nswitches = Switches(level='run-to-run')\n"
        + "\n".join(lines if before else lines[::-1])
        + """
name = "tf.config.experimental.enable_op_determinism"
from tensorflow.python.framework import config
try:
    tf.random.uniform((2,))
    refused = ""
except RuntimeError as error:
    refused = str(error)
tf.random.set_seed(3)
tf.random.uniform((2,))
switch = switches.state[name]
found = [switch.found, switch.evidence, config.is_op_determinism_enabled(), refused]
knob = next(knob for knob in switches.knobs() if knob.name == name)
config.disable_op_determinism()
found += [knob.value(), knob.switch(set_here=False).evidence]
try:
    knob.prove()
except RuntimeError as error:
    found += [str(error)]
knob.set()
found += [knob.switch(set_here=True).evidence]
"""
    )
    assert found[:3] == ["True", "set, and read back from TensorFlow's kernels, which are not up yet", True]
    # Its own proof: without a seed, it refuses to draw.
    assert found[3].startswith("Random ops require a seed to be set when determinism is enabled")
    assert found[4:6] == [False, "read; left to the program"], "and who turns it off is seen"
    # Where TensorFlow is up, one of its operations proves it.
    operation = "SampleDistortedBoundingBoxV2, which was to draw without a seed, was"
    assert found[6:] == [f"{operation} not refused", f"set, and {operation} refused"]


@pytest.mark.libraries
@pytest.mark.slow
def test_who_reseeds_the_real_tensorflow_or_numba_is_found() -> None:
    found = run("""
        import numba, numpy, tensorflow as tf
        from envguard.determinism.libraries import looks
        from envguard.determinism.moved import moved
        seed = numba.njit(lambda number: numpy.random.seed(number))
        draw = numba.njit(lambda: numpy.random.rand())
        tf.random.set_seed(3)
        tf.random.uniform((2,))
        found = []
        def look(act):
            before = looks()
            act()
            now = looks()
            found.append([[name, *moved(name, before[name], now[name])] for name in now if name.startswith(("t", "numba"))])
        look(lambda: (tf.random.uniform((2,)), draw()))
        look(lambda: tf.random.set_seed(4))
        look(lambda: tf.random.set_seed(4))
        look(lambda: seed(987654))
    """)
    drawn = [["numba.numpy", False, ""], ["numba.python", False, ""], ["tensorflow", False, ""]]
    reseeded = ["tensorflow", True, "tf.random.set_seed(4) was called"]
    # The same seed again has its kernels forget how often they were asked.
    assert found[:3] == [drawn, [*drawn[:2], reseeded], [*drawn[:2], reseeded]]
    assert found[3] == [["numba.numpy", True, "it was seeded with 987654"], *drawn[1:]]


@pytest.mark.libraries
@pytest.mark.slow
@pytest.mark.parametrize(
    ("start", "name", "value", "who"),
    [
        ("import tensorflow", "TF_DETERMINISTIC_OPS", "1", "TensorFlow"),
        ("import jax; jax.numpy.zeros(2).block_until_ready()", "XLA_FLAGS", "--xla_cpu_enable_fast_math=false", "XLA"),
    ],
    ids=["tensorflow", "jax"],
)
def test_a_variable_that_the_real_library_has_read_is_refused_with_the_command(
    start: str, name: str, value: str, who: str
) -> None:
    found = run(f"""
        import os
        os.environ.pop("{name}", None)
        from envguard.determinism.switches import Switches
        switches = Switches(level="run-to-run", seed=42)
        early = [item.name for item in switches.look()]
        {start}
        os.environ["{name}"] = "{value}"
        late = switches.look()
        text = ""
        try:
            switches.refuse_late(late)
        except Exception as error:
            text = type(error).__name__ + " " + str(error)
        found = [early, [item.name for item in late], text]
    """)
    assert found[0] == []
    assert found[1] == [name]
    assert found[2].startswith("RefusedError ")
    assert name in found[2]
    assert who in found[2]
    assert "hint: " in found[2]


@pytest.mark.libraries
def test_the_settings_of_the_real_jax_are_read_and_left_to_the_program() -> None:
    found = run("""
        from envguard.determinism.switches import Switches
        switches = Switches(level="run-to-run")
        switches.set(frozenset(["jax", "jaxlib"]), level="run-to-run")
        import jax, os
        told = {name: [item.wanted, item.found] for name, item in switches.state.items() if name.startswith("jax.")}
        jax.config.update("jax_enable_x64", True)
        now = {knob.name: knob.value() for knob in switches.knobs()}
        found = [told, now["jax.config.jax_enable_x64"], "XLA_FLAGS" in os.environ, jax.default_backend()]
    """)
    assert found[0]["jax.config.jax_enable_x64"] == ["any", "False"]
    assert found[0]["jax.config.jax_default_prng_impl"] == ["any", "threefry2x32"]
    assert found[1] is True
    # Its flag for deterministic operations is one of GPUs.
    assert found[2:] == [False, "cpu"]


@pytest.mark.integrations
@pytest.mark.parametrize("name", ["transformers", "lightning"])
def test_classic_is_bit_for_bit_what_the_real_set_seed_does(name: str) -> None:
    import torch

    def drawn() -> list[Any]:
        return [random.random(), np.random.random(), *torch.randn(4).tolist(), *torch.rand(4).tolist()]  # noqa: NPY002

    before = torch.get_rng_state()
    if name == "transformers":
        import transformers

        transformers.set_seed(1234)
    else:
        import lightning

        lightning.seed_everything(1234, verbose=False)
    wanted = drawn()
    Seeding(1234, "classic").seed(frozenset())
    assert drawn() == wanted
    torch.set_rng_state(before)


@pytest.mark.libraries
def test_generators_that_are_handed_out_are_taken_by_numba_and_scipy() -> None:
    import numba
    import scipy.stats

    from envguard.determinism.named import Streams

    @numba.njit  # type: ignore[untyped-decorator]
    def draw(generator: Any) -> float:
        return float(generator.random())

    one, other = Streams(1), Streams(1)
    assert draw(one.numpy("a")) == other.numpy("a").random()
    drawn = scipy.stats.norm.rvs(size=3, random_state=one.numpy("b"))
    assert drawn.tolist() == other.numpy("b").normal(size=3).tolist()


class Bytes:
    """What of a tensor of bytes is used."""

    def __init__(self, values: list[int]) -> None:
        self.values = values

    def tolist(self) -> list[int]:
        return self.values


class Accelerator:
    """What of ``torch.cuda`` and its like is used: *up*, with two devices."""

    def __init__(self, *, up: bool) -> None:
        self.up = up
        self.states = [Bytes([1] * 16), Bytes([2] * 16)]

    def is_initialized(self) -> bool:
        return self.up

    def is_available(self) -> bool:
        return True

    def device_count(self) -> int:
        return len(self.states)

    def get_rng_state(self, number: int) -> Bytes:
        assert self.up, "a device was initialised to look at it"
        return self.states[number]

    def set_rng_state(self, state: Any, number: int) -> None:
        self.states[number] = state


@pytest.mark.torch
def test_devices_that_are_up_are_read_and_put_back_and_others_left_alone() -> None:
    torch: Any = types.SimpleNamespace(
        cuda=Accelerator(up=True),
        xpu=Accelerator(up=False),
        get_rng_state=lambda: Bytes([0] * 5056),
        backends=types.SimpleNamespace(mps=types.SimpleNamespace(is_available=lambda: True)),
        mps=types.SimpleNamespace(get_rng_state=lambda: Bytes([3] * 4)),
    )
    library = BY_MODULE["torch"]
    found = library.states(torch)
    assert set(found) == {"torch.cpu", "torch.cuda:0", "torch.cuda:1", "torch.mps"}
    assert found["torch.cuda:1"] == {"hex": "02" * 16}
    library.restore(torch, "torch.cuda:0", found["torch.cuda:1"])
    assert torch.cuda.states[0].tolist() == [2] * 16
    with pytest.raises(LookupError, match="there is no device cuda:2 here"):
        library.restore(torch, "torch.cuda:2", found["torch.cuda:1"])
    with pytest.raises(LookupError, match="there is no device mtia:0 here"):
        library.restore(torch, "torch.mtia:0", found["torch.cuda:1"])
