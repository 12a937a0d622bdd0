"""The canaries on a real GPU: ``pytest -m gpu`` where there is one."""

from __future__ import annotations

import json

import pytest

from tests.canaries.programs import python
from tests.canaries.test_torch import STATE

pytestmark = pytest.mark.gpu

RUN = """
from envguard.canaries.live import live
text = live(only="torch").text()
"""
UP = "import os, random, numpy, torch\ntorch.cuda.init()\n"


def test_they_repeat_bit_for_bit_in_one_process_and_in_others() -> None:
    code = f"{UP}{RUN}\nfirst = text\n{RUN}\nassert text == first\nprint(text)"
    environ = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    one, other = (json.loads(python(code, **environ)) for _ in range(2))
    assert one == other
    gpu = {key: value for key, value in one["digests"].items() if key.startswith("torch.cuda.")}
    assert gpu
    assert not [value for value in gpu.values() if value.startswith("unknown")], gpu


@pytest.mark.parametrize(
    "setting", ["", "torch.set_float32_matmul_precision('high')", "torch.backends.cudnn.benchmark = True"]
)
def test_generators_and_settings_are_what_they_were(setting: str) -> None:
    code = f"""
{UP}{STATE}
{setting}
torch.cuda.manual_seed_all(3)
torch.rand(3, device="cuda")
before = (state(), [bytes(part.tolist()) for part in torch.cuda.get_rng_state_all()])
{RUN}
assert (state(), [bytes(part.tolist()) for part in torch.cuda.get_rng_state_all()]) == before
"""
    assert python(code, CUBLAS_WORKSPACE_CONFIG=":4096:8") == ""


def test_a_process_that_has_not_initialised_cuda_can_still_be_forked() -> None:
    code = f"""
import os, torch
{RUN}
child = os.fork()
if child == 0:
    os._exit(0 if torch.ones(3, device="cuda").sum().item() == 3 else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), torch.cuda.is_initialized())
"""
    assert python(code) == "0 False\n"
