"""Log lines as they may be shown: no control characters, nothing that looks like a secret, not too long."""

import re

WITHHELD = "[withheld]"
_LONGEST_READ = 5_000
_COLOURS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")

_KEY = (
    r"(?:password|passwd|passphrase|secret|credentials?|signature|(?:api|access|account|private|secret|encryption)[_.-]?key"
    r"|session[_.-]?id|(?:\b|_|-)(?:pass|pwd|token|sig|jwt|csrf))"
)
_VALUE = r"""(?:\\*"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,;&"'}\])]+)"""
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)", re.DOTALL), WITHHELD),
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(\\?[\"']?\s*[:=]\s*).*"), rf"\1\2{WITHHELD}"),
    (re.compile(r"(?i)\b(bearer|basic)\s{1,9}[a-z0-9+/=._~-]{6,}"), rf"\1 {WITHHELD}"),
    (re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,20}://)[^\s/@\"']{0,500}@"), rf"\1{WITHHELD}@"),
    (re.compile(rf"(?i)({_KEY}\\?[\"']?\s{{0,9}}(?:=>|[:=])\s{{0,9}}){_VALUE}"), rf"\1{WITHHELD}"),
    (re.compile(rf"(?i)(-[a-z0-9_-]{{0,40}}{_KEY}\s{{1,9}}){_VALUE}"), rf"\1{WITHHELD}"),
    (re.compile(r"(?i)(\bidentified by\s+)" + _VALUE), rf"\1{WITHHELD}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,2}"), WITHHELD),
    (re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{30,}"), WITHHELD),
    (
        re.compile(r"\b(?:gh[pousr]|github_pat|hf|glpat|npm|xox[abeoprs]|sk|pk|rk|nvapi)[_-][A-Za-z0-9_-]{16,}"),
        WITHHELD,
    ),
    (re.compile(r"(?i)\b[0-9a-f]{40,}\b"), WITHHELD),
    (
        re.compile(r"(?<![\w+/=-])(?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])(?=(?:[\w+=-]*?\d){3})[A-Za-z0-9_+=-]{24,}"),
        WITHHELD,
    ),
)
"""What secrets are called, and what they look like where nobody names them: better one too many than one seen."""


def shown(line: str, longest: int) -> str:
    """A line fit to be shown in at most `longest` characters; a longer one ends in `…`.

    It is withheld first and cut afterwards, so that half a secret is not taken for a word.
    """
    text = escaped(line[:_LONGEST_READ])
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def escaped(text: str) -> str:
    r"""Text without what does not print or turns its direction: that is written as `\n`, `\x1b`, `\u202e`."""
    plain = _COLOURS.sub("", text).rstrip()
    return "".join(each if each.isprintable() else _escape(each) for each in plain)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
