"""Seeding: equal roots give equal draws, libraries do not share words, and what is imported later is seeded then."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from typing import Any

import pytest

from envguard.determinism.generators import mersenne_words, words
from envguard.determinism.streams import derive

START = """
import json, sys
from envguard.determinism.seeds import Seeding
seeding = Seeding(42)
"""


def run(code: str) -> Any:
    """Run *code* in a fresh process; what it leaves in ``found`` comes back."""
    program = START + textwrap.dedent(code) + "\nprint(json.dumps(found))\n"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


DRAWS = """
import random
{before}
seeding.seed(frozenset(["numpy"]))
import numpy as np
found = {{"random": random.random(), "numpy": np.random.random(), "state": seeding.state,
         "left": [type(f).__module__ for f in sys.meta_path if type(f).__module__.startswith("envguard")]}}
"""


def test_equal_roots_give_equal_draws_whether_numpy_comes_before_or_after() -> None:
    before, after = run(DRAWS.format(before="import numpy")), run(DRAWS.format(before=""))
    assert before == after
    assert before["state"] == {"random": "seeded", "numpy": "seeded", "torch": "not installed"}
    assert before["left"] == [], "the finder takes itself away"


def test_what_is_not_imported_yet_is_not_called_seeded_and_not_imported() -> None:
    found = run("""
        seeding.seed(frozenset(["numpy", "torch"]))
        found = {"state": seeding.state, "numpy": "numpy" in sys.modules}
    """)
    waits = "will be seeded when it is imported"
    assert found == {"state": {"random": "seeded", "numpy": waits, "torch": waits}, "numpy": False}


def test_the_latest_seed_wins() -> None:
    found = run("""
        seeding.seed(frozenset(["numpy"]))
        second = Seeding(43)
        second.seed(frozenset(["numpy"]))
        import numpy as np
        late = np.random.random()
        again = Seeding(43)
        again.seed(frozenset(["numpy"]))
        found = {"same": np.random.random() == late}
    """)
    assert found == {"same": True}


def test_python_and_numpy_do_not_draw_the_same_numbers() -> None:
    found = run("""
        import random, numpy as np
        seeding.seed(frozenset(["numpy"]))
        found = {"random": [random.random() for _ in range(64)], "numpy": np.random.random(64).tolist()}
    """)
    assert not set(found["random"]) & set(found["numpy"])


def test_a_library_that_fails_to_import_fails_as_it_would_have(tmp_path: object) -> None:
    found = run(f"""
        sys.path.insert(0, {str(tmp_path)!r})
        open({str(tmp_path)!r} + "/torch.py", "w").write("raise RuntimeError('broken build')")
        seeding.seed(frozenset(["torch"]))
        try:
            import torch
        except RuntimeError as error:
            found = {{"error": str(error), "loaded": "torch" in sys.modules}}
    """)
    assert found == {"error": "broken build", "loaded": False}


def test_a_module_that_waits_keeps_its_own_loader_and_can_be_reloaded() -> None:
    found = run("""
        import importlib
        seeding.seed(frozenset(["numpy"]))
        import numpy
        import numpy.random
        loader = type(numpy.__loader__).__name__, type(numpy.__spec__.loader).__name__
        found = {"loader": loader}
    """)
    assert found == {"loader": ["SourceFileLoader", "SourceFileLoader"]}


def test_words_are_little_endian_and_a_mersenne_key_is_never_all_zero() -> None:
    assert words(b"\1\0\0\0\0\0\0\2") == [1, 2 << 24]
    key = mersenne_words(derive(42, "lib:torch"))
    assert len(key) == 624
    assert key[0] >= 1 << 31
    assert max(key) < 1 << 32


@pytest.mark.torch
def test_torch_draws_what_a_mersenne_twister_with_our_key_draws() -> None:
    import numpy as np
    import torch

    from envguard.determinism.libraries import BY_MODULE

    entropy = derive(42, "lib:torch")
    BY_MODULE["torch"].seed(torch, entropy)
    drawn = torch.randint(0, 2**20, (2000,), dtype=torch.int64)  # one word a draw, modulo the range
    twister = np.random.RandomState()
    twister.set_state(("MT19937", np.array(mersenne_words(entropy), dtype=np.uint32), 624, 0, 0.0))
    raw = twister.randint(0, 2**32, size=2000, dtype=np.uint32).astype(np.int64)
    assert (drawn.numpy() == raw % 2**20).all()


@pytest.mark.torch
def test_torch_is_seeded_when_it_is_imported_later() -> None:
    code = """
        import random
        {before}
        seeding.seed(frozenset(["numpy", "torch"]))
        import torch
        import numpy as np
        found = {{"torch": torch.rand(4).tolist(), "numpy": np.random.random(), "state": seeding.state,
                 "cuda": torch.cuda.is_initialized()}}
    """
    before, after = run(code.format(before="import torch")), run(code.format(before=""))
    assert before == after
    assert before["state"] == {"random": "seeded", "numpy": "seeded", "torch": "seeded"}
    assert before["cuda"] is False


@pytest.mark.torch
def test_torch_and_numpy_do_not_walk_the_same_words() -> None:
    found = run("""
        import numpy as np, torch
        seeding.seed(frozenset(["numpy", "torch"]))
        key = set(int(word) for word in np.random.get_state()[1])
        raw = torch.get_rng_state().numpy().tobytes()
        found = {"shared": len(key & {int.from_bytes(raw[24 + 8 * n : 32 + 8 * n], "little") for n in range(624)})}
    """)
    assert found == {"shared": 0}
