"""A receipt as people read it."""

from __future__ import annotations

import io

from envguard.report import receipt_text


def test_the_machine_is_told_with_its_gpus() -> None:
    facts = {
        "interpreter.implementation": "cpython",
        "interpreter.version": "3.12.3",
        "cpu.model": "Xeon",
        "nvidia.gpus": "2 x NVIDIA H200",
        "amd.gpus": "none",
        "nvidia.driver": "580.159.04",
        "platform.libc": "glibc 2.39",
        "torch.version": "2.11.0+cu130",
        "torch.cuda": "13.0",
    }
    stream = io.StringIO()
    receipt_text.write(
        {"seed": 1, "scheme": "envguard.rng.v1", "seeded": {}, "switches": {}, "observed": {"facts": facts}},
        stream,
        path="receipt.json",
    )
    told = " ".join(stream.getvalue().split())
    assert (
        "machine cpython 3.12.3, Xeon, 2 x NVIDIA H200, driver 580.159.04, glibc 2.39, torch 2.11.0+cu130, CUDA 13.0"
        in told
    )
