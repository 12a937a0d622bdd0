"""A small ``pylock.toml`` with its manifest."""

from __future__ import annotations

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
HASH = "3d96b19ab6a9dbdc4ae0e6ed9d8d4b9ca2ca5a4d8d1ccdd7c1c3a2e6e1c7e4ab"
HASHES = f'{{ sha256 = "{HASH}" }}'


def package(name: str, version: str, more: str = "", *, tag: str = "py3-none-any") -> str:
    return (
        f'\n[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}'
        f'wheels = [{{ url = "https://files.index.example/{name}-{version}-{tag}.whl", hashes = {HASHES} }}]\n'
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
