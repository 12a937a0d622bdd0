from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from envguard.probes import kernel
from tests.machine.machines import Gpu, Machine, compile_drivers

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., Machine]


@pytest.fixture(scope="session")
def drivers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the compiled stand-in drivers."""
    return compile_drivers(tmp_path_factory.mktemp("drivers"))


@pytest.fixture
def make(drivers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Return what makes a machine with GPUs out of the one that runs the test."""

    def machine(gpus: list[Gpu] | None = None, **more: str) -> Machine:
        made = Machine(tmp_path, drivers, [Gpu()] if gpus is None else gpus, **more)
        monkeypatch.setattr(kernel, "ROOT", str(made.root))
        monkeypatch.setenv("LD_LIBRARY_PATH", str(made.libraries))
        monkeypatch.setenv("STANDIN_MACHINE", str(made.answers))
        for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
            monkeypatch.delenv(name, raising=False)
        return made

    return machine
