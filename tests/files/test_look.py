"""The files of an environment as a whole, with both engines: what is said after each way in which they can be changed."""

from __future__ import annotations

import hashlib
import os
import shutil
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from envguard.files import quick
from envguard.files.look import Looking, look_at
from envguard.files.model import InstalledFiles, PackageFiles, Weight
from envguard.installed import scan
from envguard.installed.model import Layer
from envguard.reader import Reader
from envguard.trace import holds
from envguard.walked import Counters
from tests.installed.tools import dist_info, environment, row

if TYPE_CHECKING:
    from envguard.installed.model import Inventory

pytestmark = pytest.mark.usefixtures("engine")


class World:
    """An environment made by hand: packages are installed into it as an installer would, their RECORD last."""

    def __init__(self, root: Path) -> None:
        self.prefix = root / "env"
        self.site = self.prefix / "lib" / "python3.11" / "site-packages"
        self.site.mkdir(parents=True)
        (self.prefix / "bin").mkdir()

    def install(self, stem: str, files: dict[str, bytes], *, rows: str = "", installer: str = "uv") -> Path:
        for path, data in files.items():
            place = Path(os.path.normpath(self.site / path))
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        name = f"{stem}.dist-info"
        metadata = (
            f"Metadata-Version: 2.1\nName: {stem.rpartition('-')[0]}\nVersion: {stem.rpartition('-')[2]}\n".encode()
        )
        text = "".join(row(path, data) for path, data in files.items())
        text += row(f"{name}/METADATA", metadata) + row(f"{name}/INSTALLER", installer.encode())
        record = f"{text}{rows}{name}/RECORD,,\n".encode("utf-8", "surrogateescape")
        return dist_info(self.site, stem, {"METADATA": metadata, "INSTALLER": installer, "RECORD": record})

    def inventory(self, *more: tuple[Path, Layer]) -> Inventory:
        return scan(Reader({}), environment((self.site, Layer.ENVIRONMENT), *more))

    def look(self, reader: Reader | None = None, **options: Any) -> InstalledFiles:
        return look_at(reader or Reader({}), self.inventory(), **options)

    def only(self, **options: Any) -> PackageFiles:
        (package,) = self.look(**options).packages
        return package


@pytest.fixture
def world(folder: Path) -> World:
    made = World(folder)
    made.install(
        "tiny-1.0",
        {
            "tiny/__init__.py": b"",
            "tiny/core.py": b"value = 1\n",
            "tiny/big.bin": bytes(range(256)) * 2000,
            "../../../bin/tiny": b"#!/env/bin/python\nprint(1)\n",
            "../../../share/tiny/x.json": b"{}",
        },
    )
    return made


def test_files_that_are_as_their_installer_wrote_them(world: World) -> None:
    found = world.look()
    assert (found.packages, found.shared, found.strays, found.outdated) == ((), (), (), 0)
    assert (found.count, found.files, found.cached) == (1, 7, 0)
    assert found.bytes == sum(path.stat().st_size for path in world.prefix.rglob("*") if path.is_file()) - (
        (world.site / "tiny-1.0.dist-info/RECORD").stat().st_size
    )


def test_an_edit_is_seen_and_dated(world: World) -> None:
    core = world.site / "tiny/core.py"
    core.write_bytes(b"value = 2\n")
    os.utime(core, (2_000_000_000, 2_000_000_000))
    package = world.only()
    (change,) = package.changed
    assert change.path == str(core)
    assert change.expected == row("x", b"value = 1\n").split(",")[1] + " (10 bytes)"
    assert change.found == row("x", b"value = 2\n").split(",")[1] + " (10 bytes)"
    assert (change.cause, change.when) == ("edited after the installation", "2033-05-18 03:33 UTC")
    assert (package.name, package.missing, package.unlisted, package.untold) == ("tiny", (), (), ())
    assert (package.unfinished, package.cached, package.accepted, package.files) == (False, False, False, 7)


@pytest.mark.parametrize("path", ["../../../bin/tiny", "../../../share/tiny/x.json"])
def test_files_beside_the_folder_of_packages_are_compared_too(world: World, path: str) -> None:
    place = Path(os.path.normpath(world.site / path))
    place.write_bytes(b"other")
    assert [change.path for change in world.only().changed] == [str(place)]
    place.unlink()
    assert [change.path for change in world.only().missing] == [str(place)]


def test_an_edit_that_leaves_size_and_time_is_seen(world: World) -> None:
    core = world.site / "tiny/core.py"
    old = core.stat()
    core.write_bytes(b"value = 2\n")
    os.utime(core, ns=(old.st_atime_ns, old.st_mtime_ns))
    (change,) = world.only().changed
    assert (change.cause, change.when) == ("changed, and its times do not tell when", None)


def test_a_file_that_was_cut_short_speaks_of_a_broken_installation(world: World) -> None:
    os.truncate(world.site / "tiny/big.bin", 0)
    (change,) = world.only().changed
    assert change.cause == "cut short: the installation broke off, or the disk was full"
    os.truncate(world.site / "tiny/big.bin", 1000)
    record = world.site / "tiny-1.0.dist-info/RECORD"
    os.utime(record, (2_000_000_000, 2_000_000_000))
    (change,) = world.only().changed
    assert change.cause == "cut short: the installation broke off, or the disk was full"


def test_an_installer_that_did_not_come_to_its_end_is_seen(world: World) -> None:
    (world.site / "tiny/core.py").unlink()
    (world.site / "tiny-1.0.dist-info/INSTALLER").unlink()
    package = world.only()
    assert [change.path for change in package.missing] == [str(world.site / "tiny/core.py")]
    assert package.unfinished


def test_an_edit_of_a_hard_link_says_that_the_cache_has_it_too(world: World, folder: Path) -> None:
    core = world.site / "tiny/core.py"
    os.link(core, folder / "cache")
    with open(core, "ab") as file:
        file.write(b"# more\n")
    os.utime(core, (2_000_000_000, 2_000_000_000))
    package = world.only()
    assert package.cached
    # Another environment that was linked later has the edit from the beginning.
    os.utime(core, (1_000_000_000, 1_000_000_000))
    (change,) = world.only().changed
    assert (change.cause, change.when) == (
        "linked to an installer's cache where it was edited",
        "2001-09-09 01:46 UTC",
    )


def test_what_conda_may_have_rewritten_is_unknown(world: World) -> None:
    world.install("cond-1.0", {"cond.py": b"prefix"}, installer="conda\n")
    assert world.look().packages == ()
    (world.site / "cond.py").write_bytes(b"/opt/env")
    package = world.only()
    assert (package.changed, package.digest) == ((), None)
    assert package.untold == ("1 file not as in RECORD, which conda may have rewritten: cond.py",)


def test_a_whole_package_that_is_gone_is_missing_file_by_file(world: World) -> None:
    shutil.rmtree(world.site / "tiny")
    assert [os.path.basename(change.path) for change in world.only().missing] == ["__init__.py", "big.bin", "core.py"]


def test_what_installers_write_for_themselves_may_change(world: World) -> None:
    info = world.site / "tiny-1.0.dist-info"
    (info / "INSTALLER").write_bytes(b"someone else")
    (info / "REQUESTED").touch()
    (info / "direct_url.json").write_bytes(b"{}")
    assert world.look().packages == ()
    (info / "METADATA").write_bytes(b"Name: tiny\nVersion: 1.0\n")
    assert [change.path for change in world.only().changed] == [str(info / "METADATA")]


def test_a_script_whose_digest_is_that_of_the_wheel_is_fine(world: World) -> None:
    """Pip up to 20.3 wrote down the digest from before it rewrote the first line."""
    made = World(world.prefix.parent / "second")
    script = made.prefix / "bin" / "old"
    for first, end, good in (("#!python", "\n", True), ("#!pythonw", "\r\n", True), ("#!perl", "\n", False)):
        shutil.rmtree(made.site)
        made.site.mkdir()
        made.install("old-1.0", {}, rows=row("../../../bin/old", f"{first}{end}print(1)\n".encode()))
        script.write_bytes(f"#!/env/bin/python3.11{end}print(1)\n".encode())
        assert (made.look().packages == ()) == good
        script.write_bytes(f"#!/env/bin/python3.11{end}print(2)\n".encode())
        assert made.look().packages != ()


def test_files_that_nobody_claims_by_what_they_can_do(world: World) -> None:
    (world.site / "tiny/notes.txt").touch()
    (world.site / "tiny/new.py").touch()
    (world.site / "tiny/core").mkdir()
    (world.site / "tiny/core/__init__.py").touch()
    (world.site / "tiny/empty").mkdir()
    found = world.only().unlisted
    assert [(os.path.relpath(item.path, world.site), item.weight, item.why) for item in found] == [
        ("tiny/core/__init__.py", Weight.ACTIVE, "found before tiny/core.py"),
        ("tiny/new.py", Weight.CODE, ""),
        ("tiny/notes.txt", Weight.DATA, ""),
    ]


def test_what_belongs_to_no_package(world: World) -> None:
    for path in ("evil.pth", "alone.py", "other/__init__.py", "other/x.txt", "data.txt", "_virtualenv.py", "~iny/x.py"):
        (world.site / path).parent.mkdir(exist_ok=True)
        (world.site / path).touch()
    found = world.look()
    assert found.packages == ()
    assert [(os.path.relpath(item.path, world.site), item.weight) for item in found.strays] == [
        ("evil.pth", Weight.ACTIVE),
        ("alone.py", Weight.CODE),
        ("other/__init__.py", Weight.CODE),
    ]


def test_where_a_package_has_no_record_strays_may_be_its(world: World) -> None:
    dist_info(world.site, "lost_one-2.0", {"top_level.txt": "known\n"})
    (world.site / "lost_one-2.0.dist-info/RECORD").unlink()
    for path in ("known/a.py", "lost_one/b.py", "else.py"):
        (world.site / path).parent.mkdir(exist_ok=True)
        (world.site / path).touch()
    found = world.look()
    assert [(package.name, package.untold) for package in found.packages] == [("lost-one", ("it has no RECORD",))]
    assert [(os.path.relpath(item.path, world.site), item.why) for item in found.strays] == [
        ("else.py", "unless to lost-one, of which no files are told")
    ]


def test_what_was_installed_without_wheels_is_not_verified(world: World) -> None:
    (world.site / "old-1.0-py3.11.egg-info").write_text("Metadata-Version: 1.0\nName: old\nVersion: 1.0\n")
    (world.site / "old").mkdir()
    (world.site / "old/x.py").touch()
    found = world.look()
    assert [(package.name, package.untold) for package in found.packages] == [
        ("old", ("it was installed without a RECORD",))
    ]
    assert found.strays == ()


HEAD = struct.Struct("<HHIII")


def pyc(source: Path, *, magic: int = 3495, flags: int = 0) -> bytes:
    st = source.stat()
    return HEAD.pack(magic, 0x0A0D, flags, int(st.st_mtime), st.st_size) + b"code"


def test_bytecode_is_expected_and_judged(world: World) -> None:
    import importlib.util

    core = world.site / "tiny/core.py"
    cache = world.site / "tiny/__pycache__"
    cache.mkdir()
    place = cache / "core.cpython-311.pyc"
    place.write_bytes(pyc(core))
    (cache / "core.cpython-312.pyc").write_bytes(b"another interpreter's")
    (cache / "gone.cpython-311.pyc").write_bytes(pyc(core, flags=1))
    found = world.look()
    assert (found.packages, found.strays, found.outdated) == ((), (), 0)
    os.utime(core, (2_000_000_000, 2_000_000_000))
    assert (world.look().packages, world.look().outdated) == ((), 1)
    place.write_bytes(pyc(core, magic=3000))
    assert world.look().outdated == 1
    place.write_bytes(HEAD.pack(3495, 0x0A0D, 1, 0, 0))
    assert world.only().bytecode == (str(place),)
    if sys.version_info[:2] == (3, 11):
        place.write_bytes(HEAD.pack(3495, 0x0A0D, 1, 0, 0)[:8] + importlib.util.source_hash(core.read_bytes()))
        assert world.look().packages == ()


def test_bytecode_that_was_installed_may_be_made_anew_or_deleted(world: World) -> None:
    core = world.site / "tiny/core.py"
    made = world.install(
        "comp-1.0", {"comp/a.py": b"1\n", "comp/__pycache__/a.cpython-311.pyc": b"as it was installed"}
    )
    place = world.site / "comp/__pycache__/a.cpython-311.pyc"
    assert world.look().packages == ()
    place.write_bytes(pyc(world.site / "comp/a.py"))
    assert (world.look().packages, world.look().outdated) == ((), 0)
    place.write_bytes(pyc(core, flags=1))
    assert world.only().bytecode == (str(place),)
    place.unlink()
    assert world.look().packages == ()
    assert made.exists()


def test_two_packages_that_wrote_the_same_file(world: World) -> None:
    world.install("left-1.0", {"both/x.so": b"left", "both/same.py": b"same", "both/left.py": b""})
    world.install("right-1.0", {"both/x.so": b"right", "both/same.py": b"same"})
    found = world.look()
    assert found.packages == ()
    assert [
        (item.names, [os.path.basename(path) for path in item.paths], item.same, item.winner) for item in found.shared
    ] == [
        (("left", "right"), ["x.so"], False, "right"),
        (("left", "right"), ["same.py"], True, None),
    ]
    (world.site / "both/x.so").write_bytes(b"neither")
    found = world.look()
    assert {package.name: len(package.changed) for package in found.packages} == {"left": 1, "right": 1}
    assert found.shared[0].winner is None
    (world.site / "both/x.so").unlink()
    assert {package.name: len(package.missing) for package in world.look().packages} == {"left": 1, "right": 1}


def test_two_installations_of_one_name_are_told_apart(world: World) -> None:
    world.install("twin-1.0", {"twin.py": b"1"})
    world.install("twin-2.0", {"twin.py": b"2"})
    (shared,) = world.look().shared
    assert (shared.names, shared.winner) == (("twin 1.0", "twin 2.0"), "twin 2.0")


def test_rows_without_a_digest_that_can_be_believed(world: World) -> None:
    for path, data in {"s/none": b"1", "s/md5": b"2", "s/odd": b"3", "s/512": b"4", "s/bad512": b"5"}.items():
        (world.site / path).parent.mkdir(exist_ok=True)
        (world.site / path).write_bytes(data)
    import base64

    digest = base64.urlsafe_b64encode(hashlib.sha512(b"4").digest()).rstrip(b"=").decode()
    rows = (
        f"s/none,,1\ns/md5,md5=abc,1\ns/odd,foo=abc,1\ns/512,sha512={digest},1\ns/bad512,sha512={digest},1\ns/gone,,1\n"
    )
    world.install("s-1.0", {}, rows=rows)
    package = world.only()
    assert package.untold == (
        "1 file without a hash: s/none",
        "1 file with a hash that can be forged (md5): s/md5",
        "1 file with a hash of an unknown kind (foo): s/odd",
    )
    assert [os.path.basename(change.path) for change in package.changed] == ["bad512"]
    assert [os.path.basename(change.path) for change in package.missing] == ["gone"]


def test_paths_that_lead_out_of_the_environment_are_not_followed(world: World, folder: Path) -> None:
    (folder / "secret").write_bytes(b"1")
    world.install("evil-1.0", {}, rows=row("../../../../secret", b"1") + row("/etc/hostname", b"1"))
    assert world.only().untold == ("2 paths lead out of the environment: ../../../../secret, /etc/hostname",)


def test_what_stands_in_the_place_of_a_file(world: World) -> None:
    core, big, init = (world.site / "tiny" / name for name in ("core.py", "big.bin", "__init__.py"))
    for path in (core, big, init):
        path.unlink()
    core.symlink_to("nothing")
    os.mkfifo(big)
    init.mkdir()
    tool = world.prefix / "bin/tiny"
    tool.unlink()
    tool.mkdir()
    package = world.only()
    assert [(os.path.basename(change.path), change.found) for change in package.changed] == [
        ("big.bin", "a pipe, socket or device"),
        ("core.py", "a link to nothing"),
    ]
    assert [os.path.basename(change.path) for change in package.missing] == ["__init__.py"]
    assert package.untold == ("bin/tiny is a folder, where a file is expected",)


def test_files_that_are_links_are_what_they_lead_to(world: World, folder: Path) -> None:
    core = world.site / "tiny/core.py"
    shutil.move(core, folder / "cached.py")
    core.symlink_to(folder / "cached.py")
    assert world.look().packages == ()
    (folder / "cached.py").write_bytes(b"value = 2\n")
    assert [change.path for change in world.only().changed] == [str(core)]


def test_the_digest_is_over_what_differs_and_can_be_accepted(world: World) -> None:
    (world.site / "tiny/core.py").write_bytes(b"value = 2\n")
    (world.site / "tiny/new.py").touch()
    first = world.only()
    assert first.digest is not None
    assert world.only(accepted={"tiny": first.digest}).accepted
    assert not world.only(accepted={"other": first.digest}).accepted
    (world.site / "tiny/core.py").write_bytes(b"value = 3\n")
    second = world.only(accepted={"tiny": first.digest})
    assert not second.accepted
    assert second.digest != first.digest
    # Nothing of where the environment lies is in it.
    moved = World(world.prefix.parent / "moved")
    shutil.rmtree(moved.prefix)
    shutil.copytree(world.prefix, moved.prefix)
    assert moved.only().digest == second.digest


def test_a_name_that_is_no_text_and_one_with_a_comma(world: World) -> None:
    names = {"odd/a,b.txt": b"1", 'odd/"q".txt': b"2", "odd/\udcff.txt": b"3"}
    for path, data in names.items():
        place = os.path.join(os.fsencode(world.site), os.fsencode(path))
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(data)
    text = ""
    for path, data in names.items():
        digest = row("x", data).partition(",")[2]
        text += f'"{path.replace(chr(34), chr(34) * 2)}",{digest}'
    world.install("odd-1.0", {}, rows=text)
    assert world.look().packages == ()


def test_packages_on_pythonpath_are_compared_and_nothing_else_there(world: World, folder: Path) -> None:
    elsewhere = World(folder / "elsewhere")
    target = folder / "target"
    elsewhere.install("there-1.0", {"there/a.py": b"1"})
    shutil.copytree(elsewhere.site, target)
    (target / "there/new.py").touch()
    (target / "data").mkdir()
    found = look_at(
        Reader({}), scan(Reader({}), environment((world.site, Layer.ENVIRONMENT), (target, Layer.PYTHONPATH)))
    )
    assert (found.packages, found.strays, found.count) == ((), (), 2)
    (target / "there/a.py").write_bytes(b"2")
    found = look_at(
        Reader({}), scan(Reader({}), environment((world.site, Layer.ENVIRONMENT), (target, Layer.PYTHONPATH)))
    )
    assert [package.name for package in found.packages] == ["there"]


def test_many_problems_never_make_a_file_missing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be looked at, and is not even listed as such, is unknown."""
    from envguard.files import quick

    real = quick.look

    def look(path: str, wanted: bytes, **options: Any) -> Any:
        found: Any = real(path, wanted, **options)
        if not options["alone"]:
            found.problem_count = 20_000
        return found

    monkeypatch.setattr(quick, "look", look)
    (world.site / "tiny/core.py").unlink()
    package = world.only()
    assert package.missing == ()
    assert package.untold == ("tiny/core.py cannot be read: no reason was given",)


def settled(world: World) -> None:
    newest = max(path.lstat().st_ctime for path in world.prefix.rglob("*"))
    time.sleep(max(0.0, newest + 2.1 - time.time()))


CHANGES: dict[str, Callable[[World], object]] = {
    "an edit": lambda world: (world.site / "tiny/core.py").write_bytes(b"value = 2\n"),
    "a new file": lambda world: (world.site / "tiny/new.py").touch(),
    "a new pth": lambda world: (world.site / "new.pth").touch(),
    "a script": lambda world: (world.prefix / "bin/tiny").write_bytes(b"x"),
    "a script that is gone": lambda world: (world.prefix / "bin/tiny").unlink(),
    "a touch": lambda world: os.utime(world.site / "tiny/core.py"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_trace_holds_until_anything_changes(world: World, change: str) -> None:
    from envguard.files.probe import retell

    settled(world)
    reader = Reader({})
    assert world.look(reader).packages == ()
    assert reader.trace.settled()
    assert [key for key in reader.trace.values if key[0] == "files"] == [("files", str(world.site))]

    def still() -> bool:
        return holds(
            reader.trace.files,
            {key: value for key, value in reader.trace.values.items() if key[0] == "files"},
            {},
            {"files": retell},
        )

    assert still()
    CHANGES[change](world)
    assert not still()


def test_what_has_just_been_written_is_not_believed(world: World) -> None:
    reader = Reader({})
    world.look(reader)
    assert not reader.trace.settled()


def test_the_second_look_reads_nothing(world: World) -> None:
    settled(world)
    assert world.look().cached == 0
    assert world.look().cached == 7
    assert world.look(full=True).cached == 0
    (world.site / "tiny/core.py").write_bytes(b"value = 2\n")
    found = world.look()
    assert (found.cached, len(found.packages)) == (6, 1)


def test_progress_is_told(world: World) -> None:
    told: list[Any] = []
    world.look(progress=told.append)
    assert told[-1].files > 0


def test_progress_of_a_look_that_has_ended_before_it_is_waited_for_is_told(world: World) -> None:
    told: list[Any] = []
    looking = Looking(Reader({}), world.inventory())
    looking._thread.join(60)
    looking.result(progress=told.append)
    assert told[-1].files > 0


def test_a_look_that_nobody_waits_for_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    began = threading.Event()

    def endless(*_: Any, tick: Callable[[Counters], None], **__: Any) -> Any:
        began.set()
        while True:
            tick(Counters(files_found=0, files_done=0, bytes_done=0, files_cached=0, listed=False))
            time.sleep(0.01)

    monkeypatch.setattr(quick, "look", endless)
    reader = Reader({})
    looking = Looking(reader, world.inventory())
    assert began.wait(60)
    before = threading.active_count()
    looking.close()
    assert threading.active_count() == before - 1


def test_what_goes_wrong_while_looking_is_raised_where_it_is_waited_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(quick, "look", fails)
    with pytest.raises(MemoryError):
        world.look()
