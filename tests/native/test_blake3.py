"""Both hashers against the official test vectors, and against each other."""

from __future__ import annotations

import array
import threading
from typing import TYPE_CHECKING, Any

import blake3 as package
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envguard import _native

if TYPE_CHECKING:
    from collections.abc import Callable

# The official vectors (BLAKE3 1.0, test_vectors.json): the first 32 bytes of the hash of 0, 1, ..., 250, 0, 1, ... by length.
VECTORS = {
    0: "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262",
    1: "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213",
    2: "7b7015bb92cf0b318037702a6cdd81dee41224f734684c2c122cd6359cb1ee63",
    3: "e1be4d7a8ab5560aa4199eea339849ba8e293d55ca0a81006726d184519e647f",
    4: "f30f5ab28fe047904037f77b6da4fea1e27241c5d132638d8bedce9d40494f32",
    5: "b40b44dfd97e7a84a996a91af8b85188c66c126940ba7aad2e7ae6b385402aa2",
    6: "06c4e8ffb6872fad96f9aaca5eee1553eb62aed0ad7198cef42e87f6a616c844",
    7: "3f8770f387faad08faa9d8414e9f449ac68e6ff0417f673f602a646a891419fe",
    8: "2351207d04fc16ade43ccab08600939c7c1fa70a5c0aaca76063d04c3228eaeb",
    63: "e9bc37a594daad83be9470df7f7b3798297c3d834ce80ba85d6e207627b7db7b",
    64: "4eed7141ea4a5cd4b788606bd23f46e212af9cacebacdc7d1f4c6dc7f2511b98",
    65: "de1e5fa0be70df6d2be8fffd0e99ceaa8eb6e8c93a63f2d8d1c30ecb6b263dee",
    127: "d81293fda863f008c09e92fc382a81f5a0b4a1251cba1634016a0f86a6bd640d",
    128: "f17e570564b26578c33bb7f44643f539624b05df1a76c81f30acd548c44b45ef",
    129: "683aaae9f3c5ba37eaaf072aed0f9e30bac0865137bae68b1fde4ca2aebdcb12",
    1023: "10108970eeda3eb932baac1428c7a2163b0e924c9a9e25b35bba72b28f70bd11",
    1024: "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7",
    1025: "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444",
    2048: "e776b6028c7cd22a4d0ba182a8bf62205d2ef576467e838ed6f2529b85fba24a",
    2049: "5f4d72f40d7a5f82b15ca2b2e44b1de3c2ef86c426c95c1af0b6879522563030",
    3072: "b98cb0ff3623be03326b373de6b9095218513e64f1ee2edd2525c7ad1e5cffd2",
    3073: "7124b49501012f81cc7f11ca069ec9226cecb8a2c850cfe644e327d22d3e1cd3",
    4096: "015094013f57a5277b59d8475c0501042c0b642e531b0a1c8f58d2163229e969",
    4097: "9b4052b38f1c5fc8b1f9ff7ac7b27cd242487b3d890d15c96a1c25b8aa0fb995",
    5120: "9cadc15fed8b5d854562b26a9536d9707cadeda9b143978f319ab34230535833",
    5121: "628bd2cb2004694adaab7bbd778a25df25c47b9d4155a55f8fbd79f2fe154cff",
    6144: "3e2e5b74e048f3add6d21faab3f83aa44d3b2278afb83b80b3c35164ebeca205",
    6145: "f1323a8631446cc50536a9f705ee5cb619424d46887f3c376c695b70e0f0507f",
    7168: "61da957ec2499a95d6b8023e2b0e604ec7f6b50e80a9678b89d2628e99ada77a",
    7169: "a003fc7a51754a9b3c7fae0367ab3d782dccf28855a03d435f8cfe74605e7817",
    8192: "aae792484c8efe4f19e2ca7d371d8c467ffb10748d8a5a1ae579948f718a2a63",
    8193: "bab6c09cb8ce8cf459261398d2e7aef35700bf488116ceb94a36d0f5f1b7bc3b",
    16384: "f875d6646de28985646f34ee13be9a576fd515f76b5b0a26bb324735041ddde4",
    31744: "62b6960e1a44bcc1eb1a611a8d6235b6b4b78f32e7abc4fb4c6cdcce94895c47",
    102400: "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085",
}

HASHERS = {"package": _native._package_blake3()}
if not isinstance(_native._core, ImportError):
    HASHERS["core"] = _native._core_blake3(_native._core)


def cycle(length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 1))[:length]


@pytest.fixture(params=HASHERS)
def blake3(request: pytest.FixtureRequest) -> Callable[[Any], bytes]:
    return HASHERS[request.param]


@pytest.mark.parametrize("length", VECTORS)
def test_the_official_vectors(blake3: Callable[[Any], bytes], length: int) -> None:
    assert blake3(cycle(length)).hex() == VECTORS[length]


def test_the_environment_of_the_tests_has_the_core() -> None:
    """Where the core cannot be built everything works without it; where it is tested it must be there."""
    assert set(HASHERS) == {"package", "core"}
    assert _native.backend().name == "C core"


def boundaries() -> list[int]:
    near = [64, 128, 1024, 2048, 3072, 4096, 8192, 16384, 31 * 1024, 32 * 1024, 33 * 1024, 65536]
    return sorted({length + step for length in near for step in (-1, 0, 1)} | set(range(200)))


def test_lengths_around_every_block_chunk_and_subtree(blake3: Callable[[Any], bytes]) -> None:
    for length in boundaries():
        data = cycle(length)
        assert blake3(data) == package.blake3(data).digest(), length


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=20_000))
def test_any_bytes(data: bytes) -> None:
    for name, hasher in HASHERS.items():
        assert hasher(data) == package.blake3(data).digest(), name


@pytest.mark.slow
def test_a_large_input(blake3: Callable[[Any], bytes]) -> None:
    data = cycle(64 * 1024 * 1024 + 13)
    assert blake3(data) == package.blake3(data).digest()


def test_every_contiguous_buffer_is_taken_as_its_bytes(blake3: Callable[[Any], bytes]) -> None:
    data = cycle(4096)
    wanted = blake3(data)
    matrix = np.frombuffer(data, dtype="<f4").reshape(32, 32)
    for buffer in (bytearray(data), memoryview(data), array.array("B", data), np.frombuffer(data, "u1"), matrix):
        assert blake3(buffer) == wanted, type(buffer)
    assert blake3(memoryview(data)[17:]) == package.blake3(data[17:]).digest()


def test_a_buffer_with_holes_is_refused(blake3: Callable[[Any], bytes]) -> None:
    for buffer in (memoryview(bytes(100))[::2], np.zeros((8, 8))[:, 1]):
        with pytest.raises(BufferError, match="only contiguous buffers can be hashed"):
            blake3(buffer)


@pytest.mark.parametrize("thing", ["text", 7, None, [1, 2]])
def test_what_is_no_buffer_is_refused(blake3: Callable[[Any], bytes], thing: object) -> None:
    with pytest.raises(TypeError):
        blake3(thing)


def test_the_empty_input_of_every_kind(blake3: Callable[[Any], bytes]) -> None:
    for buffer in (b"", bytearray(), memoryview(b""), np.zeros(0)):
        assert blake3(buffer).hex() == VECTORS[0]


def test_threads_do_not_disturb_one_another(blake3: Callable[[Any], bytes]) -> None:
    inputs = [bytes([number]) * 300_000 for number in range(8)]
    found: dict[int, bytes] = {}

    def work(number: int) -> None:
        found[number] = blake3(inputs[number])

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: package.blake3(data).digest() for number, data in enumerate(inputs)}


def test_the_hexdigest_is_the_hash_in_lower_case() -> None:
    assert _native.hexdigest(b"") == VECTORS[0]


def test_without_the_core_it_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_native, "_core", ImportError("cannot import name '_core' from 'envguard._native'"))
    backend = _native.backend()
    assert str(backend) == "blake3 package (the slow one; the C core was not built)"
    monkeypatch.setattr(_native, "_core", ImportError("libc.so.9: version not found"))
    assert str(_native.backend()) == "blake3 package (the slow one; the C core: libc.so.9: version not found)"


def test_the_features_are_those_that_the_kernel_lists() -> None:
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        flags = next((line.split(":")[1].split() for line in file if line.startswith("flags")), None)
    names = {"sse41": "sse4_1", "sha": "sha_ni"}
    if flags is not None:
        x86 = {"sse2", "ssse3", "sse41", "avx", "avx2", "avx512f", "avx512vl", "sha"}
        assert set(_native.backend().features) == {name for name in x86 if names.get(name, name) in flags}
