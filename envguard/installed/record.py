"""RECORD: what an installer wrote down of a package's files (PEP 376, PEP 627), and one digest of it."""

from __future__ import annotations

from bisect import bisect_left

from ..model import Unknown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 64 * 1024 * 1024
DOMAIN = b"envguard payload 1\n"
BOOKKEEPING = frozenset(
    (
        b"RECORD",
        b"RECORD.jws",
        b"RECORD.p7s",
        b"INSTALLER",
        b"REQUESTED",
        b"REFER_TO",
        b"direct_url.json",
        b"provenance_url.json",
        b"uv_build.json",
        b"uv_cache.json",
    )
)
SCRIPT_BYTES = 1024 * 1024
_SCRIPT_FOLDERS = frozenset((b"bin", b"scripts"))
_PLAIN = bytes(byte for byte in range(256) if byte not in b",=\r\n")


class RecordError(ValueError):
    """RECORD is no list of files with their hashes; the text says why."""


def payload_digest(record: bytes, folder: str) -> str | Unknown:
    """Return ``blake3:hex`` over what the content *record* of RECORD says of the payload, or why that tells nothing.

    *folder* is the name of the metadata folder. Installs of one wheel by pip, uv, Poetry and PDM have the same digest,
    so these rows do not count: what installers write for themselves (``BOOKKEEPING``, directly in *folder*), bytecode,
    and scripts, which are generated or rewritten for each environment (rows below ``bin`` or ``Scripts`` outside the
    folder of packages; a program of at least ``SCRIPT_BYTES`` bytes is no script and counts).

    The digest is BLAKE3 of ``DOMAIN`` and then the rows ``path,hash,size``, without repetition, in the order of their
    bytes, each with a line feed at its end and a field in quotes only where it holds a comma or a quote: RECORD's own
    form, so ``sort`` and ``b3sum`` reproduce it. No field may hold a line break. Paths are only text here: nothing that
    they name is opened.
    """
    own = folder.encode("utf-8", "surrogateescape") + b"/"
    try:
        rows = _plain_rows(record, own) or _parsed_rows(record, own)
    except RecordError as error:
        return Unknown(reason=f"RECORD {error}")
    from .._native import hexdigest

    return f"blake3:{hexdigest(DOMAIN + rows)}"


def _plain_rows(record: bytes, own: bytes) -> bytes | None:
    """Return the rows that count as one text; None where *record* is anything but three plain fields in every line.

    An environment has tens of thousands of rows, so whole texts are handled at once wherever that is possible.
    """
    if b'"' in record:
        return None
    end = b"\r\n" if b"\r" in record else b"\n"
    if not record.endswith(end):
        record += end
    rows = record.split(end)[:-1]
    bytecode = b".pyc," in record or b"__pycache__/" in record
    if bytecode:
        rows = [row for row in rows if not row.endswith(b".pyc,,")]
    rows.sort()
    # Sorted, the rows of one folder lie together: only the few of interest are looked at one by one.
    if there := rows[_within(rows, b"./")]:
        # Poetry starts a path like this now and then.
        rows[_within(rows, b"./")] = [row.removeprefix(b"./") for row in there]
        rows.sort()
    here = _within(rows, own)
    rows[here] = [row for row in rows[here] if row[len(own) :].partition(b",")[0] not in BOOKKEEPING]
    for folder in (b"../", b"/"):
        if there := rows[_within(rows, folder)]:
            rows[_within(rows, folder)] = [row for row in there if _row_counts(row, own)]
    nameless = bisect_left(rows, b",")
    if rows[nameless : nameless + 1] and rows[nameless].startswith(b","):
        return None
    if len(set(rows)) != len(rows):
        rows = sorted(set(rows))
    rows.append(b"")
    text = b"\n".join(rows)
    if bytecode and (b".pyc," in text or b"__pycache__/" in text):
        text = b"\n".join([row for row in rows if _row_counts(row, own)])
    # What is left when nearly all is deleted shows whether every row has three fields, the second algorithm=hash.
    structure = text.translate(None, _PLAIN)
    return text if structure == b",=,\n" * (len(structure) // 4) else None


def _parsed_rows(record: bytes, own: bytes) -> bytes:
    """Return the rows that count of a *record* that needs a real reader of CSV: quotes, blank lines, broken rows."""
    rows = set()
    for path, digest, size in parsed(record):
        if not _counts(path, size, own):
            continue
        if b"=" not in digest:
            raise RecordError(
                f"has no hash for {path.decode('utf-8', 'surrogateescape').encode('unicode_escape').decode()}"
            )
        rows.add(b",".join(map(_quoted, (path, digest, size))))
    if not rows:
        raise RecordError("lists no files")
    return b"\n".join([*sorted(rows), b""])


def parsed(record: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """Yield path, digest and size of every row, whatever its form; RecordError at the first one that is none."""
    import csv

    lines = record.decode("utf-8", "surrogateescape").replace("\r\n", "\n").split("\n")
    reader = csv.reader((line + "\n" for line in lines), strict=True)
    try:
        for fields in reader:
            if not fields:
                continue
            if len(fields) != 3:
                raise RecordError(f"is malformed: line {reader.line_num} has {len(fields)} fields, 3 are expected")
            path, digest, size = (field.encode("utf-8", "surrogateescape") for field in fields)
            path = path.removeprefix(b"./")
            if not path or b"\n" in path + digest + size:
                raise RecordError(f"is malformed: line {reader.line_num} has a line break in a field, or no path")
            yield path, digest, size
    except csv.Error as error:
        raise RecordError(f"is malformed: line {reader.line_num}: {error}") from None


def _within(rows: list[bytes], folder: bytes) -> slice:
    """Return where the rows below *folder*, which ends in a slash, lie in the sorted *rows*."""
    return slice(bisect_left(rows, folder), bisect_left(rows, folder[:-1] + b"0"))


def _quoted(field: bytes) -> bytes:
    return b'"' + field.replace(b'"', b'""') + b'"' if b"," in field or b'"' in field else field


def _row_counts(row: bytes, own: bytes) -> bool:
    path, _, rest = row.partition(b",")
    return _counts(path, rest.rpartition(b",")[2], own)


def _counts(path: bytes, size: bytes, own: bytes) -> bool:
    """Return whether the row of *path* tells of the payload, and not of what differs from installer to installer."""
    if path.endswith(b".pyc") or b"__pycache__/" in path:
        return False
    if path.startswith(own):
        return path[len(own) :] not in BOOKKEEPING
    if path.startswith((b"../", b"/")):
        folder = path.split(b"/")[-2]
        return folder.lower() not in _SCRIPT_FOLDERS or (size.isdigit() and int(size[:20]) >= SCRIPT_BYTES)
    return True
