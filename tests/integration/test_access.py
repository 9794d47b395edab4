"""A daemon with tokens over TLS, asked as browsers, scripts, Prometheus and `correlator top` ask it."""

import http.client
import json
import shutil
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from correlator.access import Scope, new_token
from tests.alert_paths import CULPRIT, STARTED, URL, VICTIM, fill, over
from tests.alert_receivers import receiver
from tests.certificates import Authority, authority
from tests.commands import Run
from tests.daemons import Daemon, daemon
from tests.recorded import write_contention
from tests.servers import prometheus


@dataclass
class Guarded:
    """A daemon that asks for a token, where its files lie, and one token for reading and writing."""

    daemon: Daemon
    authority: Authority
    folder: Path
    token: str

    def get(self, path: str, token: str | None = None) -> httpx.Response:
        """An answer to whoever has a token."""
        headers = {"authorization": f"Bearer {token or self.token}"}
        return httpx.get(self.daemon.url + path, headers=headers, verify=self.daemon.trusted, trust_env=False)

    def connection(self) -> http.client.HTTPSConnection:
        """A connection that stays open."""
        parts = urlsplit(self.daemon.url)
        opened = http.client.HTTPSConnection(str(parts.hostname), parts.port, context=self.authority.trusted())
        opened.connect()
        return opened

    def served_by(self) -> str:
        """Under which name a new connection finds the daemon's certificate."""
        opened = self.connection()
        try:
            return name_of(opened)
        finally:
            opened.close()

    def exchange(self, certificate: Path, key: Path) -> None:
        """Put another pair where the daemon's lies, as certbot and cert-manager do: by renaming."""
        for new, file in ((certificate, "tls.pem"), (key, "tls.key")):
            shutil.copy(new, self.folder / f"{file}.new")
            (self.folder / f"{file}.new").rename(self.folder / file)


def name_of(connection: http.client.HTTPSConnection) -> str:
    """The common name in the certificate that a connection began with."""
    assert isinstance(connection.sock, ssl.SSLSocket)
    certificate = connection.sock.getpeercert()
    assert certificate is not None
    subject = dict(pair for entry in certificate["subject"] for pair in entry)  # type: ignore[misc]
    return str(subject["commonName"])


def make_token(file: Path, name: str) -> str:
    """A new token for everything, with its line in a file."""
    secret, token = new_token(name, list(Scope))
    with file.open("a") as lines:
        lines.write(f"{token.line}\n")
    return secret


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A demo with tokens and TLS, ready."""
    folder = tmp_path_factory.mktemp("guarded")
    own = authority(folder / "authority")
    certificate, key = own.issue("first")
    shutil.copy(certificate, folder / "tls.pem")
    shutil.copy(key, folder / "tls.key")
    token = make_token(folder / "tokens", "ops")
    settings = {
        "CORRELATOR_WEB__TOKENS_FILE": str(folder / "tokens"),
        "CORRELATOR_WEB__CERTIFICATE_FILE": str(folder / "tls.pem"),
        "CORRELATOR_WEB__KEY_FILE": str(folder / "tls.key"),
    }
    recording = write_contention(folder / "recording.zip")
    arguments = ("--demo", "--recording", str(recording))
    with daemon(folder, *arguments, settings=settings, trusted=own.trusted()) as running:
        running.until(running.is_ready)
        yield Guarded(running, own, folder, token)


def test_only_who_has_a_token_is_answered(guarded: Guarded) -> None:
    """Over TLS, by a real server: health is open, all else is not."""
    assert guarded.daemon.url.startswith("https://")
    assert guarded.daemon.get("/-/healthy").status_code == 200
    assert guarded.daemon.get("/api/v1/incidents").status_code == 401
    assert guarded.get("/api/v1/incidents").status_code == 200
    assert guarded.get("/api/v1/incidents", "wrong").status_code == 401


def test_nothing_but_tls_from_1_2_on_is_spoken(guarded: Guarded) -> None:
    """A request in the clear gets no answer, and an older version no handshake."""
    with pytest.raises(httpx.HTTPError):
        httpx.get(guarded.daemon.url.replace("https", "http") + "/-/healthy", trust_env=False)
    address = (urlsplit(guarded.daemon.url).hostname, urlsplit(guarded.daemon.url).port)
    old = guarded.authority.trusted()
    with pytest.warns(DeprecationWarning, match="TLSv1"):
        old.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with socket.create_connection(address) as plain, pytest.raises(ssl.SSLError):
        old.wrap_socket(plain, server_hostname="127.0.0.1")
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(address) as plain, old.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
        assert secure.version() == "TLSv1.2"


def test_a_certificate_is_exchanged_while_connections_are_open(guarded: Guarded) -> None:
    """New connections find the new one; an open one goes on; a pair that does not fit leaves the old one."""
    kept = guarded.connection()
    try:
        second = guarded.authority.issue("second")
        guarded.exchange(*second)
        guarded.daemon.until(lambda: guarded.served_by() == "second")
        kept.request("GET", "/-/healthy")
        assert kept.getresponse().read() == b'{"status":"healthy"}'
        assert name_of(kept) != "second"
        third = guarded.authority.issue("third")
        guarded.exchange(third[0], second[1])
        guarded.daemon.until(
            lambda: any("cannot be used" in each["event"] for each in guarded.daemon.said() if guarded.served_by())
        )
        assert guarded.served_by() == "second"
        guarded.exchange(*third)
        guarded.daemon.until(lambda: guarded.served_by() == "third")
    finally:
        kept.close()


def test_tokens_come_and_go_while_it_runs(guarded: Guarded) -> None:
    """A new one is taken, a deleted one is not, and the log names who changed something."""
    file = guarded.folder / "tokens"
    before = file.read_text()
    token = make_token(file, "ada")
    guarded.daemon.until(lambda: guarded.get("/api/v1/status", token).status_code == 200)
    (incident,) = guarded.get("/api/v1/incidents").json()["items"]
    said = httpx.post(
        f"{guarded.daemon.url}/api/v1/incidents/{incident['id']}/feedback",
        json={"verdict_right": True},
        headers={"authorization": f"Bearer {token}"},
        verify=guarded.authority.trusted(),
        trust_env=False,
    )
    assert said.status_code == 200
    file.write_text(before)
    guarded.daemon.until(lambda: guarded.get("/api/v1/status", token).status_code == 401)
    assert guarded.get("/api/v1/status").status_code == 200
    entries = guarded.daemon.said()
    assert any(entry.get("by") == "ada" and entry.get("method") == "POST" for entry in entries)
    assert token not in guarded.daemon.log.read_text()


def test_a_browser_signs_in(guarded: Guarded) -> None:
    """From a link over the login to the page, with a cookie that only TLS carries; pictures of the page too."""
    (incident,) = guarded.get("/api/v1/incidents").json()["items"]
    page = incident["links"]["page"]
    with httpx.Client(
        base_url=guarded.daemon.url, verify=guarded.authority.trusted(), trust_env=False, follow_redirects=True
    ) as browser:
        form = browser.get(page, headers={"accept": "text/html"})
        assert form.url.path == "/login"
        shown = browser.post("/login", data={"token": guarded.token, "next": page})
        assert (shown.status_code, shown.url.path) == (200, page)
        assert [cookie.secure for cookie in browser.cookies.jar] == [True]
        assert browser.get(incident["links"]["plot"]).headers["content-type"] == "image/svg+xml"


def test_prometheus_scrapes_with_a_token(guarded: Guarded, tmp_path: Path) -> None:
    """With the configuration that the documentation shows."""
    (tmp_path / "token").write_text(guarded.token)
    address = guarded.daemon.url.removeprefix("https://")
    config = {
        "scrape_configs": [
            {
                "job_name": "correlator",
                "scrape_interval": "1s",
                "scheme": "https",
                "authorization": {"credentials_file": str(tmp_path / "token")},
                "tls_config": {"ca_file": str(guarded.authority.certificate)},
                "static_configs": [{"targets": [address]}],
            }
        ]
    }
    with prometheus(tmp_path / "prometheus", config=json.dumps(config)) as url:
        query = f"{url}/api/v1/query?{urlencode({'query': 'correlator_build_info'})}"
        (scraped,) = guarded.daemon.until(lambda: httpx.get(query, trust_env=False).json()["data"]["result"])
    assert scraped["metric"]["job"] == "correlator"
    assert scraped["metric"]["instance"] == address


def test_top_asks_with_a_token(guarded: Guarded, tmp_path: Path, run: Run) -> None:
    """It shows what the daemon sees, trusting the authority it is told to trust, and says what is missing."""
    (tmp_path / "token").write_text(guarded.token)
    asked = ("top", "--once", "--daemon", guarded.daemon.url)
    trusting = ("--ca-file", guarded.authority.certificate)
    assert run(*asked, *trusting, "--token-file", tmp_path / "token").code == 0
    assert "vllm-0" in run.out
    assert "a bearer token is needed" in run(*asked, *trusting).err
    assert "see --ca-file" in run(*asked).err
    assert "no such file" in run(*asked, "--ca-file", tmp_path / "gone").err


def test_files_that_cannot_be_used_stop_the_start(guarded: Guarded, tmp_path: Path, run: Run) -> None:
    """Exit code 2 and one line that names the file, before anything else is begun."""
    store, tls = tmp_path / "db", guarded.folder / "tls.pem"
    config = tmp_path / "correlator.yaml"
    wrong: list[tuple[dict[str, str], str]] = [
        ({"tokens_file": str(tmp_path / "none")}, f"{tmp_path / 'none'}: No such file"),
        ({"tokens_file": str(tls)}, f"{tls}, line 1: expected NAME SCOPES SHA256"),
        ({"tokens_file": str(guarded.folder / "tokens"), "signing_key_file": str(guarded.folder / "short")}, "No such"),
        ({"certificate_file": str(tls), "key_file": str(guarded.authority.issue("other")[1])}, "no certificate with"),
        ({"certificate_file": str(guarded.authority.certificate)}, "no certificate with its key"),
    ]
    for web, expected in wrong:
        config.write_text(json.dumps({"web": {"listen": "127.0.0.1:0", **web}, "store": {"path": str(store)}}))
        assert run("serve", "--prometheus-url", "http://127.0.0.1:1", "--config", config).code == 2
        assert expected in run.err
        assert run.err.count("\n") == 1
    assert not store.exists()


def test_a_notification_has_a_picture_that_its_receivers_may_see(tmp_path: Path) -> None:
    """Who reads the chat has no token: the picture's link opens without one, and nothing else does."""
    fill(tmp_path / "correlator.db", [over()])
    token = make_token(tmp_path / "tokens", "alertmanager")
    firing = {"status": "firing", "labels": {"alertname": "Slow", **VICTIM}, "startsAt": STARTED.isoformat()}
    with receiver() as held:
        settings = {
            "CORRELATOR_WEB__TOKENS_FILE": str(tmp_path / "tokens"),
            "CORRELATOR_SINKS__EXTERNAL_URL": URL,
            "CORRELATOR_ALERTING__WEBHOOK__RECEIVERS": json.dumps({"chat": {"kind": "webhook", "url": held.url}}),
        }
        with daemon(tmp_path, "--prometheus-url", "http://127.0.0.1:1", settings=settings) as running:
            webhook = f"{running.url}/api/v1/alertmanager/webhook"
            body = {"version": "4", "groupKey": "g", "status": "firing", "alerts": [firing]}
            assert httpx.post(webhook, json=body, trust_env=False).status_code == 401
            bearing = {"authorization": f"Bearer {token}"}
            assert httpx.post(webhook, json=body, headers=bearing, trust_env=False).status_code == 200
            running.until(lambda: held.taken)
            told = held.taken[0].json()["alerts"][0]["annotations"]
            assert CULPRIT in told["correlator_suspects"]
            link = told["correlator_plot"].removeprefix(URL)
            opened = running.get(link)
            assert (opened.status_code, opened.headers["content-type"]) == (200, "image/png")
            assert running.get(link.partition("?")[0]).status_code == 401
            assert running.get(told["correlator_link"].removeprefix(URL)).status_code == 401
