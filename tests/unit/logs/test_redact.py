"""Log lines as they may be shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correlator.logs.redact import WITHHELD, escaped, shown

SECRET = "hunter2-Zq8w"


@pytest.mark.parametrize(
    "line",
    [
        f"password={SECRET}",
        f"connecting with PGPASSWORD={SECRET} to db",
        f'{{"level":"error","api_key":"{SECRET}","code":7}}',
        f'msg="failed" body="{{\\"password\\": \\"{SECRET}\\"}}"',
        f"db_password: '{SECRET}'",
        f"secret => {SECRET}",
        f"run --token {SECRET} --verbose",
        f"GET /v1/models?access_key={SECRET}&x=1 500",
        f"postgresql://app:{SECRET}@db:5432/app refused",
        f"redis://:{SECRET}@cache timed out",
        f"Authorization: Bearer {SECRET}",
        f"Authorization: Digest username=x, response={SECRET}",
        f"authorization=Basic {SECRET}",
        f"header 'Cookie: sid={SECRET}; theme=dark'",
        f"ALTER USER app IDENTIFIED BY '{SECRET}'",
        f"client_secret=\x1b[31m{SECRET}\x1b[0m",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
        f"-----BEGIN PRIVATE KEY----- {SECRET}",
    ],
)
def test_secret_is_withheld(line: str) -> None:
    """Whatever it is called, and however it is quoted."""
    said = shown(line, 300)
    assert SECRET not in said
    assert WITHHELD in said


@pytest.mark.parametrize(
    "secret",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "hf_aBcDeFgHiJkLmNoPqRsTuVwXyZ",
        "sk-proj-abcdefghijklmnop1234",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLE123KEY",
    ],
)
def test_what_looks_like_a_secret_is_withheld(secret: str) -> None:
    """Nobody calls it anything."""
    assert shown(f"cannot use {secret} here", 300) == f"cannot use {WITHHELD} here"


@pytest.mark.parametrize(
    "line",
    [
        "ERROR 11-23 02:04:15 async_llm_engine.py:63] AsyncEngineDeadError: Background loop has errored already",
        "prompt_tokens=512 max_tokens: 1024 tokens/s=31.5 token limit exceeded",
        "pod rag/reindex-28812345-h8kz2 on n1: read /var/lib/models/llama/model-00001-of-00004.safetensors timed out",
        "nvme0n1: I/O error, dev nvme0n1, sector 123456 op 0x1:(WRITE)",
        "trace 4bf92f3577b34da6a3ce929d0e0e4736: connection reset by peer",
        "could not connect to http://db:5432/app: refused",
        "authorization failed for user app",
    ],
)
def test_ordinary_errors_stay_readable(line: str) -> None:
    """A line that is no secret says what it said."""
    assert shown(line, 300) == line


def test_control_characters_are_escaped() -> None:
    """Nothing reaches a terminal or a page that moves the cursor, hides text or turns it around."""
    assert escaped("\x1b[31mred\x1b[0m\tone\ntwo\x00\u202egnp\u2028\x9b") == (
        "red\\tone\\ntwo\\x00\\u202egnp\\u2028\\x9b"
    )


@given(st.text())
def test_nothing_unprintable_is_left(text: str) -> None:
    """Whatever a pod writes, half characters too."""
    assert all(character.isprintable() for character in escaped(text))
    shown(text, 40).encode()


def test_long_line_is_cut_after_its_secrets_are_gone() -> None:
    """A secret that the cut would halve is withheld as a whole."""
    line = f"{'x' * 85} password={SECRET}"
    assert shown(line, 100) == f"{'x' * 85} password=[wit…"
    assert len(shown("y" * 5000, 100)) == 100


def test_hostile_line_costs_little() -> None:
    """Lines made to be slow to search come to an end: the test's time limit says so."""
    for line in (
        "a" * 20_000,
        "password=" * 2_000,
        '"' * 20_000,
        "-" * 20_000,
        "eyJ" * 6_000,
        "A1a" * 6_000,
        "\\" * 20_000,
    ):
        assert len(shown(line, 300)) <= 300
