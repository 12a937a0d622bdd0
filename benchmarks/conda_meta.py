"""Measure reading what conda installed: the records of 400 packages, 120 MB, beside parsing each of them.

The environment is made on the spot, with the distribution of sizes that large environments have: most packages have a few dozen files,
some ten thousand. Prints a table in Markdown. ``make bench-conda`` runs it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from rounds import processor

from envguard.installed.conda import scan_conda
from envguard.installed.model import Environment, Layer, SiteFolder
from envguard.reader import Reader

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = "lib/python3.12/site-packages"
CHANNEL = "https://conda.index.example/conda-forge/linux-64"
# How many packages have how many files.
SIZES = ((300, 60), (80, 900), (20, 10_000))


def make(prefix: Path) -> int:
    """Write the records, with a metadata folder for every second package; return how many bytes they have."""
    meta = prefix / "conda-meta"
    meta.mkdir(parents=True)
    counts = [files for packages, files in SIZES for _ in range(packages)]
    for number, count in enumerate(counts):
        name, version, build = f"package{number}", f"1.{number}", f"h{number:07x}_0"
        files = [f"{SITE}/{name}/module_{at}/sub/file_{at}.py" for at in range(count)]
        known = {}
        if number % 2:
            info = f"{SITE}/{name}-{version}.dist-info"
            (prefix / info).mkdir(parents=True)
            rows = "".join(f"{name}/module_{at}.py,sha256={'a' * 43},{at}\n" for at in range(count))
            (prefix / info / "RECORD").write_text(rows)
            known[f"{info}/RECORD"] = hashlib.sha256(rows.encode()).hexdigest()
            files += [f"{info}/METADATA", f"{info}/RECORD"]
        paths = [{"_path": path, "path_type": "hardlink", "sha256": known.get(path, "0" * 64)} for path in files]
        for item in paths:
            item.update(sha256_in_prefix=item["sha256"], size_in_bytes="100")
        fn = f"{name}-{version}-{build}.conda"
        record = {
            "build": build,
            "channel": CHANNEL,
            "depends": ["python"],
            "files": files,
            "fn": fn,
            "md5": "0" * 32,
            "name": name,
            "paths_data": {"paths": paths, "paths_version": 1},
            "sha256": hashlib.sha256(fn.encode()).hexdigest(),
            "subdir": "linux-64",
            "url": f"{CHANNEL}/{fn}",
            "version": version,
        }
        (meta / f"{name}-{version}-{build}.json").write_text(json.dumps(record, indent=2, sort_keys=True))
    return sum(path.stat().st_size for path in meta.iterdir())


def cases(prefix: Path) -> dict[str, Callable[[], object]]:
    """Return what is measured, in the order of the table."""
    paths = sorted((prefix / "conda-meta").iterdir())
    present = [str(path) for path in (prefix / SITE).iterdir()]
    environment = Environment(
        prefix=str(prefix),
        base_prefix=str(prefix),
        executable=None,
        chosen_by="a benchmark",
        running=False,
        implementation="cpython",
        version="3.12.4",
        build="",
        markers={},
        folders=(SiteFolder(path=str(prefix / SITE), layer=Layer.ENVIRONMENT),),
    )

    def scan() -> None:
        found = scan_conda(Reader(), environment, present)
        whole = all(part.there and not part.overwritten for package in found for part in package.parts)
        if len(found) != len(paths) or any(package.problems for package in found) or not whole:
            sys.exit("error: the records were not read as they were written")

    def traced() -> None:
        if not reader.trace.settled() and not reader.trace.files:
            sys.exit("error: nothing was traced")
        for path in reader.trace.files:
            Path(path).stat()

    reader = Reader()
    scan_conda(reader, environment, present)
    return {
        "`scan_conda()`: records looked through, each RECORD hashed": scan,
        "`json.loads()` of each record": lambda: [json.loads(path.read_bytes()) for path in paths],
        "reading the records and no more": lambda: [path.read_bytes() for path in paths],
        "a `stat` of each input, as a kept answer asks": traced,
    }


def main() -> None:
    """Measure in interleaved rounds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        size = make(folder / "prefix")
        measured = cases(folder / "prefix")
        spent: dict[str, list[float]] = {name: [] for name in measured}
        for number in range(arguments.rounds + 1):
            for name, case in measured.items():
                start = time.perf_counter()
                case()
                # The first round fills the page cache.
                if number:
                    spent[name].append((time.perf_counter() - start) * 1000)
    finally:
        shutil.rmtree(folder)
    medians = {name: statistics.median(values) for name, values in spent.items()}
    base = next(iter(medians.values()))
    print(f"{sum(count for count, _ in SIZES)} records, {size / 1e6:.0f} MB; {processor()}\n")
    print("| what | median | times as long |\n|---|---:|---:|")
    for name, median in medians.items():
        print(f"| {name} | {median:.1f} ms | {median / base:.2f} |")


if __name__ == "__main__":
    main()
