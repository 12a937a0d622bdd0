"""What must not be kept with a result: files that hold secrets, told by their names or by tokens of a well-known shape in them.

A token that looks like nothing in particular is not found. So a patch stays on the machine unless somebody sends it.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

_NAMES = (
    ".env",
    ".env.*",
    "*.env",
    ".envrc",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.ovpn",
    "id_rsa",
    "id_dsa",
    "id_ecdsa*",
    "id_ed25519*",
    ".netrc",
    "_netrc",
    ".pgpass",
    ".pypirc",
    ".npmrc",
    ".htpasswd",
    ".git-credentials",
    "credentials",
    "credentials.*",
    "secrets.*",
    "*kubeconfig*",
    "service-account*.json",
    "service_account*.json",
)
_HARMLESS = (".env.example", ".env.sample", ".env.template", ".env.dist", "*.pub", "*.py", "*.md")
# As their issuers document them; each begins with something that nothing else begins with.
_TOKENS = (
    ("a private key", rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    ("an access key of AWS", rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    ("a secret key of AWS", rb"(?i:aws_secret_access_key)[\"']?\s*[=:]\s*[\"']?[A-Za-z0-9/+=]{40}\b"),
    ("a token of GitHub", rb"\bgh[pousr]_[A-Za-z0-9]{36}|\bgithub_pat_[A-Za-z0-9_]{22,}"),
    ("a token of GitLab", rb"\bgl(?:pat|dt|rt|cbt)-[A-Za-z0-9_-]{20}"),
    ("a token of Hugging Face", rb"\bhf_[A-Za-z0-9]{34}\b"),
    ("a key of OpenAI or Anthropic", rb"\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,}"),
    ("a key of Weights & Biases", rb"(?i:wandb_api_key)[\"']?\s*[=:]\s*[\"']?[0-9a-f]{40}\b"),
    ("a key of Google", rb"\bAIza[0-9A-Za-z_-]{35}"),
    ("a token of Slack", rb"\bxox[abeoprs]-[0-9A-Za-z-]{10,}"),
    ("a key of Stripe", rb"\b[sr]k_live_[0-9A-Za-z]{16,}"),
    ("a token of npm", rb"\bnpm_[A-Za-z0-9]{36}\b"),
    ("a token of a package index", rb"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    ("a key of Azure storage", rb"\bAccountKey=[A-Za-z0-9+/=]{80,}"),
    ("a JSON web token", rb"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    (
        "a URL with a password",
        rb"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@\"'<>{}$]{1,80}:[^\s/:@\"'<>{}$]{3,200}@[A-Za-z0-9]",
    ),
)
_SHAPES = tuple((name, re.compile(pattern)) for name, pattern in _TOKENS)


def named_secret(path: str) -> bool:
    """Return whether the name of the file *path* is one that files with secrets have."""
    name = path.rpartition("/")[2].lower()
    if any(fnmatchcase(name, pattern) for pattern in _HARMLESS):
        return False
    return any(fnmatchcase(name, pattern) for pattern in _NAMES) or path.endswith(".docker/config.json")


def token_in(data: bytes) -> str | None:
    """Return what kind of token stands in *data*, None where there is none of a known shape."""
    return next((name for name, shape in _SHAPES if shape.search(data)), None)
