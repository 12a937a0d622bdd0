"""The verdict on freshness beside that of ``uv lock --check``, change by change."""

from __future__ import annotations

import re
import shutil
import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from envguard.errors import EnvguardError
from envguard.lockfiles import read_lock
from envguard.lockfiles.model import Freshness, FreshnessVerdict
from envguard.lockfiles.uv.freshness import freshness
from envguard.reader import Reader
from tests.lockfiles.uv.changes import BASES, INDEXES, MANIFEST
from tests.lockfiles.world import uv, wheel, wheels

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.lockfiles.uv.changes import Change

pytestmark = pytest.mark.slow

# Where the verdict is another than uv's, on purpose.
OTHERWISE = {
    # The same versions of Python in other words; uv knows no lists and takes any for another marker.
    ("requirements", "a marker as a list of versions"): ("stale", "fresh"),
    # The same requirements; uv puts together what is split in a project, not in metadata that is stated.
    ("inputs", "metadata split by marker"): ("stale", "fresh"),
}


def uv_says(folder: Path, **environment: str) -> str:
    """Return ``fresh`` or ``stale`` as uv says it, or ``error`` where it does not come to either."""
    done = uv(folder, "lock", "--check", "-v", **environment)
    if done.returncode == 0:
        return "fresh"
    # Where nothing can be resolved any more, uv's log still says why it wanted to.
    words = ("needs to be updated", "Resolving despite existing lockfile", "Ignoring existing lockfile")
    return "stale" if any(word in done.stderr for word in words) else "error"


def verdict(folder: Path, environ: Mapping[str, str] | None = None) -> FreshnessVerdict:
    reader = Reader(environ)
    return freshness(reader, read_lock(reader, str(folder / "uv.lock")))


def we_say(folder: Path, environ: Mapping[str, str] | None = None) -> str:
    try:
        state = verdict(folder, environ).state
    except EnvguardError:
        return "error"
    return {Freshness.FRESH: "fresh", Freshness.STALE: "stale", Freshness.UNKNOWN: "unknown"}[state]


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def repository(folder: Path) -> None:
    """Make a git repository of the project ``gitty`` with two tags, and another project inside it."""
    text = '[project]\nname = "gitty"\nversion = "1.0"\n'
    write(folder, {MANIFEST: text, "inner/pyproject.toml": text})
    for command in ("init -q -b main", "add .", "commit -qm one", "tag v1", "commit -q --allow-empty -m two", "tag v2"):
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        subprocess.run(["git", *identity, *command.split()], cwd=folder, check=True)


def world(folder: Path, files: Mapping[str, str]) -> Path:
    """Fill *folder* with *files* and all that they may ask for, and lock it."""
    wheels(folder / "wheels")
    wheels(folder / "others")
    wheel(folder / "archives", "archive", "1.0", "gamma")
    wheel(folder / "archives", "gamma", "1.0")
    shutil.copytree(folder / "archives", folder / "archives" / "copy")
    repository(folder / "repository")
    shutil.copytree(folder / "repository", folder / "copy")
    write(folder, {name: text.replace("HERE", str(folder)) for name, text in files.items()})
    done = uv(folder, "lock")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {name: world(tmp_path_factory.mktemp("base").resolve(), base.files) for name, base in BASES.items()}


def apply(folder: Path, change: Change) -> None:
    for edit in change:
        old, new = (text and text.replace("HERE", str(folder)) for text in (edit.old, edit.new))
        if old is None:
            write(folder, {edit.file: new or ""})
            continue
        text = (folder / edit.file).read_text()
        assert old in text, f"the change finds nothing to change: {old}"
        (folder / edit.file).write_text(text.replace(old, new or "", 1))


@pytest.mark.parametrize(
    ("name", "change"), [(name, change) for name, base in BASES.items() for change in base.changes]
)
def test_a_change_makes_a_lock_stale_where_it_does_for_uv(
    locked: dict[str, Path], folder: Path, name: str, change: str
) -> None:
    shutil.copytree(locked[name], folder / "project", symlinks=True)
    # uv and git record where things are: every change happens where the lock was made.
    here = locked[name]
    shutil.move(here, folder / "aside")
    try:
        shutil.move(folder / "project", here)
        lock = (here / "uv.lock").read_bytes()
        apply(here, BASES[name].changes[change])
        theirs, ours = uv_says(here), we_say(here)
        assert (here / "uv.lock").read_bytes() == lock
    finally:
        shutil.rmtree(here)
        shutil.move(folder / "aside", here)
    assert (theirs, ours) == OTHERWISE.get((name, change), (theirs, theirs))


SIMPLE = f"""
[project]
name = "app"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["alpha", "archive"]

[project.optional-dependencies]
more = ["gamma"]
none = []

[dependency-groups]
dev = ["delta"]
empty = []

[tool.uv]

[tool.uv.sources]
archive = {{ path = "archives/archive-1.0-py3-none-any.whl" }}
{INDEXES}"""


@pytest.fixture
def simple(folder: Path) -> Path:
    return world(folder, {MANIFEST: SIMPLE})


def relock(folder: Path, *changes: tuple[str, str]) -> None:
    """Change the text of the lock by regular expressions."""
    text = (folder / "uv.lock").read_text()
    for pattern, new in changes:
        text, count = re.subn(pattern, new, text, flags=re.MULTILINE)
        assert count, pattern
    (folder / "uv.lock").write_text(text)


OLD = (("^revision = .*\n", ""), ("^provides-extras = .*\n", ""), (r"^empty = \[\]\n", ""))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", "fresh"),
        ("none = []", "none = []\nlast = []", "fresh"),
        ("empty = []", "empty = []\nlast = []", "fresh"),
        ("empty = []", 'empty = ["gamma"]', "stale"),
        ("[tool.uv]\n", '[tool.uv]\ndefault-groups = ["dev", "empty"]\n', "fresh"),
        ('["alpha", ', '["alpha>1", ', "stale"),
    ],
)
def test_a_lock_of_before_revision_1_is_compared_by_what_it_records(
    simple: Path, old: str, new: str, expected: str
) -> None:
    relock(simple, *OLD)
    (simple / MANIFEST).write_text((simple / MANIFEST).read_text().replace(old, new, 1))
    assert (uv_says(simple), we_say(simple)) == (expected, expected)


def test_a_lock_without_recorded_requirements_cannot_be_told(simple: Path) -> None:
    (simple / "uv.lock").unlink()
    assert uv(simple, "lock", "--preview-features", "lock-without-metadata").returncode == 0
    assert "[package.metadata]" not in (simple / "uv.lock").read_text()
    # uv takes it for stale as long as the preview is off.
    assert uv_says(simple) == "stale"
    (reason,) = verdict(simple).reasons
    assert reason.message == "the lock does not record what app declared when it was made"
    assert reason.unknown
    (simple / MANIFEST).write_text(SIMPLE.replace('version = "1.0"', 'version = "2.0"'))
    assert we_say(simple) == "stale"


def test_an_archive_with_other_bytes_is_stale_though_uv_compares_only_what_it_declares(simple: Path) -> None:
    assert (uv_says(simple), we_say(simple)) == ("fresh", "fresh")
    with zipfile.ZipFile(simple / "archives" / "archive-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("more.py", "")
    assert uv_says(simple) == "fresh"
    (reason,) = verdict(simple).reasons
    assert reason.message == (
        "the archive of archive (taken in by: uv lock --upgrade-package archive) is not the one in the lock"
    )
    # uv is no better off later on: it refuses to install what it has just called fresh.
    assert "Hash mismatch" in uv(simple, "sync", "--locked").stderr
    assert uv(simple, "lock", "--upgrade-package", "archive").returncode == 0
    assert we_say(simple) == "fresh"


def test_an_archive_or_a_folder_that_is_gone_cannot_be_told(simple: Path) -> None:
    (simple / "archives" / "archive-1.0-py3-none-any.whl").unlink()
    assert uv_says(simple) == "error"
    (reason,) = verdict(simple).reasons
    assert reason.message == (
        "the archive that archive comes from cannot be read: no such file or directory: "
        f"{simple}/archives/archive-1.0-py3-none-any.whl"
    )
    assert reason.unknown


REMOTE = (
    ('registry = "wheels"', 'registry = "https://index.example/simple"'),
    (
        r'\{ path = "((alpha|beta|delta|epsilon|gamma)[^"]*)" \}',
        rf'{{ url = "https://files.example/\1", hash = "sha256:{"0" * 64}" }}',
    ),
)
HERE = 'url = "wheels"\nformat = "flat"\n'


@pytest.mark.parametrize(
    ("url", "theirs", "ours"),
    [
        ("https://index.example/simple", "fresh", "fresh"),
        ("https://me:secret@index.example/simple", "fresh", "fresh"),
        ("https://index.example:443/simple", "fresh", "fresh"),
        ("https://index.example/other", "stale", "stale"),
        # The same index; uv compares the spelling.
        ("https://index.example/simple/", "stale", "fresh"),
    ],
)
def test_an_index_is_known_by_its_url(simple: Path, url: str, theirs: str, ours: str) -> None:
    relock(simple, *REMOTE)
    (simple / MANIFEST).write_text(SIMPLE.replace(HERE, f'url = "{url}"\n'))
    assert (uv_says(simple), we_say(simple)) == (theirs, ours)


def test_one_index_that_nothing_names_is_taken_for_the_default_one(simple: Path) -> None:
    relock(simple, *REMOTE)
    without = re.sub(r'\[\[tool\.uv\.index\]\]\nname = "flat"\n(.*\n){3}', "", SIMPLE)
    (simple / MANIFEST).write_text(without)
    # Which index uv takes by default is not written down in a project, and may be a mirror that every user sets.
    assert (uv_says(simple), we_say(simple)) == ("stale", "fresh")
    (simple / MANIFEST).write_text(re.sub(r"\[\[tool\.uv\.index\]\]\n(.+\n)*", "", SIMPLE))
    assert (uv_says(simple), we_say(simple)) == ("fresh", "fresh")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("UV_DEFAULT_INDEX", "https://index.example/simple"),
        ("UV_INDEX", "mine=https://index.example/simple other=https://index.example/third"),
        ("UV_EXTRA_INDEX_URL", "https://index.example/third https://index.example/simple"),
    ],
)
def test_an_index_that_only_a_variable_sets_cannot_be_told(simple: Path, variable: str, value: str) -> None:
    relock(simple, *REMOTE)
    (simple / MANIFEST).write_text(SIMPLE.replace(HERE, 'url = "https://index.example/other"\n'))
    assert uv_says(simple, **{variable: value}) == "fresh"
    (reason,) = verdict(simple, {variable: value}).reasons
    assert reason.message == (
        f"the lock takes alpha 2.0 from an index that {variable} sets here, and the project does not"
    )
    assert reason.unknown
    (reason,) = verdict(simple, {variable: "https://index.example/third"}).reasons
    assert reason.message == "the lock takes alpha 2.0 from an index that the project does not set"
    assert not reason.unknown


def test_an_index_that_only_the_user_sets_cannot_be_told(simple: Path) -> None:
    relock(simple, *REMOTE)
    (simple / MANIFEST).write_text(SIMPLE.replace(HERE, 'url = "https://index.example/other"\n'))
    config = simple / "config" / "uv" / "uv.toml"
    write(simple, {"config/uv/uv.toml": '[[index]]\nurl = "https://index.example/simple"\n'})
    environ = {"XDG_CONFIG_HOME": str(simple / "config")}
    assert uv_says(simple, **environ) == "fresh"
    (reason,) = verdict(simple, environ).reasons
    assert reason.message == f"the lock takes alpha 2.0 from an index that {config} sets here, and the project does not"
    config.write_text("no toml")
    assert we_say(simple, environ) == "stale"


@pytest.mark.parametrize(
    ("key", "variable", "value"),
    [
        ("resolution", "UV_RESOLUTION", "lowest"),
        ("prerelease", "UV_PRERELEASE", "allow"),
        ("fork-strategy", "UV_FORK_STRATEGY", "fewest"),
        ("exclude-newer", "UV_EXCLUDE_NEWER", "2026-01-01T00:00:00Z"),
    ],
)
def test_an_option_that_only_a_variable_sets_cannot_be_told(folder: Path, key: str, variable: str, value: str) -> None:
    plain = SIMPLE.replace('"alpha", "archive"', '"alpha"')
    world(folder, {MANIFEST: plain.replace("[tool.uv]\n", f'[tool.uv]\n{key} = "{value}"\n', 1)})
    (folder / MANIFEST).write_text(plain)
    assert (uv_says(folder), we_say(folder, {})) == ("stale", "stale")
    assert uv_says(folder, **{variable: value}) == "fresh"
    (reason,) = verdict(folder, {variable: value}).reasons
    assert reason.unknown
    assert reason.message == (
        f"{variable} sets '{key}' here to what the lock was made with, the project's own settings do not"
    )
    # A variable that makes uv wish for another resolution is no change of the project.
    (folder / MANIFEST).write_text(plain.replace("[tool.uv]\n", f'[tool.uv]\n{key} = "{value}"\n', 1))
    assert we_say(folder, {variable: "other"}) == "fresh"


def test_settings_come_from_the_nearest_folder_that_has_some(folder: Path) -> None:
    (folder / "project").mkdir()
    wheels(folder / "project" / "wheels")
    project = '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = ["alpha"]\n'
    write(folder, {"uv.toml": 'find-links = ["project/wheels"]\nno-index = true\n', "project/pyproject.toml": project})
    assert uv(folder / "project", "lock").returncode == 0
    assert (uv_says(folder / "project"), we_say(folder / "project")) == ("fresh", "fresh")
    write(folder, {"uv.toml": 'find-links = ["project/wheels"]\nno-index = true\nresolution = "lowest"\n'})
    assert (uv_says(folder / "project"), we_say(folder / "project")) == ("stale", "stale")
    write(folder, {"project/pyproject.toml": project + '\n[tool.uv]\nfind-links = ["wheels"]\nno-index = true\n'})
    assert (uv_says(folder / "project"), we_say(folder / "project")) == ("fresh", "fresh")


LIBRARY = '[project]\nname = "library"\nversion = "1.0"\ndependencies = ["gamma", "cousin"]\n'


@pytest.mark.parametrize("change", ["nothing", "the root's source", "the member", "the root's exclusion"])
def test_a_folder_elsewhere_is_read_with_its_own_workspace(folder: Path, change: str) -> None:
    root = '[tool.uv.workspace]\nmembers = ["*"]\n\n[tool.uv.sources]\ncousin = { workspace = true }\n'
    cousin = '[project]\nname = "cousin"\nversion = "1.0"\n'
    files = {
        "theirs/pyproject.toml": root,
        "theirs/library/pyproject.toml": LIBRARY,
        "theirs/cousin/pyproject.toml": cousin,
        MANIFEST: SIMPLE.replace('"alpha", "archive"', '"library"').replace(
            "[tool.uv.sources]\n", '[tool.uv.sources]\nlibrary = { path = "theirs/library" }\n'
        ),
    }
    world(folder, files)
    changed = {
        "nothing": {},
        "the root's source": {
            "theirs/pyproject.toml": root.replace("{ workspace = true }", "{ workspace = true, editable = false }")
        },
        "the member": {"theirs/cousin/pyproject.toml": cousin.replace("1.0", "1.1")},
        "the root's exclusion": {"theirs/pyproject.toml": root.replace('["*"]\n', '["*"]\nexclude = ["library"]\n')},
    }[change]
    write(folder, changed)
    theirs = uv_says(folder)
    assert we_say(folder) == theirs
    assert theirs == ("fresh" if change == "nothing" else "stale")


BACKEND = """
import os

def prepare_metadata_for_build_editable(folder, settings=None):
    info = os.path.join(folder, "app-3.1.dist-info")
    os.makedirs(info)
    lines = ["Metadata-Version: 2.4", "Name: app", "Version: 3.1", "Requires-Python: >=3.11", "Provides-Extra: a",
             "Provides-Extra: b", "Requires-Dist: alpha<2", "Requires-Dist: gamma; extra == 'a'",
             "Requires-Dist: FLAT; extra == 'b'"]
    with open(os.path.join(info, "METADATA"), "w") as file:
        file.write("\\n".join(lines))
    with open(os.path.join(info, "WHEEL"), "w") as file:
        file.write("Wheel-Version: 1.0\\nGenerator: hand\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    return os.path.basename(info)

prepare_metadata_for_build_wheel = prepare_metadata_for_build_editable
"""
DYNAMIC = f"""
[project]
name = "app"
dynamic = ["version"]
requires-python = ">=3.11"
dependencies = ["alpha<2"]

[project.optional-dependencies]
a = ["gamma"]
b = ["app[a]"]

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[tool.uv]
{INDEXES}"""


@pytest.mark.parametrize("flat", ["app[a]", "gamma"])
def test_a_version_from_the_backend_is_no_obstacle(folder: Path, flat: str) -> None:
    world(folder, {MANIFEST: DYNAMIC, "backend.py": BACKEND.replace("FLAT", flat)})
    assert (uv_says(folder), we_say(folder)) == ("fresh", "fresh")
    (folder / MANIFEST).write_text(DYNAMIC.replace('dynamic = ["version"]', 'version = "3.1"'))
    assert (uv_says(folder), we_say(folder)) == ("stale", "stale")
    # A backend that follows the manifest will say something else now; this one repeats itself, and uv believes it.
    (folder / MANIFEST).write_text(DYNAMIC.replace("alpha<2", "alpha<3"))
    assert (uv_says(folder), we_say(folder)) == ("fresh", "stale")


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ('dependencies = ["alpha<2"]\n', "", '"dependencies"'),
        ('\n[project.optional-dependencies]\na = ["gamma"]\nb = ["app[a]"]\n', "", '"optional-dependencies"'),
    ],
)
def test_requirements_from_the_backend_cannot_be_told(folder: Path, old: str, new: str, what: str) -> None:
    world(folder, {MANIFEST: DYNAMIC, "backend.py": BACKEND.replace("FLAT", "gamma")})
    text = DYNAMIC.replace(old, new).replace('["version"]', f'["version", {what}]')
    (folder / MANIFEST).write_text(text)
    assert uv_says(folder) == "fresh", "uv runs the backend"
    (reason,) = verdict(folder).reasons
    assert reason.unknown
    assert reason.message == f"the {what.strip(chr(34))} of app are known to its build backend alone"
    assert reason.keys == ("project", "dynamic")
