"""The canaries of NumPy: its own vectorised loops, the BLAS and LAPACK that it brings, and its generators."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

_LINE = 64


class Numpy:
    """Makes the canaries of the module *numpy* from *numbers*; each is a function that returns arrays."""

    def __init__(self, numpy: Any, numbers: bytearray) -> None:
        self.numpy = numpy
        self._numbers = numpy.frombuffer(numbers, dtype="<f4")

    def families(self) -> Iterator[tuple[str, Callable[[], list[Any]]]]:
        """Yield each canary as ``family.type`` and what computes it."""
        for kind in ("float32", "float64"):
            for family in (
                self._matmul,
                self._convolution,
                self._softmax,
                self._reduction,
                self._norm,
                self._exp,
                self._linalg,
            ):
                name = family.__name__.lstrip("_")
                yield f"{name}.{kind}", lambda family=family, kind=kind: family(kind)  # type: ignore[misc]
        yield "random.generator", self._generators
        yield "random.legacy", self._legacy
        yield "random.linalg", self._multivariate

    def _take(self, kind: str, *shape: int, at: int = 0) -> Any:
        """Return inputs from the number *at* on, on the address of a cache line: some kernels go by it."""
        numpy = self.numpy
        count = 1
        for size in shape:
            count *= size
        width = numpy.dtype(kind).itemsize
        room = numpy.empty(count * width + _LINE, dtype="u1")
        start = -room.ctypes.data % _LINE
        made = room[start : start + count * width].view(kind)
        made[:] = self._numbers[at : at + count]
        return made.reshape(shape)

    def _matmul(self, kind: str) -> list[Any]:
        take = self._take
        # The second one is long where a sum can be shared among threads, the third one multiplies by a vector.
        return [
            take(kind, 61, 160) @ take(kind, 160, 67, at=77),
            take(kind, 5, 6000) @ take(kind, 6000, 3, at=5),
            take(kind, 200, 150) @ take(kind, 150, at=9),
        ]

    def _convolution(self, kind: str) -> list[Any]:
        numpy, take = self.numpy, self._take
        return [
            numpy.convolve(take(kind, 2001), take(kind, 31, at=3)),
            numpy.correlate(take(kind, 501), take(kind, 33)),
        ]

    def _softmax(self, kind: str) -> list[Any]:
        numpy = self.numpy
        values = self._take(kind, 23, 103) * 8
        powers = numpy.exp(values - values.max(-1, keepdims=True))
        return [powers / powers.sum(-1, keepdims=True)]

    def _reduction(self, kind: str) -> list[Any]:
        numpy = self.numpy
        line, table = self._take(kind, 40001), self._take(kind, 101, 211)
        pairs = numpy.einsum("ij,ij->i", table, self._take(kind, 101, 211, at=9))
        return [
            line.sum(),
            line.mean(),
            line[:7001].var(),
            table.sum(0),
            table.sum(1),
            line[:5000].cumsum()[-64:],
            pairs,
        ]

    def _norm(self, kind: str) -> list[Any]:
        # The dot product of this length is shared among the threads of OpenBLAS.
        line, other = self._take(kind, 20001), self._take(kind, 20001, at=3)
        return [self.numpy.linalg.norm(line), self.numpy.dot(line, other)]

    def _exp(self, kind: str) -> list[Any]:
        numpy = self.numpy
        values = self._take(kind, 1031) * 6
        above = numpy.abs(values) + 1
        functions = (numpy.exp, numpy.sin, numpy.cos, numpy.tanh, numpy.arctan, numpy.cbrt, numpy.expm1)
        return [
            *(function(values) for function in functions),
            numpy.log(above),
            numpy.power(above, above.dtype.type(1.3)),
        ]

    def _linalg(self, kind: str) -> list[Any]:
        numpy = self.numpy
        square = self._take(kind, 24, 24) + 4 * numpy.eye(24, dtype=kind)
        linalg = numpy.linalg
        return [
            linalg.solve(square, self._take(kind, 24, 3, at=5)),
            linalg.svd(square)[1],
            linalg.cholesky(square @ square.T),
            linalg.eigvalsh(square + square.T),
        ]

    def _generators(self) -> list[Any]:
        random = self.numpy.random
        drawn = []
        for bits in (random.PCG64(5), random.PCG64DXSM(5), random.Philox(5), random.MT19937(5), random.SFC64(5)):
            generator = random.Generator(bits)
            drawn += [
                generator.random(33),
                generator.random(33, dtype="f4"),
                generator.standard_normal(65),
                generator.integers(0, 1000, 33),
                generator.permutation(50),
                generator.exponential(size=33),
                generator.standard_gamma(1.5, size=33),
            ]
        return drawn

    def _legacy(self) -> list[Any]:
        state = self.numpy.random.RandomState(5)
        return [
            state.random_sample(33),
            state.standard_normal(65),
            state.randint(0, 1000, 33),
            state.permutation(50),
            state.gamma(1.5, size=33),
        ]

    def _multivariate(self) -> list[Any]:
        numpy = self.numpy
        square = self._take("float64", 12, 12)
        arguments = (numpy.zeros(12), square @ square.T + numpy.eye(12))
        generator = numpy.random.Generator(numpy.random.PCG64(5))
        return [
            generator.multivariate_normal(*arguments, size=3),
            numpy.random.RandomState(5).multivariate_normal(*arguments, size=3),
        ]
