"""Numeric libraries: what the metadata says, what the file is, and where the two part."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import blake3
import pytest

from envguard.errors import UnreadableError
from envguard.machine.conflicts import conflicts
from envguard.machine.elf import build_of
from envguard.machine.libraries import FAMILIES, LIBRARIES, MOST_DIGESTED, find_libraries, library_of
from envguard.machine.model import Conflict, Disagreement
from envguard.machine.wheels import recorded_sizes, wheels
from envguard.model import Fact
from envguard.reader import Reader
from tests.machine.told import reason


class Site:
    """A folder of packages that wheels are put into."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)

    def wheel(self, name: str, version: str, files: dict[str, bytes], *, write: bool = True) -> None:
        """Install a wheel; without *write* its files are not there."""
        rows = ""
        for path, data in files.items():
            if write:
                (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
                (self.folder / path).write_bytes(data)
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
            rows += f"{path},sha256={digest},{len(data)}\n"
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "RECORD").write_text(f"{rows}{info.name}/RECORD,,\n")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path.resolve() / "site-packages")


def facts_of(*sites: Site, search_path: tuple[str, ...] = (), prefix: str = "/nowhere") -> dict[str, Fact]:
    found = find_libraries(Reader(), [str(item.folder) for item in sites], prefix, search_path)
    return {name: found.fact(name) for name in LIBRARIES}


def disagreements(
    *sites: Site,
    search_path: tuple[str, ...] = (),
    facts: dict[str, Fact] | None = None,
    loaded: dict[str, str] | None = None,
) -> list[Disagreement]:
    reader, folders = Reader(), [str(item.folder) for item in sites]
    found = find_libraries(reader, folders, "/nowhere", search_path)
    return list(conflicts(reader, found, facts or {}, folders, search_path, loaded or {}))


def digest(data: bytes) -> str:
    return f"blake3:{blake3.blake3(data).hexdigest()[:32]}"


NCCL = "nvidia/nccl/lib/libnccl.so.2"


def test_a_library_is_its_wheel_and_its_file(site: Site) -> None:
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    assert facts_of(site)["nccl"] == f"nvidia-nccl-cu12 2.27.3; libnccl.so.2 {digest(b'nccl')}"
    assert disagreements(site) == []


def test_many_files_of_one_library_are_one_digest(site: Site) -> None:
    files = {f"nvidia/cudnn/lib/libcudnn{part}.so.9": part.encode() for part in ("", "_ops", "_cnn")}
    site.wheel("nvidia-cudnn-cu13", "9.13.0.50", files)
    before = facts_of(site)["cudnn"]
    assert re.fullmatch(r"nvidia-cudnn-cu13 9\.13\.0\.50; 3 files blake3:[0-9a-f]{32}", str(before))
    (site.folder / "nvidia/cudnn/lib/libcudnn_ops.so.9").write_bytes(b"patched")
    assert facts_of(site)["cudnn"] != before


def test_a_file_that_no_wheel_knows_is_told_all_the_same(site: Site) -> None:
    (site.folder / "torch/lib").mkdir(parents=True)
    (site.folder / "torch/lib/libcudnn.so.9").write_bytes(b"bundled")
    assert facts_of(site)["cudnn"] == f"libcudnn.so.9 {digest(b'bundled')}"


def test_a_wheel_without_its_files_is_told_and_is_a_conflict(site: Site) -> None:
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"}, write=False)
    assert facts_of(site)["nccl"] == "nvidia-nccl-cu12 2.27.3"
    (found,) = disagreements(site)
    assert found.message == f"{site.folder}/{NCCL} is not the file that nvidia-nccl-cu12 2.27.3 installed"
    assert (found.kind, found.library, found.expected, found.found) == (Conflict.FILE, "nccl", "4 bytes", "nothing")


def test_layouts_of_cuda_13_torch_triton_and_repaired_wheels(site: Site) -> None:
    paths = {
        "cublas": "nvidia/cu13/lib/libcublas.so.13",
        "cudart": "nvidia/cu13/lib/libcudart.so.13",
        "cufft": "nvidia/cufft/lib/libcufft.so.11",
        "cusparse": "nvidia/cusparse/lib/libcusparse.so.12",
        "nvrtc": "nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
        "triton": "triton/_C/libtriton.so",
        "openblas": "numpy.libs/libscipy_openblas64_-32a4b2a6.so",
        "openmp": "torch/lib/libgomp-a34b3233.so.1",
        "onednn": "torch/lib/libdnnl.so.3",
    }
    for path in paths.values():
        (site.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (site.folder / path).write_bytes(path.encode())
    facts = facts_of(site)
    for name, path in paths.items():
        assert facts[name] == f"{os.path.basename(path)} {digest(path.encode())}", name
    assert {name for name, fact in facts.items() if fact == "none"} == set(LIBRARIES) - set(paths)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("libcudnn.so.9", "cudnn"),
        ("libcudnn_engines_precompiled.so.9.1.0", "cudnn"),
        ("libcublasLt.so.12", "cublas"),
        ("libcusolverMg.so.11", "cusolver"),
        ("libcusparseLt.so.0", None),
        ("libnvrtc-builtins.so.12.8", "nvrtc"),
        ("libmkl_rt.so.2", "mkl"),
        ("libopenblasp-r0-f650aae0.3.3.so", None),
        ("libopenblas.so.0", "openblas"),
        ("libopenblas64_p-r0-0cf96a72.3.23.dev.so", None),
        ("libgomp.so.1", "openmp"),
        ("libgomp-24e2ab19.so.1.0.0", "openmp"),
        ("libiomp5.so", "openmp"),
        ("libompitrace.so", None),
        ("libcudart.so.12.8.90", "cudart"),
        ("libtorch_cuda.so", None),
        ("libcudart_static.a", None),
        ("libnccl-net.so", None),
    ],
)
def test_names_of_files(file: str, name: str | None) -> None:
    assert library_of(file) == name


def test_names_of_wheels() -> None:
    entries = [
        "nvidia_nccl_cu12-2.27.3.dist-info",
        "nvidia_cublas-13.0.2.14.dist-info",
        "nvidia_cublas_cu12-12.8.4.1.dist-info",
        "pytorch_triton_rocm-3.4.0.dist-info",
        "numpy-2.4.6.dist-info",
        "nvidia",
        "~vidia_nccl_cu12-2.27.3.dist-info",
    ]
    found = [(wheel.name, wheel.version, wheel.family) for wheel in wheels({"/site": entries}, FAMILIES)]
    assert found == [
        ("nvidia-nccl-cu12", "2.27.3", "nvidia-nccl"),
        ("nvidia-cublas", "13.0.2.14", "nvidia-cublas"),
        ("nvidia-cublas-cu12", "12.8.4.1", "nvidia-cublas"),
        ("pytorch-triton-rocm", "3.4.0", "pytorch-triton-rocm"),
    ]


def test_two_wheels_that_write_one_file(site: Site) -> None:
    """marin issue 7344: metadata said the newer version while the older library was on the disk."""
    site.wheel("nvidia-nccl-cu13", "2.30.7", {NCCL: b"the newer one"})
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"the older"})
    (found,) = disagreements(site)
    assert found.message == f"nvidia-nccl-cu12 2.27.3 and nvidia-nccl-cu13 2.30.7 both install {site.folder}/{NCCL}"
    assert found.expected == "one of them, or 9 bytes or 13 bytes"
    assert found.found == "9 bytes, as nvidia-nccl-cu12 2.27.3 wrote it"
    assert found.wheels == ("nvidia-nccl-cu12", "nvidia-nccl-cu13")
    (site.folder / NCCL).write_bytes(b"neither")
    (found,) = disagreements(site)
    assert found.found == "7 bytes, whose that is cannot be told"


def test_a_file_that_somebody_replaced(site: Site) -> None:
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    (site.folder / NCCL).write_bytes(b"my own build")
    (found,) = disagreements(site)
    assert (found.expected, found.found, found.wheels) == ("4 bytes", "12 bytes", ("nvidia-nccl-cu12",))


@pytest.mark.parametrize(
    "record", ["", "\0", 'a,"b', "a,b\n", f"{NCCL},sha256=x,99999999999999999999999\n", f"{NCCL},,\n"]
)
def test_a_record_that_tells_nothing_is_no_conflict(site: Site, record: str) -> None:
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    (site.folder / "nvidia_nccl_cu12-2.27.3.dist-info/RECORD").write_text(record)
    assert disagreements(site) == []
    (wheel,) = wheels({str(site.folder): os.listdir(site.folder)}, FAMILIES)
    assert recorded_sizes(Reader(), wheel) == {}


def test_a_record_cannot_climb_out_to_be_read(site: Site, tmp_path: Path) -> None:
    """Only the size of what is there is looked at, and only of names of libraries."""
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    (tmp_path / "libnccl.so.2").write_bytes(b"12345")
    row = "../libnccl.so.2,sha256=x,5\n../../etc/passwd.so,sha256=x,1\n"
    (site.folder / "nvidia_nccl_cu12-2.27.3.dist-info/RECORD").write_text(row)
    assert disagreements(site) == []


def test_a_copy_on_the_path_of_the_loader_can_shadow(site: Site, tmp_path: Path) -> None:
    own = site.folder / "nvidia/cudnn/lib/libcudnn.so.9"
    site.wheel("nvidia-cudnn-cu12", "9.10.2.21", {"nvidia/cudnn/lib/libcudnn.so.9": b"the wheel's"})
    other = tmp_path.resolve() / "cuda"
    other.mkdir()
    (other / "libcudnn.so.9").write_bytes(b"the system's")
    (other / "libcurand.so.10").write_bytes(b"nobody brings one")
    (found,) = disagreements(site, search_path=(str(other),))
    assert found.message == f"{other}/libcudnn.so.9 on LD_LIBRARY_PATH can be loaded in the place of {own}"
    assert (found.kind, found.expected, found.found) == (Conflict.SHADOW, str(own), f"{other}/libcudnn.so.9")
    assert not found.loaded
    # A link to the wheel's own file is no other copy.
    (other / "libcudnn.so.9").unlink()
    (other / "libcudnn.so.9").symlink_to(own)
    assert disagreements(site, search_path=(str(other),)) == []


def test_what_is_loaded_proves_it(site: Site, tmp_path: Path) -> None:
    own = str(site.folder / "nvidia/cudnn/lib/libcudnn.so.9")
    site.wheel("nvidia-cudnn-cu12", "9.10.2.21", {"nvidia/cudnn/lib/libcudnn.so.9": b"the wheel's"})
    other = tmp_path.resolve() / "cuda"
    other.mkdir()
    (other / "libcudnn.so.9").write_bytes(b"the system's")
    foreign = str(other / "libcudnn.so.9")
    (found,) = disagreements(site, search_path=(str(other),), loaded={foreign: "9.1.0"})
    assert found.message == f"{foreign} is loaded, and not {own}"
    assert found.loaded
    assert disagreements(site, loaded={own: "9.10.2"}) == []
    assert disagreements(site, loaded={own: ""}) == []
    (found,) = disagreements(site, loaded={own: "9.1.0"})
    assert found.message == f"{own} is loaded and calls itself 9.1.0, nvidia-cudnn-cu12 9.10.2.21 is installed"
    assert disagreements(site, loaded={"/usr/lib/libgomp.so.1": "", "/usr/lib/libc.so.6": ""}) == []


def test_two_torches_on_the_path(tmp_path: Path) -> None:
    sites = [Site(tmp_path.resolve() / name) for name in ("first", "second", "third")]
    for item in sites[:2]:
        (item.folder / "torch").mkdir()
        (item.folder / "torch/__init__.py").touch()
    (found,) = disagreements(*sites)
    first, second = (item.folder / "torch" for item in sites[:2])
    assert found.message == f"torch is on the path twice: {first} comes before {second}"
    assert (found.kind, found.library) == (Conflict.SHADOW, "torch")
    assert disagreements(sites[0], sites[2]) == disagreements(sites[2]) == []


@pytest.mark.parametrize(
    ("built", "version", "differs"),
    [
        ("12.8", "12.8.90", False),
        ("12.8", "12.9.79", True),
        ("13.0", "12.8.90", True),
        ("none", "12.8.90", False),
        ("12.1", "12.1.105", False),
    ],
)
def test_a_torch_that_was_built_for_another_cuda(site: Site, built: str, version: str, differs: bool) -> None:
    site.wheel("nvidia-cuda-runtime-cu12", version, {"nvidia/cuda_runtime/lib/libcudart.so.12": b"x"})
    found = disagreements(site, facts={"torch.cuda": built})
    messages = [f"torch was built with CUDA {built}, and nvidia-cuda-runtime-cu12 {version} is installed"] * differs
    assert [item.message for item in found] == messages
    assert all(item.kind is Conflict.BUILD for item in found)


def test_what_the_environment_lacks_is_looked_for_where_the_loader_looks(site: Site, tmp_path: Path) -> None:
    modules = tmp_path.resolve() / "modules"
    modules.mkdir()
    for file in ("libcudnn.so.9", "libnccl.so.2", "libgomp.so.1"):
        (modules / file).write_bytes(b"system")
    assert facts_of(site, search_path=(str(modules),))["cudnn"] == "none", "nobody here would load it"
    (site.folder / "torch").mkdir()
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    facts = facts_of(site, search_path=(str(modules),))
    assert facts["cudnn"] == f"libcudnn.so.9 {digest(b'system')}"
    assert facts["nccl"] == f"nvidia-nccl-cu12 2.27.3; libnccl.so.2 {digest(b'nccl')}"
    assert facts["openmp"] == "none"


def test_the_library_folder_of_a_conda_environment(site: Site, tmp_path: Path) -> None:
    (tmp_path / "env/lib").mkdir(parents=True)
    (tmp_path / "env/lib/libmkl_rt.so.2").write_bytes(b"mkl")
    assert facts_of(site, prefix=str(tmp_path / "env"))["mkl"] == f"libmkl_rt.so.2 {digest(b'mkl')}"


def test_libraries_of_conda_are_the_files_behind_their_links(site: Site, tmp_path: Path) -> None:
    """As conda-forge has them: BLAS under several names, CUDA in a folder for each target."""
    lib = tmp_path / "env" / "lib"
    targets = tmp_path / "env" / "targets" / "x86_64-linux" / "lib"
    for folder in (lib, targets):
        folder.mkdir(parents=True)
    (lib / "libopenblasp-r0.3.30.so").write_bytes(b"blas")
    for link in ("libopenblas.so.0", "libopenblas.so", "libblas.so.3", "liblapack.so.3"):
        (lib / link).symlink_to("libopenblasp-r0.3.30.so")
    (targets / "libcudart.so.12.9.79").write_bytes(b"cudart")
    (targets / "libcudart.so.12").symlink_to("libcudart.so.12.9.79")
    (lib / "libcudart.so.12").symlink_to("../targets/x86_64-linux/lib/libcudart.so.12")
    (lib / "libgomp.so.1.0.0").write_bytes(b"gomp")
    (lib / "libgomp.so.1").symlink_to("libgomp.so.1.0.0")
    facts = facts_of(site, prefix=str(tmp_path / "env"))
    assert facts["openblas"] == f"libopenblasp-r0.3.30.so {digest(b'blas')}"
    assert facts["cudart"] == f"libcudart.so.12.9.79 {digest(b'cudart')}"
    assert facts["openmp"] == f"libgomp.so.1.0.0 {digest(b'gomp')}"
    assert facts["mkl"] == "none"


def test_a_library_that_cannot_be_read_is_unknown(site: Site) -> None:
    (site.folder / "nvidia/nccl/lib/libnccl.so.2").mkdir(parents=True)
    assert reason(facts_of(site)["nccl"]) == "libnccl.so.2 is not there, or no regular file"


def test_no_more_of_a_library_is_read_than_is_quick(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("envguard.machine.libraries.MOST_DIGESTED", 10)
    (site.folder / "numpy.libs").mkdir()
    for name, size in (("blas_a", 6), ("blas_b", 6), ("blas_c", 4)):
        (site.folder / f"numpy.libs/libopen{name}.so").write_bytes(b"x" * size)
    found = find_libraries(Reader(), [str(site.folder)], "/nowhere", ())
    builds = [build for _, build in sorted(found.files["openblas"].items())]
    assert builds == [digest(b"x" * 6), "6 bytes", digest(b"x" * 4)]


def test_a_folder_that_cannot_be_listed_makes_unknown_what_may_lie_there(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    (site.folder / "nvidia/cudnn/lib").mkdir(parents=True)
    list_dir = Reader.list_dir

    def refused(reader: Reader, path: str) -> list[str]:
        if path.endswith("cudnn/lib"):
            raise UnreadableError("cannot be read: permission denied", path=path)
        return list_dir(reader, path)

    monkeypatch.setattr(Reader, "list_dir", refused)
    facts = facts_of(site)
    assert reason(facts["cudnn"]) == f"{site.folder}/nvidia/cudnn/lib: cannot be read: permission denied"
    assert facts["nccl"] == f"nvidia-nccl-cu12 2.27.3; libnccl.so.2 {digest(b'nccl')}"


def test_every_change_of_a_library_ends_the_trace(site: Site) -> None:
    from envguard.probes import PROBES
    from envguard.trace import holds

    site.wheel("nvidia-nccl-cu12", "2.27.3", {NCCL: b"nccl"})
    reader = Reader()
    folders = [str(site.folder)]
    found = find_libraries(reader, folders, "/nowhere", ())
    list(conflicts(reader, found, {}, folders, (), {}))
    assert holds(reader.trace.files, reader.trace.values, PROBES)
    (site.folder / NCCL).write_bytes(b"other")
    assert not holds(reader.trace.files, reader.trace.values, PROBES)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a shared library with a build ID."""
    folder = tmp_path_factory.mktemp("elf")
    (folder / "a.c").write_text("int answer(void) { return 42; }\n")
    compiler = os.environ.get("CC", "cc")
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-Wl,--build-id=sha1", "a.c", "-o", "liba.so"], cwd=folder, check=True
    )
    return folder / "liba.so"


def test_the_build_id_is_the_one_that_readelf_shows(library: Path) -> None:
    said = subprocess.run(["readelf", "-n", str(library)], capture_output=True, text=True, check=True).stdout
    match = re.search(r"Build ID: ([0-9a-f]+)", said)
    assert match is not None
    assert build_of(Reader(), str(library), MOST_DIGESTED) == f"build-id {match[1]}"
    assert build_of(Reader(), sys.executable, MOST_DIGESTED)


def test_a_library_without_a_build_id_is_its_digest(library: Path, tmp_path: Path) -> None:
    stripped = tmp_path / "libb.so"
    subprocess.run(["objcopy", "--remove-section", ".note.gnu.build-id", str(library), str(stripped)], check=True)
    assert build_of(Reader(), str(stripped), MOST_DIGESTED) == digest(stripped.read_bytes())


def test_a_large_one_without_a_build_id_is_its_size(tmp_path: Path) -> None:
    path = tmp_path / "libx.so"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    assert build_of(Reader(), str(path), MOST_DIGESTED) == "67108865 bytes"


def test_damaged_headers_are_never_more_than_no_build_id(library: Path, tmp_path: Path) -> None:
    """Every byte of the headers and of the notes, and every length."""
    whole = library.read_bytes()[:4096]
    path = tmp_path / "libx.so"
    for at in [*range(0, 1024, 7), *range(64)]:
        for value in (0, 0xFF):
            path.write_bytes(whole[:at] + bytes([value]) + whole[at + 1 :])
            assert build_of(Reader(), str(path), MOST_DIGESTED).startswith(("build-id ", "blake3:"))
    for length in range(0, 1024, 13):
        path.write_bytes(whole[:length])
        assert build_of(Reader(), str(path), MOST_DIGESTED).startswith(("build-id ", "blake3:"))


def test_a_library_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match="is not there, or no regular file"):
        build_of(Reader(), str(tmp_path / "none.so"), MOST_DIGESTED)


@pytest.mark.network
@pytest.mark.slow
def test_a_real_wheel_of_nvidia_is_found_and_agrees_with_itself(tmp_path: Path) -> None:
    uv = shutil.which("uv", path=os.pathsep.join((os.path.dirname(sys.executable), os.environ.get("PATH", ""))))
    assert uv is not None
    target = tmp_path.resolve() / "site"
    command = [
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--target",
        str(target),
        "nvidia-cuda-runtime-cu12==12.9.79",
    ]
    subprocess.run(command, check=True)
    site = object.__new__(Site)
    site.folder = target
    fact = facts_of(site)["cudart"]
    assert str(fact).startswith("nvidia-cuda-runtime-cu12 12.9.79; libcudart.so.12 build-id ")
    assert disagreements(site) == []
