"""Secrets are left out wherever one could stand; what is none is kept, since a run cannot be repeated without its arguments."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envguard.redact import REDACTED, names_secret, redact_arguments, redact_text

# As long as passwords are, and of what passwords are made of; no word that could stand there by itself.
SECRETS = st.text(string.ascii_letters + string.digits + "!#$%*+-./:;<=?^_~(){}[]|", min_size=8, max_size=40).map(
    lambda text: f"s3Kr1t{text}"
)
NAMES = st.sampled_from(
    [
        "api_key",
        "api-key",
        "apiKey",
        "APIKEY",
        "hf_token",
        "wandb.api_key",
        "access-token",
        "github_pat",
        "password",
        "db.password",
        "DB_PASSWORD",
        "passwd",
        "client_secret",
        "clientSecret",
        "aws_secret_access_key",
        "secret",
        "credentials",
        "storage_account_key",
        "signature",
        "token",
        "auth",
        "private_key",
    ]
)


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["--token", "abc"], ["--token", REDACTED]),
        (["--token=abc"], [f"--token={REDACTED}"]),
        (["-token", "abc", "--lr", "1"], ["-token", REDACTED, "--lr", "1"]),
        (["--hf_token", "--lr", "1"], ["--hf_token", "--lr", "1"]),
        (["+wandb.api_key=a b,c"], [f"+wandb.api_key={REDACTED}"]),
        (["-e", "WANDB_API_KEY=abc"], ["-e", f"WANDB_API_KEY={REDACTED}"]),
        (["s3://key:pass@host/x"], [f"s3://{REDACTED}@host/x"]),
        (["--url=https://user@host/x"], [f"--url=https://{REDACTED}@host/x"]),
        (["https://h.example/x?X-Amz-Signature=ab&part=1"], [f"https://h.example/x?X-Amz-Signature={REDACTED}&part=1"]),
        (['{"api_key": "a b", "lr": 1}'], [f'{{"api_key": "{REDACTED}", "lr": 1}}']),
        (["--header", "Authorization: Bearer abcdefgh"], ["--header", f"Authorization: {REDACTED}"]),
        (["hf_abcdefghijklmnop"], [REDACTED]),
        (["a1" * 20], [REDACTED]),
        (["--key-block", "-----BEGIN RSA PRIVATE KEY-----\nabc\n"], ["--key-block", REDACTED]),
        # None of these is a secret, and a run could not be repeated without them.
        (["--num-tokens", "512"], ["--num-tokens", "512"]),
        (["--max_tokens=512"], ["--max_tokens=512"]),
        (["--cls-token", "[CLS]", "--use_cls_token"], ["--cls-token", "[CLS]", "--use_cls_token"]),
        (["--tokenizer", "bert", "--pad_token=<pad>"], ["--tokenizer", "bert", "--pad_token=<pad>"]),
        (["--password-file", "/run/secret"], ["--password-file", "/run/secret"]),
        (["--auth-method", "none"], ["--auth-method", "none"]),
        (["--sort-key", "loss", "--primary_key=id"], ["--sort-key", "loss", "--primary_key=id"]),
        (["--commit", "a1" * 20], ["--commit", "a1" * 20]),
        (["--sha256=" + "a1" * 32], ["--sha256=" + "a1" * 32]),
        (["git+https://h.example/r@v1", "user@host:path"], ["git+https://h.example/r@v1", "user@host:path"]),
        (
            ["train.py", "--lr=0.1", "data/raw", "model.layers=3"],
            ["train.py", "--lr=0.1", "data/raw", "model.layers=3"],
        ),
    ],
)
def test_a_command_line_keeps_what_is_no_secret(arguments: list[str], kept: list[str]) -> None:
    assert redact_arguments(arguments) == kept
    assert redact_arguments(kept) == kept


@given(NAMES, SECRETS)
def test_what_names_itself_is_never_kept(name: str, secret: str) -> None:
    assert names_secret(name)
    for arguments in (
        [f"--{name}", secret],
        [f"--{name}={secret}"],
        [f"{name}={secret}"],
        [f"+{name}={secret}"],
        ["--set", f"{name}={secret}"],
        [json.dumps({name: secret})],
        [f"--config={json.dumps({'a': [{name: secret}]})}"],
        [repr({name: secret})],
    ):
        assert "s3Kr1t" not in json.dumps(redact_arguments(arguments)), arguments


@given(st.text(string.ascii_letters + string.digits + "!$*+-.:;=_~", min_size=1, max_size=20))
def test_nobody_is_named_in_an_address(password: str) -> None:
    for text in (
        f"https://user:s3Kr1t{password}@index.example/simple",
        f"see postgresql://s3Kr1t{password}@h/db and more",
        f"git+https://s3Kr1t{password}:x@h.example/r.git@v1",
    ):
        assert "s3Kr1t" not in redact_text(text)
        assert "@" in redact_text(text)


@given(st.text(max_size=200))
def test_any_text_is_taken_and_taken_twice_as_once(text: str) -> None:
    once = redact_text(text)
    assert redact_text(once) == once


@given(st.lists(st.text(max_size=60), max_size=6))
def test_no_argument_comes_or_goes(arguments: list[str]) -> None:
    assert len(redact_arguments(arguments)) == len(arguments)


def test_ordinary_texts_are_left_alone() -> None:
    texts: list[Any] = [
        "EG203 [version-mismatch] numpy 2.3.5 is installed, the lock pins 2.4.6",
        "blake3:" + "5d" * 32,
        "unknown: docker does not tell its containers which image they are of",
        "'augment' [3, 17]: keys and tokens of a sentence",
        "NVIDIA H100 80GB HBM3: compute capability 9.0",
    ]
    assert [redact_text(text) for text in texts] == texts
