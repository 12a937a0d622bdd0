"""What RECORD says: text that anybody may have written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from envguard.files.claims import Claimed, Claims, Plain, prefix_of, recorded
from envguard.installed.model import Distribution, Layer
from envguard.reader import Reader

DIGEST = b"sha256=" + b"A" * 43


@pytest.fixture
def site(folder: Path) -> Path:
    found = folder / "env" / "lib" / "python3.11" / "site-packages"
    (found / "tiny-1.0.dist-info").mkdir(parents=True)
    return found


def claims(site: Path, record: bytes | None) -> Claims:
    info = site / "tiny-1.0.dist-info"
    if record is not None:
        (info / "RECORD").write_bytes(record)
    found = Distribution(name="tiny", version="1.0", path=str(info), layer=Layer.ENVIRONMENT, digest="blake3:x")
    return recorded(Reader({}), found)


def test_rows_are_taken_as_they_are(site: Path) -> None:
    record = b"tiny/a.py,%b,12\ntiny/b.py,%b,\ntiny-1.0.dist-info/RECORD,,\ntiny/c.pyc,,\n" % (DIGEST, DIGEST)
    found = claims(site, record)
    assert (found.fault, found.beyond, found.owner.source) == (None, (), "RECORD")
    assert found.rows == {str(site): [b"tiny/a.py,%b,12" % DIGEST, b"tiny/b.py,%b," % DIGEST]}
    assert [(row.folder, row.path) for row in found.plain] == [
        (str(site), b"tiny-1.0.dist-info/RECORD"),
        (str(site), b"tiny/c.pyc"),
    ]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
@pytest.mark.parametrize(
    "others",
    [
        [b"e=f,,"],
        [b"m.py,md5=x,1"],
        [b"m.py,md5=x,1", b"twice,sha256=x,sha256=y"],
        [b"bare,abc,1"],
        [b'"q,r",,', b"a=b,sha384=zz,2"],
        [b"t/c%d.pyc,," % number for number in range(40)],
    ],
)
def test_rows_with_and_without_a_sha256_are_told_apart_wherever_they_stand(
    site: Path, others: list[bytes], end: bytes
) -> None:
    hashed = [b"tiny/%d.py,%b,%d" % (number, DIGEST, number) for number in range(40)]
    for rows in (hashed + others, others + hashed, [*hashed[:7], *others, *hashed[7:]], others):
        found = claims(site, end.join([*rows, b""]))
        wanted = sorted(row for row in rows if b",sha256=" in row)
        assert sorted(found.rows[str(site)]) == wanted
        assert len(found.plain) == len(rows) - len(wanted)
        assert (found.fault, found.beyond) == (None, ())


@pytest.mark.parametrize("inner", [b"a/../b", b"a//b", b"a/./b", b"a/b/..", b"a/."])
def test_a_path_that_goes_to_and_fro_is_seen_among_such_as_only_begin_so(site: Path, inner: bytes) -> None:
    record = b"".join(b"%b,%b,1\n" % (path, DIGEST) for path in (b"a/.h/c", b"../../../bin/x", inner, b".e/f"))
    found = claims(site, record)
    straight = os.path.normpath(inner)
    assert sorted(found.rows[str(site)]) == sorted(
        b"%b,%b,1" % (path, DIGEST) for path in (b".e/f", b"a/.h/c", straight)
    )
    assert found.rows[str(site.parents[2])] == [b"bin/x,%b,1" % DIGEST]


@pytest.mark.parametrize(
    ("written", "where", "path"),
    [
        (b"../../../bin/x", "env", b"bin/x"),
        (b"../../../share/x/../y", "env", b"share/y"),
        (b"../../../lib/python3.11/site-packages/tiny/a.py", "site", b"tiny/a.py"),
        (b"../other/x.py", "env", b"lib/python3.11/other/x.py"),
        (b"./tiny/a.py", "site", b"tiny/a.py"),
        (b"tiny/../tiny/a.py", "site", b"tiny/a.py"),
        (b"tiny//a.py", "site", b"tiny/a.py"),
        (b"tiny/./a.py", "site", b"tiny/a.py"),
        (b"ABSOLUTE/bin/x", "env", b"bin/x"),
        (b"ABSOLUTE/lib/python3.11/site-packages/x.py", "site", b"x.py"),
        (b'"tiny/a,b.py"', "site", b"tiny/a,b.py"),
        (b'"tiny/a""b.py"', "site", b'tiny/a"b.py'),
        (b"tiny/\xff.py", "site", b"tiny/\xff.py"),
        (b".hidden/a.py", "site", b".hidden/a.py"),
        (b"...", "site", b"..."),
        (b"tiny/..x", "site", b"tiny/..x"),
    ],
)
def test_a_path_is_looked_up_where_it_leads(site: Path, written: bytes, where: str, path: bytes) -> None:
    env = site.parents[2]
    written = written.replace(b"ABSOLUTE", os.fsencode(env))
    found = claims(site, b"%b,%b,1\n" % (written, DIGEST))
    place = str(site if where == "site" else env)
    assert {key: rows for key, rows in found.rows.items() if rows} == {place: [b"%b,%b,1" % (path, DIGEST)]}
    assert found.beyond == ()


@pytest.mark.parametrize(
    "written",
    [
        b"../../../../outside",
        b"../../../../../../../../../etc/passwd",
        b"tiny/../../../../../x",
        b"/etc/passwd",
        b"//etc/passwd",
        b"../../..",
        b"tiny/../../../../..",
        b"a" * 5000,
        b"tiny/a\0b",
    ],
)
def test_what_leads_out_of_the_environment_is_named_and_not_followed(site: Path, written: bytes) -> None:
    found = claims(site, b"%b,%b,1\ntiny.py,%b,1\n" % (written, DIGEST, DIGEST))
    assert len(found.beyond) == 1
    assert found.rows == {str(site): [b"tiny.py,%b,1" % DIGEST]}


def test_a_nul_in_a_path_below_is_no_path(site: Path) -> None:
    assert claims(site, b"tiny/a\0b.py,%b,1\n" % DIGEST).beyond == ("tiny/a\\x00b.py",)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (None, "it has no RECORD"),
        (b"", "its RECORD lists no files"),
        (b"\n\n", "its RECORD lists no files"),
        (b"tiny.py,sha256=x\n", "its RECORD is malformed: line 1 has 2 fields, 3 are expected"),
        (b"a,b,c,d\n", "its RECORD is malformed: line 1 has 4 fields, 3 are expected"),
        (b"a,sha256=x,1\nb,sha256=x\nc,d,sha256=x,1\n", "its RECORD is malformed: line 2 has 2 fields, 3 are expected"),
        (b"a,sha256=x,1\n,sha256=x,1\n", "its RECORD is malformed: line 2 has a line break in a field, or no path"),
        (b'"a,sha256=x,1\n', "its RECORD is malformed: line 2: unexpected end of data"),
    ],
)
def test_a_record_that_is_none_is_a_fault(site: Path, record: bytes | None, fault: str) -> None:
    found = claims(site, record)
    assert (found.fault, found.rows, found.plain) == (fault, {}, ())


def test_a_record_that_is_a_folder_is_a_fault(site: Path) -> None:
    (site / "tiny-1.0.dist-info" / "RECORD").mkdir()
    assert claims(site, None).fault == "its RECORD is not a regular file"


def test_what_was_installed_without_metadata_folder_has_no_record(site: Path) -> None:
    found = Distribution(name="old", version="1", path=str(site / "old.egg-info"), layer=Layer.ENVIRONMENT, digest="x")
    assert recorded(Reader({}), found).fault == "it was installed without a RECORD"


def test_line_ends_of_windows_and_folders_are_taken(site: Path) -> None:
    found = claims(site, b"tiny/,,\r\ntiny/a.py,%b,1\r\n" % DIGEST)
    assert found.rows == {str(site): [b"tiny/a.py,%b,1" % DIGEST]}
    assert found.plain == ()


def test_other_hashes_need_a_look_of_their_own(site: Path) -> None:
    found = claims(site, b"a,md5=x,1\nb,sha512=y,2\nc,,3\n../../../d,md5=z,4\n")
    env = str(site.parents[2])
    assert found.plain == (
        Plain(folder=str(site), path=b"a", digest=b"md5=x", size=b"1"),
        Plain(folder=str(site), path=b"b", digest=b"sha512=y", size=b"2"),
        Plain(folder=str(site), path=b"c", digest=b"", size=b"3"),
        Plain(folder=env, path=b"d", digest=b"md5=z", size=b"4"),
    )


def test_all_packages_of_a_folder_are_one_list(site: Path) -> None:
    first = claims(site, b"a,%b,1\nb,,\n" % DIGEST)
    second = claims(site, b"a,%b,1\nc,%b,2\n" % (DIGEST, DIGEST))
    found = Claimed([first, second], str(site))
    assert (found.paths, found.owners, [*found.plain]) == ([b"a", b"a", b"c"], [0, 1, 1], [b"b"])


@pytest.mark.parametrize(
    ("folder", "prefix"),
    [
        ("/env/lib/python3.11/site-packages", "/env"),
        ("/env/lib64/python3.13t/site-packages", "/env"),
        ("/usr/lib/python3/dist-packages", "/usr"),
        ("/usr/local/lib/python3.10/dist-packages", "/usr/local"),
        ("/env/lib/pypy3.10/site-packages", "/env"),
        ("/Users/ada/Library/Python/3.11/lib/python/site-packages", "/Users/ada/Library/Python/3.11"),
        ("/env/Lib/site-packages", "/env"),
        ("/home/ada/target", "/home/ada/target"),
        ("/home/ada/lib/other/site-packages", "/home/ada/lib/other/site-packages"),
    ],
)
def test_the_environment_of_a_folder_of_packages(folder: str, prefix: str) -> None:
    assert prefix_of(folder) == prefix
