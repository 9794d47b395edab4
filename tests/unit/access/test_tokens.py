"""Files of tokens."""

import hashlib
from pathlib import Path

import pytest

from correlator.access import AccessError, Scope, new_token, read_tokens
from correlator.access.tokens import digest_of, parse_tokens

DIGEST = hashlib.sha256(b"s3cret").hexdigest()


def test_a_token_is_known_by_its_digest_alone() -> None:
    """Who has the token gets in, with the scopes of its line; who has only the file does not."""
    tokens = parse_tokens(f"# ours\n\ngrafana read {DIGEST}\n  am write,read {'0' * 64}\n", "tokens")
    found = tokens.of_secret("s3cret")
    assert found is not None
    assert (found.name, set(found.scopes)) == ("grafana", {Scope.READ})
    assert tokens.of_secret(DIGEST) is None
    assert tokens.of_secret("") is None
    assert [token.scopes for token in tokens.all] == [{Scope.READ}, {Scope.READ, Scope.WRITE}]


def test_what_is_made_is_what_is_read() -> None:
    """A new token's line, put into a file, lets its secret in; two are never the same."""
    secret, token = new_token("top", [Scope.READ])
    other, _ = new_token("top", [Scope.READ])
    assert parse_tokens(token.line, "tokens").of_secret(secret) == token
    assert secret != other
    assert token.digest == digest_of(secret)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("grafana read hunter2", "expected the SHA-256"),
        (f"grafana {DIGEST}", "expected NAME SCOPES SHA256"),
        (f"grafana read {DIGEST.upper()}", "lower-case"),
        (f"grafana admin {DIGEST}", "scopes read, write or read,write for grafana"),
        (f"gra/fana read {DIGEST}", "expected a name"),
        ("hunter2", "expected NAME SCOPES SHA256"),
    ],
)
def test_a_faulty_line_is_named_and_not_repeated(line: str, expected: str) -> None:
    """The message says which line and what was expected; a secret at the wrong place does not reach the log."""
    with pytest.raises(AccessError, match=expected) as refused:
        parse_tokens(f"# ours\n{line}\n", "/etc/tokens")
    assert "/etc/tokens, line 2" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_without_tokens_is_refused(tmp_path: Path) -> None:
    """An empty file would shut everybody out, or be taken for no rule at all."""
    (tmp_path / "tokens").write_text("# nobody\n")
    with pytest.raises(AccessError, match="no token in it"):
        read_tokens(tmp_path / "tokens")
    with pytest.raises(AccessError, match="No such file"):
        read_tokens(tmp_path / "nothing")
