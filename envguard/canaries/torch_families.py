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

    def _whole(self, kind: Any) -> bool:
        """Return whether every computation has *kind*, backward too, and in sizes of which threads share a sum.

        On the CPU that is float32 alone; the others have there what is dispatched apart for them. Each call that threads share waits
        for the last of them, milliseconds where somebody else has its processor, and for half precision oneDNN
        compiles every computation (0.5 ms and more). So what has the same bits however it is shared is small enough for one thread.
        """
        return self.device.type != "cpu" or kind is self.torch.float32

    def _matmul(self, kind: Any) -> list[Any]:
        take, linear, whole = self._take, self.torch.nn.functional.linear, self._whole(kind)
        half = kind not in (self.torch.float32, self.torch.float64)
        rows, columns = (61, 67) if half or whole else (21, 27)
        first, second = take(kind, rows, 160), take(kind, 160, columns, at=7777)
        made = [first @ second]
        if half:
            made.append(linear(first, take(kind, 48, 160, at=500), take(kind, 48, at=3)))
            if whole:
                made.append(take(kind, rows, columns, at=999) @ second.T)
            return made
        first, gradient = first[:21], take(kind, 21, 27, at=999)
        made += [
            linear(first, take(kind, 27, 160, at=500), take(kind, 27, at=3)),
            # Both backward products, and a long sum.
            gradient @ second[:, :27].T,
            first.T @ gradient,
            take(kind, 3, 6000) @ take(kind, 6000, 5, at=11),
        ]
        return made

    def _convolution(self, kind: Any) -> list[Any]:
        # As many channels as oneDNN's blocks have; an image, or one line of it.
        height, kernel = (5, 3) if self._whole(kind) else (1, 1)
        image, weight = self._take(kind, 1, 16, height, 11), self._take(kind, 16, 16, kernel, 3, at=5)
        padding = [kernel // 2, 1]
        out = self.torch.conv2d(image, weight, padding=padding)
        if kind is self.torch.float64 and not self._whole(kind):
            return [out]
        # Of oneDNN's convolutions the instruction sets show in the backward ones of half precision.
        gradient = self._take(kind, 1, 16, height, 11, at=11)
        back = self._aten.convolution_backward(
            gradient, image, weight, [16], [1, 1], padding, [1, 1], False, [0, 0], 1, [True, True, True]
        )
        return [out, *back]

    def _softmax(self, kind: Any) -> list[Any]:
        rows = self._take(kind, 23 if self._whole(kind) else 1, 203) * 8
        gradient = self._take(kind, 1, 203, at=100)
        out, log = self.torch.softmax(rows, -1), self.torch.log_softmax(rows, -1)
        return [
            out,
            log,
            self._aten._softmax_backward_data(gradient, out[:1], -1, kind),  # noqa: SLF001 - the operator's name
            self._aten._log_softmax_backward_data(gradient, log[:1], -1, kind),  # noqa: SLF001 - likewise
        ]

    def _reduction(self, kind: Any) -> list[Any]:
        # More than ATen's grain of 32768 elements: the sum is shared among threads.
        line, table = self._take(kind, 40001 if self._whole(kind) else 20001), self._take(kind, 101, 211)
        short = line[:20001]
        made = [line.sum(), short.mean(), short.var(), table.sum(0), table.sum(1), line[:5000].cumsum(0)[-64:]]
        if self._whole(kind):
            made.append(self.torch.logsumexp(short, 0))
        return made

    def _norm(self, kind: Any) -> list[Any]:
        whole = self._whole(kind)
        values, weight = self._take(kind, 48 if whole else 1, 128), self._take(kind, 128, at=9)
        shift, images = self._take(kind, 128, at=77), self._take(kind, 3, 128, at=55)
        layer, mean, scale = self._aten.native_layer_norm(values, [128], weight, shift, 1e-5)
        functional = self.torch.nn.functional
        made = [
            layer,
            functional.group_norm(images.reshape(1, 3, 128), 1),
            self._take(kind, 40001 if whole else 20001).norm(),
        ]
        if whole:
            made.append(functional.batch_norm(images.reshape(3, 1, 128), None, None, training=True))
            made += self._aten.native_layer_norm_backward(
                self._take(kind, 48, 128, at=100), values, [128], mean, scale, weight, shift, [True, True, True]
            )
        return made

    def _exp(self, kind: Any) -> list[Any]:
        torch = self.torch
        values = self._take(kind, 1031) * 6
        above = values.abs() + 1
        functional = torch.nn.functional
        functions = (torch.exp, torch.tanh, torch.sigmoid, torch.erf, torch.sin, functional.gelu, functional.silu)
        made = [*(function(values) for function in functions), torch.log(above), torch.pow(above, 1.3)]
        if self._whole(kind):
            made.append(self._aten.gelu_backward(self._take(kind, 1031, at=5), values))
        return made

    def _attention(self, kind: Any) -> list[Any]:
        query, key, value = (self._take(kind, 1, 1, 20, 32, at=at) for at in (0, 10000, 20000))
        if self.device.type == "cpu":
            forward = self._aten._scaled_dot_product_flash_attention_for_cpu  # noqa: SLF001 - the operator's name
            backward = self._aten._scaled_dot_product_flash_attention_for_cpu_backward  # noqa: SLF001 - likewise
            out, sums = forward(query, key, value, 0.0, True)
            if not self._whole(kind):
                return [out]
            gradient = self._take(kind, 1, 1, 20, 32, at=50)
            return [out, *backward(gradient, query, key, value, out, sums, 0.0, True)]
        return [self.torch.nn.functional.scaled_dot_product_attention(query, key, value, is_causal=True)]

    def _linalg(self, kind: Any) -> list[Any]:
        torch, linalg = self.torch, self.torch.linalg
        square = self._take(kind, 24, 24) + 4 * torch.eye(24, dtype=kind, device=self.device)
        made = [
            linalg.solve(square, self._take(kind, 24, 3, at=5)),
            linalg.svdvals(square),
            torch.geqrf(square)[0],
        ]
        if self._whole(kind):
            made.append(linalg.cholesky(square @ square.T))
        return made

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
