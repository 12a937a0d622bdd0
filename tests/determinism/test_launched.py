"""Which rank of how many: as torch says, or the launcher."""

from __future__ import annotations

from typing import Any

import pytest

from envguard.determinism.launched import _NAMES, rank_and_size


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for names in _NAMES:
        for name in names:
            monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, (0, 1)),
        ({"RANK": "3", "WORLD_SIZE": "8"}, (3, 8)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"}, (1, 2)),
        ({"PMI_RANK": "0", "PMI_SIZE": "4"}, (0, 4)),
        ({"RANK": "3"}, (0, 1)),
        ({"RANK": "8", "WORLD_SIZE": "8"}, (0, 1)),
        ({"RANK": "x", "WORLD_SIZE": "8"}, (0, 1)),
        # What a shell on a cluster has without being a step of a job.
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "8"}, (0, 1)),
    ],
)
def test_the_launcher_is_believed_where_it_says_both(
    monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], wanted: tuple[int, int]
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert rank_and_size() == wanted


@pytest.mark.torch
def test_torch_is_believed_before_the_launcher(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    import torch.distributed as dist

    monkeypatch.setenv("RANK", "3")
    monkeypatch.setenv("WORLD_SIZE", "8")
    assert rank_and_size() == (3, 8)
    dist.init_process_group("gloo", init_method=f"file://{tmp_path}/store", rank=0, world_size=1)
    try:
        assert rank_and_size() == (0, 1)
    finally:
        dist.destroy_process_group()
