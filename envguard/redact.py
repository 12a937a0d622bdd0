"""What must not be kept: passwords, tokens and keys in variables, command lines, addresses and texts.

A receipt is shown to others and lies beside results for years. What names itself (``--token=…``, ``api_key: …``), what stands
where passwords stand (``user:password@host``) and what is shaped like the tokens of well-known services is replaced by
``[redacted]``. A secret that nothing gives away (``-p hunter2``) cannot be told from any other word. On the path of every
clean check: imports nothing heavy.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

REDACTED = "[redacted]"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Compiled when they are first needed, and kept by re: all of them together would cost every start milliseconds.
_GIVEN_AWAY = r"(?:^|_)(?:API_?KEY|AUTH|CREDENTIALS?|PASS(?:WD|WORD)?|SECRET|TOKEN)S?(?:_|$)"
_PREFIXED = r"\b(?:gh[pousr]_|github_pat_|glpat-|hf_|sk-|xox[abpr]-|AKIA|ASIA|eyJ)[A-Za-z0-9_\-]{12,}"
_SHAPE = r"(?<![A-Za-z0-9/+_.\-])(?=[A-Za-z0-9+]*[0-9])(?=[A-Za-z0-9+]*[A-Za-z])[A-Za-z0-9+]{40,}={0,2}"
_SHAPED = r"://[^/\s@]+:[^/\s@]+@|" + _PREFIXED + "|" + _SHAPE

_LENGTH = 40

# The words of a name, from camelCase, kebab-case, snake_case and dots.
_WORDS = r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+"
_SECRET_WORDS = _words(
    "apikey auth authorization bearer cookie credential credentials jwt passcode passphrase passwd password passwords "
    "pat privatekey pwd secret secrets sig signature token"
)
_BEFORE_KEY = _words(
    "access account api app auth client consumer deploy encryption license master private secret service shared signing ssh "
    "storage subscription write"
)
_BEFORE_TOKENS = _words("access api auth bearer refresh secret session")
# A token of a language model is none of a service.
_NO_SECRET_BEFORE_TOKEN = _words(
    "begin bos class classification cls decoder dec end eos first forced image img last mask max min new next no num pad per "
    "padding sep special start stop tool unk unknown use"
)
# ``--password-file x`` names a file, ``--auth-method x`` a method.
_HARMLESS_LAST = _words("env file filename id length len method name path type")
_NAME = r"""([A-Za-z][A-Za-z0-9_.\-]*)["']?\s*[=:]\s*(?:(?:Bearer|Basic|Token)\s+)?"""
_VALUE = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?!\[redacted\])[^\s"'&]+)"""
_HEADER = r"(?i)\b((?:proxy-)?authorization|cookie|set-cookie|x-api-key)(\s*:\s*).+"
_SCHEME = r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/\-]{8,}=*"
_USERINFO = r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*://)[^/?#\s]*@"
_KEY_BLOCK = r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
# Without any of these in it no text holds what is looked for: most have none, and cost nothing.
_SIGNS = _words(
    "auth key token pass pwd secret cred cookie sig pat bearer basic jwt :// gh github_ glpat hf_ sk- xox akia asia eyj"
)
_DIGEST_NAMES = _words("blake3 checksum commit digest hash md5 ref rev revision sha sha1 sha256 sha512 tree")


def looks_secret(name: str, value: str) -> bool:
    """Return whether the value of a variable must not be kept: by its name, or because it looks like a password or token."""
    return bool(re.search(_GIVEN_AWAY, name) or re.search(_SHAPED, value))


def names_secret(name: str) -> bool:
    """Return whether an option, key or variable called *name* is one that holds a secret."""
    words = [word.lower() for word in re.findall(_WORDS, name)]
    while words and words[-1].isdecimal():
        words.pop()
    if not words or words[-1] in _HARMLESS_LAST:
        return False
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last == "token":
        return before not in _NO_SECRET_BEFORE_TOKEN
    if last == "tokens":
        return before in _BEFORE_TOKENS
    if last in ("key", "keys"):
        return before in _BEFORE_KEY
    return last in _SECRET_WORDS or "password" in words or "secret" in words


def redact_text(text: str) -> str:
    """Return *text* without the secrets that name themselves, stand in an address, or have a well-known shape."""
    lowered = text.lower()
    if not any(sign in lowered for sign in _SIGNS):
        return text
    if "PRIVATE KEY" in text:
        text = re.sub(_KEY_BLOCK, REDACTED, text)
    if "://" in text:
        text = re.sub(_USERINFO, rf"\g<scheme>{REDACTED}@", text)
    if ":" in text or "=" in text:
        text = re.sub(_HEADER, rf"\1\2{REDACTED}", _without_named(text))
    return re.sub(_PREFIXED, REDACTED, re.sub(_SCHEME, rf"\1 {REDACTED}", text))


def redact_arguments(arguments: Iterable[str]) -> list[str]:
    """Return a command line without secrets: also what follows an option that names one, and what looks random.

    What looks random is kept where an option says that it is a digest or a commit.
    """
    return list(_redacted(arguments))


def _redacted(arguments: Iterable[str]) -> Iterator[str]:
    option = ""
    for argument in arguments:
        dashes = argument.startswith("-")
        # As options are written, and as Hydra and its kin take overrides.
        name, mark, value = argument.partition("=")
        if option and names_secret(option) and not argument.startswith("--"):
            yield REDACTED
        elif mark and value and _plain_name(name) and names_secret(name):
            yield f"{name}={REDACTED}"
        else:
            text = redact_text(argument)
            spoken = name if mark else "" if dashes else option
            random = len(text) >= _LENGTH and not _speaks_of_digest(spoken)
            yield re.sub(_SHAPE, REDACTED, text) if random else text
        option = argument if dashes and not mark else ""


def _plain_name(text: str) -> bool:
    return text.strip("+~-").replace("-", "_").replace(".", "_").isidentifier()


def _speaks_of_digest(name: str) -> bool:
    return any(word.lower() in _DIGEST_NAMES for word in re.findall(r"[A-Za-z]+[0-9]*", name))


def _without_named(text: str) -> str:
    name, value = re.compile(_NAME), re.compile(_VALUE)
    parts: list[str] = []
    done = at = 0
    while found := name.search(text, at):
        at = found.end()
        secret = value.match(text, at) if names_secret(found[1]) else None
        if secret is not None:
            quote = secret[0][0] if secret[0][0] in "\"'" else ""
            parts += (text[done:at], quote, REDACTED, quote)
            done = at = secret.end()
    return "".join((*parts, text[done:]))
