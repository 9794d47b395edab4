"""The HTTP side: forms, timeouts, retries, credentials."""

import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_api_client import PrometheusConnect
from urllib3.exceptions import InsecureRequestWarning

from correlator.model.source import SourceError
from correlator.sources.answer import Answer
from correlator.sources.session import (
    Access,
    PrometheusSession,
    SafeRetry,
    authorization,
    read_secret,
    split_credentials,
)
from tests.unit.sources.fake_prometheus import FakePrometheus, Reply, failure, serving, success

IMPATIENT = Access(backoff_seconds=0.0, read_timeout_seconds=5.0, longest_wait_seconds=0.01)
NOTHING = success({"resultType": "matrix", "result": []})


@pytest.fixture
def fake() -> Iterator[FakePrometheus]:
    """A server on loopback."""
    with serving(FakePrometheus()) as served:
        yield served


def ask(fake: FakePrometheus, access: Access = IMPATIENT, query: str = "up") -> Answer:
    """One range query, as the source asks it."""
    url, credentials = split_credentials(fake.url)
    with PrometheusSession(access) as session:
        connect = PrometheusConnect(
            url, auth=authorization(access, credentials), session=session, retry=SafeRetry.of(access), method="POST"
        )
        start, end = datetime.fromtimestamp(1000, UTC), datetime.fromtimestamp(1010, UTC)
        answer: Answer = connect.custom_query_range(query, start_time=start, end_time=end, step="5")
    return answer


def test_parameters_travel_in_the_form(fake: FakePrometheus) -> None:
    """A query longer than any URL arrives, and nothing of it stands in the URL."""
    long = "up or " * 10_000 + "up"
    ask(fake, replace(IMPATIENT, parameters={"dedup": "true"}), long)
    (asked,) = fake.asked
    assert (asked.method, asked.path, asked.url_parameters) == ("POST", "/api/v1/query_range", {})
    assert asked.form == {"query": long, "start": "1000", "end": "1010", "step": "5", "dedup": "true"}


def test_columns_come_back_through_the_client(fake: FakePrometheus) -> None:
    """prometheus-api-client's own methods return our columns."""
    fake.series["up"] = [({"a": "1"}, {1000: "1", 1005: "2", 1010: "NaN"})]
    answer = ask(fake)
    assert isinstance(answer, Answer)
    assert answer.values[:2].tolist() == [1, 2]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_passing_failures_are_retried(fake: FakePrometheus, status: int) -> None:
    """A query is a read: what may pass is asked again, by POST as well."""
    fake.replies = [failure(status, "unavailable", "wait"), failure(status, "unavailable", "wait"), NOTHING]
    ask(fake)
    assert [asked.method for asked in fake.asked] == ["POST"] * 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 422, 500])
def test_refusals_are_not_retried(fake: FakePrometheus, status: int) -> None:
    """What will not change is asked once."""
    fake.replies = [failure(status, "bad_data", "no")]
    with pytest.raises(SourceError, match=f"HTTP {status}: bad_data: no"):
        ask(fake)
    assert len(fake.asked) == 1


def test_retries_end(fake: FakePrometheus) -> None:
    """After the last attempt the server's own words are told, as a failure that may pass."""
    fake.replies = [failure(503, "timeout", "query timed out")] * 9
    with pytest.raises(SourceError, match="HTTP 503: timeout: query timed out") as caught:
        ask(fake)
    assert caught.value.retriable
    assert len(fake.asked) == 1 + IMPATIENT.retries


def test_retry_after_is_bounded(fake: FakePrometheus) -> None:
    """A server that asks to come back in a day is asked again after the longest wait; the test ends in time."""
    fake.replies = [Reply(b"", 503, {"Retry-After": "86400"}), NOTHING]
    ask(fake)
    assert len(fake.asked) == 2


def test_a_slow_answer_is_not_waited_for(fake: FakePrometheus) -> None:
    """After the read timeout the question is given up, not repeated."""
    fake.replies = [Reply(b"{}", delay_seconds=1.0)] * 9
    with pytest.raises(SourceError, match=r"query_range gave no answer within 0\.2 s") as caught:
        ask(fake, replace(IMPATIENT, read_timeout_seconds=0.2))
    assert caught.value.retriable
    assert len(fake.asked) == 1


def test_a_server_that_is_down_is_told() -> None:
    """Nobody listens: the error names URL and reason, and may pass."""
    with serving(FakePrometheus()) as gone:
        pass
    with pytest.raises(
        SourceError, match=rf"^{gone.url}/api/v1/query_range: no connection: Failed to .*refused"
    ) as caught:
        ask(gone)
    assert caught.value.retriable


@contextmanager
def over_tls(fake: FakePrometheus, folder: Path) -> Iterator[Path]:
    """The server behind a certificate of its own authority; yields the authority's file."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
    command = [
        *request.split(),
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(certificate),
    ]
    subprocess.run(command, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with serving(fake, context):
        yield certificate


def test_an_own_authority_is_trusted_when_told(tmp_path: Path) -> None:
    """A certificate of the company's own authority is accepted with its file, or when checking is switched off."""
    fake = FakePrometheus()
    with over_tls(fake, tmp_path) as authority:
        ask(fake, replace(IMPATIENT, ca_file=authority))
        with pytest.warns(InsecureRequestWarning):
            ask(fake, replace(IMPATIENT, verify_certificate=False))
    assert len(fake.asked) == 2


def test_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    """Without its file the certificate is not trusted, and that is said, as a failure that will not pass."""
    fake = FakePrometheus()
    with over_tls(fake, tmp_path), pytest.raises(SourceError, match="the certificate or TLS failed") as caught:
        ask(fake, replace(IMPATIENT, retries=0))
    assert not caught.value.retriable
    assert fake.asked == []


def test_a_missing_authority_file_is_told(tmp_path: Path) -> None:
    """A file of authorities that is not there is named."""
    fake = FakePrometheus(url="https://127.0.0.1:1")
    with pytest.raises(SourceError, match=r"nowhere\.pem"):
        ask(fake, replace(IMPATIENT, ca_file=tmp_path / "nowhere.pem"))


def test_half_an_answer_is_told(fake: FakePrometheus) -> None:
    """A body that ends before its length is a broken answer that may pass, never a short one."""
    fake.replies = [replace(NOTHING, cut=10)]
    with pytest.raises(SourceError, match="the answer broke off") as caught:
        ask(fake)
    assert caught.value.retriable


def test_html_is_told(fake: FakePrometheus) -> None:
    """A login page is no answer."""
    fake.replies = [Reply(b"<html>Please log in</html>", 200, {"Content-Type": "text/html; charset=utf-8"})]
    with pytest.raises(
        SourceError, match=r"text/html; charset=utf-8 instead of JSON .*Please log in.*is this the address"
    ):
        ask(fake)


def test_redirects_are_told_not_followed(fake: FakePrometheus) -> None:
    """A redirected POST would arrive without its query; the address it points to is named instead."""
    fake.replies = [Reply(b"", 302, {"Location": "https://login.example/"})]
    with pytest.raises(SourceError, match=r"redirects to https://login\.example/"):
        ask(fake)
    assert len(fake.asked) == 1


def test_a_bearer_token_is_read_for_each_request(fake: FakePrometheus, tmp_path: Path) -> None:
    """A token that rotates is used at once."""
    token = tmp_path / "token"
    access = replace(IMPATIENT, bearer_token_file=token)
    for text in ("first", "second"):
        token.write_text(f"{text}\n")
        ask(fake, access)
    assert [asked.headers["Authorization"] for asked in fake.asked] == ["Bearer first", "Bearer second"]


def test_basic_auth_and_headers_are_sent(fake: FakePrometheus, tmp_path: Path) -> None:
    """User and password from a file, a tenant's header, and who we are."""
    (tmp_path / "password").write_text("pass:word")
    headers = {"X-Scope-OrgID": "team-1"}
    ask(fake, replace(IMPATIENT, username="user", password_file=tmp_path / "password", headers=headers))
    sent = fake.asked[0].headers
    assert sent["Authorization"] == "Basic dXNlcjpwYXNzOndvcmQ="
    assert sent["X-Scope-OrgID"] == "team-1"
    assert sent["User-Agent"].startswith("io-contention-correlator/")


def test_credentials_in_the_url_are_used_and_hidden(fake: FakePrometheus) -> None:
    """User information in a URL authenticates, and no message repeats it."""
    fake.url = fake.url.replace("http://", "http://user:s%40cret@")
    fake.replies = [failure(400, "bad_data", "no")]
    with pytest.raises(SourceError) as caught:
        ask(fake)
    assert fake.asked[0].headers["Authorization"] == "Basic dXNlcjpzQGNyZXQ="
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "\n"])
def test_empty_secrets_are_told(tmp_path: Path, content: str) -> None:
    """A secret's file that is empty is an error that names the file."""
    (tmp_path / "token").write_text(content)
    with pytest.raises(SourceError, match="token is empty"):
        read_secret(tmp_path / "token")


def test_missing_secrets_are_told(tmp_path: Path) -> None:
    """A secret's file that is not there is an error that names the file."""
    with pytest.raises(SourceError, match=r"cannot read the secret in .*token"):
        read_secret(tmp_path / "token")


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("http://a:9090", "http://a:9090"),
        (" https://a/prometheus/ ", "https://a/prometheus"),
        ("http://u:p@[::1]:9090/x", "http://[::1]:9090/x"),
    ],
)
def test_urls_lose_what_is_not_theirs(url: str, base: str) -> None:
    """Spaces, a last slash and user information are no part of the address."""
    assert split_credentials(url)[0] == base


@pytest.mark.parametrize(
    "url", ["", "a:9090", "ftp://a", "http://", "http://a?x=1", "http://a:port", "http://u:secret@/x"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    """An address that cannot work is refused at once, without repeating a password."""
    with pytest.raises(SourceError, match="no address of a Prometheus") as caught:
        split_credentials(url)
    assert not caught.value.retriable
    assert "secret" not in str(caught.value)
