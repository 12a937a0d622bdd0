"""A small ``pylock.toml`` with its manifest."""

from __future__ import annotations

import hashlib

MANIFEST = """
[project]
name = "app"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["alpha>=1", "beta[fast]"]

[project.optional-dependencies]
plot = ["delta"]

[dependency-groups]
test = ["gamma", "zeta>=1; sys_platform == 'win32'"]
more = [{ include-group = "test" }, "epsilon"]
"""


def digest(name: str, version: str) -> str:
    """Return a hash for the only file of a package, another one for each."""
    return hashlib.sha256(f"{name} {version}".encode()).hexdigest()


def hashes(name: str, version: str) -> str:
    return f'{{ sha256 = "{digest(name, version)}" }}'


def package(name: str, version: str, more: str = "", *, tag: str = "py3-none-any") -> str:
    return (
        f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}'
        f'wheels = [{{ url = "https://files.index.example/{name}-{version}-{tag}.whl", hashes = {hashes(name, version)} }}]\n'
    )


PACKAGES = "".join(
    (
        package("alpha", "1.5", "marker = \"sys_platform == 'linux'\"\n"),
        package("beta", "1.0", 'dependencies = [{ name = "delta" }]\n'),
        package("delta", "1.0", "marker = \"'plot' in extras or 'fast' in extras\"\n"),
        package("epsilon", "1.0", "marker = \"'more' in dependency_groups\"\n"),
        package("gamma", "1.0", "marker = \"'more' in dependency_groups or 'test' in dependency_groups\"\n"),
    )
)
HEAD = """\
requires-python = ">=3.9"
environments = ["sys_platform == 'linux'", "sys_platform == 'win32'"]
extras = ["plot", "fast"]
dependency-groups = ["test", "more"]
default-groups = ["test"]
"""


def lock(
    packages: str = PACKAGES, head: str = HEAD, *, version: str = "1.0", writer: str = "hand", more: str = ""
) -> str:
    return f'lock-version = "{version}"\ncreated-by = "{writer}"\n{head}{packages}{more}'
