"""What the switches, the seal and the resume contract do on a real GPU: ``pytest -m gpu`` where there is one.

Whatever is said here of a library was seen, not read. Where numbers are to repeat that differ otherwise, a control without envguard
must differ.
"""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import pytest

from tests.guarded import Project

pytestmark = pytest.mark.gpu

GUARD = "import envguard\nrun = envguard.enforce(seed=42)\n"
DIGEST = """
import hashlib, json
import torch
import torch.nn.functional as F
def digest(*tensors):
    return hashlib.sha256(b"".join(t.detach().double().cpu().numpy().tobytes() for t in tensors)).hexdigest()[:16]
"""
# Sums by atomic additions, convolutions of cuDNN, attention, products on several streams, recurrent nets.
OPERATIONS = """
told = {}
numbers = torch.Generator("cuda").manual_seed(1)
def draw(*shape, kind=torch.float32):
    return torch.randn(*shape, device="cuda", generator=numbers).to(kind)
def backward(compute, gradient, *leaves):
    leaves = [leaf.clone().requires_grad_() for leaf in leaves]
    made = compute(*leaves)
    made.backward(torch.ones_like(made) if gradient is None else gradient)
    return [made, *(leaf.grad for leaf in leaves)]
def case(name, compute):
    try:
        told[name] = sorted({digest(*compute()) for _ in range(4)})
    except RuntimeError as error:
        assert "does not have a deterministic implementation" in str(error), error
        told[name] = "refused"
places, values = torch.randint(0, 50, (200_000,), device="cuda", generator=numbers), draw(200_000)
case("scatter_add", lambda: [torch.zeros(50, device="cuda").scatter_add_(0, places, values)])
case("index_add", lambda: [torch.zeros(50, device="cuda").index_add_(0, places, values)])
case("index_put", lambda: [torch.zeros(50, device="cuda").index_put_((places,), values, accumulate=True)])
case("bincount", lambda: [torch.bincount(places, weights=values)])
words, upstream = draw(50, 64), draw(20_000, 64)
case("embedding", lambda: backward(lambda table: F.embedding(places[:20_000], table), upstream, words))
images, kernels, above = draw(16, 32, 56, 56), draw(64, 32, 3, 3), draw(16, 64, 56, 56)
case("conv2d", lambda: backward(lambda x, w: F.conv2d(x, w, padding=1), above, images, kernels))
case("conv2d half", lambda: backward(lambda x, w: F.conv2d(x, w, padding=1), above.half(), images.half(), kernels.half()))
case("conv transposed", lambda: backward(lambda x, w: F.conv_transpose2d(x, w, padding=1), images, above, kernels))
volumes, cubes, beyond = draw(2, 8, 16, 32, 32), draw(16, 8, 3, 3, 3), draw(2, 16, 16, 32, 32)
case("conv3d", lambda: backward(lambda x, w: F.conv3d(x, w, padding=1), beyond, volumes, cubes))
case("interpolate", lambda: backward(lambda x: F.interpolate(x, scale_factor=2, mode="bilinear").sin(), None, images))
for kind in (torch.float16, torch.bfloat16, torch.float32):
    q, k, v, up = (draw(4, 8, 1024, 64, kind=kind) for _ in range(4))
    attend = lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True)
    case(f"attention {kind}", lambda: backward(attend, up, q, k, v))
first, second = draw(3000, 2000), draw(2000, 3000)
case("product", lambda: [first @ second])
def products():
    streams = [torch.cuda.Stream() for _ in range(4)]
    torch.cuda.synchronize()
    made = []
    for number in range(8):
        with torch.cuda.stream(streams[number % 4]):
            made.append(first[:512].half() @ second[:, :512].half())
    torch.cuda.synchronize()
    return made
case("products on four streams", products)
torch.manual_seed(5)
net, steps = torch.nn.LSTM(64, 128, 2).cuda(), draw(100, 32, 64)
def recurrent():
    net.zero_grad()
    made, _ = net(steps)
    made.square().sum().backward()
    return [made, *(weight.grad for weight in net.parameters())]
case("lstm", recurrent)
print(json.dumps(told))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project.recorded(tmp_path_factory.mktemp("gpu"))


def lines(project: Project, code: str, **environ: str) -> list[str]:
    (project.folder / "train.py").write_text(code)
    done = project.python("train.py", **environ)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_differs_from_run_to_run_repeats_or_is_refused_under_the_switches(project: Project) -> None:
    def kinds(code: str) -> dict[str, Any]:
        told: dict[str, Any] = json.loads(lines(project, code + DIGEST + OPERATIONS)[-1])
        return told

    free = kinds("")
    differing = {name for name, seen in free.items() if seen == "refused" or len(seen) > 1}
    assert {"scatter_add", "index_add"} <= differing, free
    guarded, again = kinds(GUARD), kinds(GUARD)
    assert guarded == again
    assert {name for name, seen in guarded.items() if seen != "refused" and len(seen) > 1} == set()
    assert {name for name, seen in guarded.items() if seen == "refused"} <= {"bincount"}


def test_the_seal_sees_what_others_do_to_the_gpu(project: Project) -> None:
    code = f"""{GUARD}
import torch
torch.zeros(1, device="cuda")
run.seal()
def look(what):
    try:
        print(what, [change.told for change in run.verify()])
    except envguard.BrokenSealError as error:
        print(what, str(error).splitlines()[0])
    run.seal()
torch.rand(5, device="cuda")
look("drawn")
torch.cuda.manual_seed(5)
look("seeded")
state = torch.cuda.get_rng_state()
torch.rand(5, device="cuda")
look("drawn")
torch.cuda.set_rng_state(state)
look("set")
torch.backends.cudnn.benchmark = True
look("flag")
torch.backends.cudnn.allow_tf32 = False
look("precision")
torch.backends.cuda.enable_flash_sdp(False)
look("backend")
"""
    assert lines(project, code) == [
        "drawn []",
        "seeded the generator of torch.cuda:0 was put elsewhere: it was seeded with 5",
        "drawn []",
        "set the generator of torch.cuda:0 was put elsewhere: it was set back to an earlier state",
        "flag torch.backends.cudnn.benchmark is True, and was False",
        "precision torch.backends.cuda.conv.fp32_precision is none, and was tf32",
        "backend torch.backends.cuda.flash_sdp_enabled is False, and was True",
    ]


def test_a_generator_that_was_up_before_is_where_one_that_comes_later_is(project: Project) -> None:
    drawn = "print(digest(torch.rand(1000, device='cuda')))"
    before = "import torch\ntorch.cuda.manual_seed_all(9)\ntorch.rand(7, device='cuda')\n"
    environ = {"CUBLAS_WORKSPACE_CONFIG": ":4096:8"}
    assert lines(project, before + GUARD + DIGEST + drawn, **environ) == lines(
        project, GUARD + DIGEST + drawn, **environ
    )


def test_a_run_goes_on_bit_for_bit(project: Project) -> None:
    """Dropout and noise of the GPU's generator, a loader with workers and pinned memory, and the state of a checkpoint."""
    code = f"""{GUARD}{DIGEST}
import sys
from torch.utils.data import DataLoader, TensorDataset
net = torch.nn.Sequential(torch.nn.Linear(8, 64), torch.nn.Dropout(0.5), torch.nn.Linear(64, 8)).cuda()
adam = torch.optim.AdamW(net.parameters())
data = TensorDataset(torch.arange(256.0).reshape(32, 8))
options = run.dataloader_kwargs("train")
loader = DataLoader(data, 8, num_workers=2, pin_memory=True, sampler=run.sampler(data), **options)
def epoch(number):
    run.set_epoch(number)
    for (batch,) in loader:
        adam.zero_grad()
        batch = batch.cuda()
        net(batch / 256 + torch.randn_like(batch)).square().mean().backward()
        adam.step()
if sys.argv[1:] == ["again"]:
    kept = torch.load("kept.pt", weights_only=True)
    net.load_state_dict(kept["net"])
    adam.load_state_dict(kept["adam"])
    run.load_state_dict(kept["run"])
else:
    epoch(0)
    torch.save({{"net": net.state_dict(), "adam": adam.state_dict(), "run": run.state_dict()}}, "kept.pt")
epoch(1)
print(digest(*net.parameters()))
"""
    whole = lines(project, code)
    done = project.python("train.py", "again")
    assert (done.returncode, done.stdout.splitlines()) == (0, whole), done.stderr


def test_compiled_code_repeats(project: Project) -> None:
    code = f"""{GUARD}{DIGEST}
layers = torch.nn.Linear(256, 512), torch.nn.GELU(), torch.nn.LayerNorm(512), torch.nn.Dropout(0.3), torch.nn.Linear(512, 64)
net = torch.nn.Sequential(*layers).cuda()
compiled, adam = torch.compile(net), torch.optim.AdamW(net.parameters(), fused=True)
batch = torch.randn(512, 256, device="cuda")
for _ in range(10):
    adam.zero_grad()
    compiled(batch).square().mean().backward()
    adam.step()
print(digest(*net.parameters()))
"""
    assert lines(project, code) == lines(project, code)


def test_a_block_that_may_differ_does_and_what_follows_does_not(project: Project) -> None:
    code = f"""{GUARD}{DIGEST}
places, values = torch.randint(0, 50, (200_000,), device="cuda"), torch.randn(200_000, device="cuda")
def seen():
    return len({{digest(torch.zeros(50, device="cuda").index_add_(0, places, values)) for _ in range(6)}})
print(seen())
with run.nondeterministic("to see it"):
    print(seen() > 1)
print(seen(), list(run.verify()))
"""
    assert lines(project, code) == ["1", "True", "1 []"]


def test_nccl_is_told_to_leave_nvls_out_behind_the_back_of_python(project: Project) -> None:
    code = f"""{GUARD}
import ctypes, os
import torch
import torch.distributed
os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT="0", RANK="0", WORLD_SIZE="1")
store = torch.distributed.HashStore()
torch.distributed.init_process_group("nccl", store=store, rank=0, world_size=1)
torch.distributed.all_reduce(torch.ones(4, device="cuda"))
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
print(getenv(b"NCCL_ALGO").decode(), os.environ.get("NCCL_ALGO"), list(run.verify()))
torch.distributed.destroy_process_group()
"""
    assert lines(project, code)[-1] == "^NVLS None []"


def test_jax_adds_up_in_one_order(project: Project) -> None:
    # Not asked here: a backend that is up keeps most of the GPU's memory.
    if importlib.util.find_spec("jax_cuda13_plugin") is None and importlib.util.find_spec("jax_cuda12_plugin") is None:
        pytest.skip("jax computes on the CPU here")
    code = """
import hashlib
import jax, jax.numpy as jnp, numpy as np
draw = np.random.default_rng(0)
places, values = jnp.asarray(draw.integers(0, 50, 200_000)), jnp.asarray(draw.standard_normal(200_000).astype("float32"))
add = jax.jit(lambda places, values: jnp.zeros(50).at[places].add(values))
print(len({hashlib.sha256(np.asarray(add(places, values)).tobytes()).hexdigest() for _ in range(8)}))
"""
    assert int(lines(project, code)[-1]) > 1
    assert lines(project, GUARD + code)[-1] == "1"
