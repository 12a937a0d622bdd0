"""``pylock.toml``."""

from __future__ import annotations

from tests.lockfiles.pylock import documents as pylock

from .base import Specimen

PYLOCK_SOURCES = "".join(
    (
        f'\n[[packages]]\nname = "one"\narchive = {{ url = "https://u:p@h.example/one.zip", hashes = {pylock.hashes("one", "1")} }}\n',
        '\n[[packages]]\nname = "two"\nvcs = { type = "git", url = "https://git.example/two", commit-id = "0" }\n',
        '\n[[packages]]\nname = "lib"\ndirectory = { path = "libs/lib", editable = true, subdirectory = "x" }\n',
        pylock.package(
            "three",
            "1",
            f'sdist = {{ name = "three-1.tar.gz", path = "x", size = 3, hashes = {pylock.hashes("three", "x")} }}\n',
        ),
    )
)

SPECIMENS = (
    Specimen(
        label="pylock",
        needed=(
            "archive",
            "commit-id",
            "created-by",
            "directory",
            "hashes",
            "lock-version",
            "name",
            "packages",
            "path",
            "sha256",
            "type",
            "url",
            "vcs",
            "wheels",
        ),
        ignored=(),
        format="pylock",
        opens="x = ",
        name="pylock.toml",
        text=pylock.lock(pylock.PACKAGES + PYLOCK_SOURCES),
        manifests={"pyproject.toml": pylock.MANIFEST},
        newer=('lock-version = "1.0"', 'lock-version = "9.0"'),
        twice=("[[packages]]\n", "[tool]\n[tool]\n[[packages]]\n"),
        real="pylock-pip/pylock.toml",
        extras=("plot",),
        groups=("more",),
    ),
)
