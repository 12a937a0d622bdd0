"""The canaries of PyTorch on one device: what ATen dispatches by instruction set, and what MKL, oneDNN or CUDA's libraries do.

Backward passes are asked for by their own operators. The engine of autograd would count the GPUs when it first runs, on a CPU
tensor too, and a process that has asked the CUDA driver cannot be forked any more (``Engine::start_device_threads``).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_CPU_KINDS = ("float32", "float64", "bfloat16")
_GPU_KINDS = ("float32", "float64", "bfloat16", "float16")


class Torch:
    """Makes the canaries of the module *torch* on *device* from *numbers*; each is a function that returns tensors."""

    def __init__(self, torch: Any, numbers: bytearray, device: Any) -> None:
        self.torch = torch
        self.device = device
        self._aten = torch.ops.aten
        self._numbers = torch.frombuffer(numbers, dtype=torch.float32)
        if device.type != "cpu":
            self._numbers = self._numbers.to(device)

    def families(self) -> Iterator[tuple[str, Callable[[], list[Any]]]]:
        """Yield each canary as ``family.type`` and what computes it."""
        for kind in _CPU_KINDS if self.device.type == "cpu" else _GPU_KINDS:
            for family in (
                self._matmul,
                self._convolution,
                self._softmax,
                self._reduction,
                self._norm,
                self._exp,
                self._attention,
                self._linalg,
            ):
                name = family.__name__.lstrip("_")
                if (name, kind) not in _LEFT_OUT:
                    yield f"{name}.{kind}", lambda family=family, kind=kind: family(getattr(self.torch, kind))  # type: ignore[misc]
        yield "random.generator", self._random

    def _take(self, kind: Any, *shape: int, at: int = 0) -> Any:
        count = 1
        for size in shape:
            count *= size
        # A copy: the allocator gives it the address of a cache line, and a slice has any address.
        return self._numbers[at : at + count].to(kind, copy=True).reshape(shape)

    def _matmul(self, kind: Any) -> list[Any]:
        first, second = self._take(kind, 61, 160), self._take(kind, 160, 67, at=7777)
        gradient = self._take(kind, 61, 67, at=999)
        linear = self.torch.nn.functional.linear(first, self._take(kind, 48, 160, at=500), self._take(kind, 48, at=3))
        made = [first @ second, gradient @ second.T, linear]
        if kind in (self.torch.float32, self.torch.float64):
            # The other backward product, and a sum that is long enough to be shared among threads.
            made += [first.T @ gradient, self._take(kind, 3, 6000) @ self._take(kind, 6000, 5, at=11)]
        return made

    def _convolution(self, kind: Any) -> list[Any]:
        # As many channels as oneDNN's blocks have.
        image, weight = self._take(kind, 1, 16, 11, 11), self._take(kind, 16, 16, 3, 3, at=5)
        out = self.torch.conv2d(image, weight, padding=1)
        gradient = self._take(kind, 1, 16, 11, 11, at=11)
        back = self._aten.convolution_backward(
            gradient, image, weight, [16], [1, 1], [1, 1], [1, 1], False, [0, 0], 1, [True, True, True]
        )
        return [out, *back]

    def _softmax(self, kind: Any) -> list[Any]:
        values = self._take(kind, 23, 203) * 8
        gradient = self._take(kind, 23, 203, at=100)
        out, log = self.torch.softmax(values, -1), self.torch.log_softmax(values, -1)
        return [
            out,
            log,
            self._aten._softmax_backward_data(gradient, out, -1, kind),  # noqa: SLF001 - the operator's name
            self._aten._log_softmax_backward_data(gradient, log, -1, kind),  # noqa: SLF001 - likewise
        ]

    def _reduction(self, kind: Any) -> list[Any]:
        # More than ATen's grain of 32768 elements: the sum is shared among threads.
        line, table = self._take(kind, 40001), self._take(kind, 101, 211)
        return [
            line.sum(),
            line.mean(),
            line.var(),
            self.torch.logsumexp(line, 0),
            table.sum(0),
            table.sum(1),
            line[:5000].cumsum(0)[-64:],
        ]

    def _norm(self, kind: Any) -> list[Any]:
        values, weight = self._take(kind, 48, 128), self._take(kind, 128, at=9)
        shift, gradient = self._take(kind, 128, at=77), self._take(kind, 48, 128, at=100)
        layer, mean, scale = self._aten.native_layer_norm(values, [128], weight, shift, 1e-5)
        back = self._aten.native_layer_norm_backward(
            gradient, values, [128], mean, scale, weight, shift, [True, True, True]
        )
        images = values.reshape(3, 16, 128)
        functional = self.torch.nn.functional
        return [
            layer,
            *back,
            functional.batch_norm(images, None, None, training=True),
            functional.group_norm(images, 4),
            self._take(kind, 40001).norm(),
        ]

    def _exp(self, kind: Any) -> list[Any]:
        torch = self.torch
        values = self._take(kind, 1031) * 6
        above = values.abs() + 1
        functional = torch.nn.functional
        functions = (torch.exp, torch.tanh, torch.sigmoid, torch.erf, torch.sin, functional.gelu, functional.silu)
        gradient = self._aten.gelu_backward(self._take(kind, 1031, at=5), values)
        return [*(function(values) for function in functions), torch.log(above), torch.pow(above, 1.3), gradient]

    def _attention(self, kind: Any) -> list[Any]:
        query, key, value = (self._take(kind, 2, 2, 20, 32, at=at) for at in (0, 10000, 20000))
        gradient = self._take(kind, 2, 2, 20, 32, at=50)
        if self.device.type == "cpu":
            forward = self._aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001 - the operator's name
            backward = self._aten._scaled_dot_product_flash_attention_for_cpu_backward  # noqa: SLF001 - likewise
            out, sums = forward(query, key, value, 0.0, True)
            return [out, *backward(gradient, query, key, value, out, sums, 0.0, True)]
        return [self.torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)]

    def _linalg(self, kind: Any) -> list[Any]:
        torch, linalg = self.torch, self.torch.linalg
        square = self._take(kind, 24, 24) + 4 * torch.eye(24, dtype=kind, device=self.device)
        return [
            linalg.solve(square, self._take(kind, 24, 3, at=5)),
            linalg.svdvals(square),
            linalg.cholesky(square @ square.T),
            linalg.qr(square)[1],
        ]

    def _random(self) -> list[Any]:
        torch = self.torch
        generator = torch.Generator(device=self.device)
        generator.manual_seed(5)
        more = {"generator": generator, "device": self.device}

        def empty(count: int) -> Any:
            return torch.empty(count, dtype=torch.float32, device=self.device)

        return [
            torch.rand(67, dtype=torch.float32, **more),
            torch.rand(67, dtype=torch.float64, **more),
            # Fewer than 16 are drawn one by one, more by vectors.
            torch.randn(7, dtype=torch.float32, **more),
            torch.randn(131, dtype=torch.float32, **more),
            torch.randn(131, dtype=torch.float64, **more),
            torch.randperm(100, dtype=torch.int64, **more),
            torch.randint(0, 1000, (53,), dtype=torch.int64, **more),
            torch.bernoulli(empty(99).fill_(0.3), generator=generator),
            empty(64).exponential_(generator=generator),
            torch.multinomial(self._take(torch.float32, 32).abs(), 8, generator=generator),
        ]


# LAPACK knows no half precision, and what sums of it would show the others show.
_LEFT_OUT = {("linalg", "bfloat16"), ("linalg", "float16"), ("exp", "float16")}
