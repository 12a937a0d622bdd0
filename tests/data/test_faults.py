"""Bad days: disks that fail, reads that come short, files cut while they are read, walks that are killed.

Whatever happens, a root that is given is that of the files, and what is kept for later never says "unchanged" wrongly.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from envguard import hash_tree

ROOT = Path(__file__).resolve().parents[2]
WALK = """
import sys
from envguard import hash_tree
from envguard.errors import UnreadableError
try:
    tree = hash_tree(sys.argv[1], cache=len(sys.argv) > 2)
except UnreadableError as error:
    print(None, 0, error.message, sep=chr(10))
    sys.exit()
print(tree.root)
print(tree.files)
for problem in tree.problems:
    print(problem.kind, problem.errno)
"""


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the library that makes reading fail in the process that it is loaded into."""
    library = str(tmp_path_factory.mktemp("faults") / "faults.so")
    source = str(ROOT / "csrc/tests/faults.c")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", source, "-o", library], check=True)
    return library


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a tree with files of all the ways in which the engine reads: in batches, whole, mapped, and shared."""
    found = tmp_path / "tree"
    found.mkdir()
    for number in range(100):
        (found / f"small{number:03d}").write_bytes(os.urandom(100 + number * 20))
    for number in range(20):
        (found / f"middle{number:02d}").write_bytes(os.urandom(40_000 + number * 30_000))
    (found / "large").write_bytes(os.urandom(12_000_000))
    return found


def walked(folder: Path, *arguments: str, **environment: str) -> list[str]:
    command = [sys.executable, "-c", WALK, str(folder), *arguments]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("kind", ["short", "EINTR"])
@pytest.mark.parametrize("every", [2, 3])
def test_short_and_interrupted_reads_change_nothing(folder: Path, faults: str, kind: str, every: int) -> None:
    tree = hash_tree(folder, cache=False)
    assert walked(folder, LD_PRELOAD=faults, FAULTS=f"{kind}:{every}") == [str(tree.root), "121"]


@pytest.mark.parametrize("every", [1, 30, 70])
def test_a_disk_that_fails_leaves_no_root(folder: Path, faults: str, every: int) -> None:
    root, files, *problems = walked(folder, LD_PRELOAD=faults, FAULTS=f"EIO:{every}")
    assert root == "None"
    assert problems == ["unreadable 5"] * (121 - int(files))
    assert problems


@pytest.mark.parametrize("every", [1, 7, 50, 126])
def test_a_file_cut_while_it_is_read_is_read_again_or_told(folder: Path, faults: str, every: int) -> None:
    before = hash_tree(folder, cache=False).root
    root, _, *problems = walked(folder, LD_PRELOAD=faults, FAULTS=f"truncate:{every}")
    now = hash_tree(folder, cache=False).root
    assert now != before
    if root == "None":
        assert set(problems) == {"unstable 0"}
    else:
        assert (root, problems) == (now, [])


@pytest.mark.parametrize("every", [1, 2, 7])
def test_a_file_cut_while_it_is_mapped_is_read_again_or_told(folder: Path, faults: str, every: int) -> None:
    """Without a guard, the process would end by SIGBUS."""
    before = hash_tree(folder, cache=False).root
    root, _, *problems = walked(folder, LD_PRELOAD=faults, FAULTS=f"mapped:{every}")
    now = hash_tree(folder, cache=False).root
    assert now != before
    if root == "None":
        assert set(problems) == {"unstable 0"}
    else:
        assert (root, problems) == (now, [])


@pytest.mark.parametrize("every", [1, 2])
def test_what_cannot_be_mapped_is_read(folder: Path, faults: str, every: int) -> None:
    tree = hash_tree(folder, cache=False)
    assert walked(folder, LD_PRELOAD=faults, FAULTS=f"unmappable:{every}") == [str(tree.root), "121"]


@pytest.mark.parametrize("every", [1, 3, 60])
def test_a_file_that_grows_whenever_it_is_read_is_told_and_ends(folder: Path, faults: str, every: int) -> None:
    root, files, *problems = walked(folder, LD_PRELOAD=faults, FAULTS=f"grow:{every}")
    if root == "None":
        assert problems == ["unstable 0"] * (121 - int(files))
        assert problems
    else:
        assert (root, problems) == (hash_tree(folder, cache=False).root, [])
    assert root == "None" or every > 1


@pytest.mark.parametrize("every", [1, 2, 5, 40])
@pytest.mark.parametrize("call", ["openat", "fstat", "fstatat", "getdents"])
def test_a_call_that_fails_leaves_no_root_and_is_told(folder: Path, faults: str, call: str, every: int) -> None:
    for number in range(50):
        (folder / f"folder{number}").mkdir()
        (folder / f"folder{number}" / "file").write_bytes(b"%d" % number)
        (folder / f"link{number}").symlink_to(f"folder{number}/file")
    whole = hash_tree(folder, cache=False)
    root, files, *problems = walked(folder, LD_PRELOAD=faults, FAULTS=f"{call}:{every}")
    if call in ("fstatat", "getdents") and root != "None":
        # Fewer calls than that were made.
        assert (root, int(files), problems) == (whole.root, whole.files, [])
        return
    assert root == "None"
    assert problems
    # Where the folder itself cannot be opened or listed there is one error for all of it.
    whole_fault = {"cannot be read: input/output error", "changed while it was read"}
    assert set(problems) <= {"unreadable 5", "unstable 0", *whole_fault}
    assert int(files) <= whole.files


@pytest.mark.parametrize("call", ["openat", "fstat", "fstatat", "getdents"])
def test_a_call_that_fails_never_makes_a_change_look_unchanged(
    folder: Path, faults: str, call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path / "cache"))
    (folder / "deep").mkdir()
    (folder / "deep" / "file").write_bytes(b"before")
    settle(folder)
    before = hash_tree(folder)
    (folder / "deep" / "file").write_bytes(b"after!")
    for every in (2, 3, 11):
        root, *_ = walked(folder, "cached", LD_PRELOAD=faults, FAULTS=f"{call}:{every}")
        assert root != before.root
    assert hash_tree(folder).root == hash_tree(folder, cache=False).root != before.root


def test_what_failed_is_not_kept(folder: Path, faults: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path / "cache"))
    settle(folder)
    before = hash_tree(folder, cache=False)
    assert walked(folder, "cached", LD_PRELOAD=faults, FAULTS="EIO:9")[0] == "None"
    after = hash_tree(folder)
    assert after.root == before.root
    assert 0 < after.cached < 121


def settle(folder: Path) -> None:
    """Wait until no file of *folder* is so young that it is not kept."""
    newest = max(path.stat().st_ctime for path in folder.iterdir())
    time.sleep(max(0.0, newest + 2.1 - time.time()))


@pytest.mark.slow
def test_a_walk_may_be_killed_at_any_moment(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENVGUARD_CACHE_DIR", str(tmp_path / "cache"))
    for number in range(3000):
        (folder / f"more{number}").write_bytes(b"%d" % number)
    settle(folder)
    begun = time.monotonic()
    root = walked(folder)[0]
    whole = time.monotonic() - begun
    moments = random.Random(20261123)
    for turn in range(40):
        process = subprocess.Popen(
            [sys.executable, "-c", WALK, str(folder), "cached"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(moments.uniform(0, 1.2 * whole))
        process.kill()
        process.wait()
        if turn % 10 == 9:
            changed = folder / f"more{turn}"
            stamps = changed.stat()
            changed.write_bytes(changed.read_bytes()[::-1] + b"!")
            os.utime(changed, ns=(stamps.st_atime_ns, stamps.st_mtime_ns))
            root = walked(folder)[0]
        assert walked(folder, "cached")[0] == root


@pytest.mark.slow
def test_a_full_disk_costs_the_cache_and_nothing_else(folder: Path, tmp_path: Path) -> None:
    settle(folder)
    cache = tmp_path / "cache"
    # A limit on the size of files is a disk that is full after so many bytes.
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n{WALK}"
    command = [sys.executable, "-B", "-c", limited, str(folder), "cached"]
    environment = os.environ | {"ENVGUARD_CACHE_DIR": str(cache)}
    done = subprocess.run(command, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.split() == [str(hash_tree(folder, cache=False).root).encode(), b"121"]
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.slow
@pytest.mark.parametrize("every", range(1, 5))
def test_a_full_disk_leaves_a_record_that_is_true(tmp_path: Path, faults: str, every: int) -> None:
    project, cache = tmp_path / "project", tmp_path / "cache"
    (project / "data").mkdir(parents=True)
    (project / "envguard.toml").touch()
    (project / "data" / "file").write_bytes(b"before")
    lock, manifest = project / "envguard.lock", project / ".envguard" / "manifests" / "data.b3"

    def run(*command: str, **environment: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "envguard", *command],
            cwd=project,
            env=os.environ | {"ENVGUARD_CACHE_DIR": str(cache)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stderr

    assert run("data", "add", "data") == (0, "")
    old = lock.read_bytes()
    (project / "data" / "file").write_bytes(b"after")
    settle(project / "data")
    status, said = run("data", "update", LD_PRELOAD=faults, FAULTS=f"ENOSPC:{every}")
    if status == 0:
        assert lock.read_bytes() != old
        assert run("data", "verify", "--full") == (0, "")
    else:
        assert status == 2
        assert said.endswith(": cannot be written: no space left on device\n")
        assert lock.read_bytes() == old
        assert run("data", "verify")[0] == 1
    kept = {lock, manifest, project / "envguard.toml", project / "data" / "file"}
    assert {path for path in project.rglob("*") if path.is_file()} == kept
    assert not list(cache.rglob("*.tmp"))
    assert run("data", "update") == (0, "")
    assert run("data", "verify", "--full") == (0, "")
