"""The changes of a work tree as a patch that provably gives them back.

It holds files that git does not follow yet, binary content and changes of modes; it is made from objects, not with the user's
settings, and before it is handed out it is applied to the commit, and the tree that comes out is compared. Secrets and what is
too large are kept out, and named: then the patch is not complete.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RepositoryError
from .blobs import LFS, object_id
from .contents import index_rows, stage_all, write_tree
from .heads import commit_of
from .model import LeftOut, Patch, differs
from .places import places
from .sealed import Sealed
from .secrets import named_secret, token_in
from .status import MODULE, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .model import Submodule

LIMIT = 10_000_000
# The last one, since who asks what a patch would leave out often wants the patch a moment later.
_last: list[Patch] = []
_NOTHING = "000000"
_DIFF = (
    "diff-tree",
    "-r",
    "-p",
    "--binary",
    "--full-index",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--no-renames",
    "--src-prefix=a/",
    "--dst-prefix=b/",
    "--submodule=short",
    "--ignore-submodules=none",
)


def capture(
    root: str, *, limit: int = LIMIT, index: str | None = None, submodules: tuple[Submodule, ...] = ()
) -> Patch:
    """Return what differs in the work tree that begins in *root* from its commit.

    *limit* is how many bytes of content it may hold, *index* another index than the work tree's own. Changes inside of
    *submodules* are left out; they are those of a ``WorkTree``. RepositoryError where git cannot tell, or the patch does not give
    the work tree back.
    """
    where = places(root)
    commit, old = commit_of(where)
    base = old or object_id(b"", where.object_format, "tree")
    with Sealed(where, index=index) as sealed:
        left_out = [*stage_all(sealed, status(sealed, commit=commit), limit=limit)]
        inside = _left_out(sealed, base, limit)
        index_rows(sealed, (row for _, row in inside))
        left_out += (item for item, _ in inside)
        tree = write_tree(sealed)
        text = sealed.git.run(*_DIFF, base, tree)
        _prove(sealed, base, tree, text)
    left_out += (
        LeftOut(path=item.path, reason=_inside(item)) for item in submodules if differs(item) and _kept_apart(item)
    )
    left_out.sort(key=lambda item: item.path)
    patch = Patch(base=commit, tree=tree, text=text, limit=limit, left_out=tuple(left_out))
    _last[:] = [patch]
    return patch


def again(folder: str, tree: str, limit: int) -> Patch:
    """Return the patch that was captured last, where it gives *tree*, else that of the work tree around *folder* as it is now.

    *limit* and the errors are those of ``capture``.
    """
    if _last and _last[-1].tree == tree:
        return _last[-1]
    from ..reader import Reader
    from .places import find_root

    root = find_root(Reader(), folder)
    if root is None:
        raise RepositoryError("there is no repository any more", path=folder)
    return capture(root, limit=limit)


def _left_out(sealed: Sealed, base: str, limit: int) -> list[tuple[LeftOut, str]]:
    """Return each change that must not be in the patch, with the row that takes it back."""
    found, room = [], limit
    for mode, blob, now, path in _changes(sealed, base):
        reason = "its name is one of files with secrets" if named_secret(path) else None
        for content in (blob if mode not in (_NOTHING, MODULE) else "", now):
            if reason is not None or not content:
                continue
            data = sealed.git.blob(content, limit)
            if isinstance(data, int) or len(data) > room:
                size = data if isinstance(data, int) else len(data)
                reason = f"it has {size:,} bytes, and no more than {limit:,} are taken in all"
            elif data.startswith(LFS) and content == now:
                reason = "Git LFS keeps its content beside the commits"
            elif (token := token_in(data)) is not None:
                reason = f"there is {token} in it"
            elif content == now:
                room -= len(data)
        if reason is not None:
            found.append((LeftOut(path=path, reason=reason), f"{mode if mode != _NOTHING else '0'} {blob}\t{path}"))
    return found


def _changes(sealed: Sealed, base: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield for each path that the copy of the index changes: mode and id in *base*, the id of its new content, the path."""
    tree = write_tree(sealed)
    words = list(sealed.git.lines("diff-tree", "-r", "-z", "--raw", "--no-renames", base, tree))
    for facts, path in zip(words[::2], words[1::2], strict=True):
        mode, new_mode, blob, new, _ = facts.removeprefix(":").split(" ")
        yield mode, blob, new if new_mode not in (_NOTHING, MODULE) else "", path


def _prove(sealed: Sealed, base: str, tree: str, text: bytes) -> None:
    """Apply *text* to *base* where nothing is known of the objects of *tree*, and see that this is what comes out."""
    result = base
    if text:
        with open(sealed.inside("patch"), "wb") as file:
            file.write(text)
        proof = sealed.apart("proof")
        proof.run("read-tree", base)
        proof.run("apply", "--cached", "--binary", "--whitespace=nowarn", sealed.inside("patch"))
        result = proof.run("write-tree").decode().strip()
    if result != tree:
        raise RepositoryError("the patch of the work tree does not give it back", path=sealed.where.root)


def _kept_apart(module: Submodule) -> bool:
    return module.unread is not None or module.changes > 0


def _inside(module: Submodule) -> str:
    return module.unread or "the submodule has changes of its own"
