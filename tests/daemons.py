"""The daemon as a process of its own: started, asked, stopped, killed."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

_PATIENCE_SECONDS = 90.0


@dataclass
class Daemon:
    """A running `correlator serve`; `said` are its log entries so far."""

    process: subprocess.Popen[bytes]
    log: Path
    url: str = ""
    trusted: ssl.SSLContext | bool = True

    def said(self) -> list[dict[str, Any]]:
        """Its log entries."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def get(self, path: str) -> httpx.Response:
        """An answer."""
        return httpx.get(self.url + path, timeout=20.0, trust_env=False, verify=self.trusted)

    def until(self, condition: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the condition yields
        """What the condition yields once it is true; AssertionError with the log when it never is."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if result := condition():
                return result
            assert self.process.poll() is None, f"the daemon ended:\n{self.log.read_text()}"
            time.sleep(0.1)
        raise AssertionError(f"it never happened:\n{self.log.read_text()}")

    def is_ready(self) -> bool:
        """Whether it believes in its own answers."""
        return self.get("/-/ready").status_code == httpx.codes.OK

    def problems(self) -> str:
        """Why it does not."""
        return "; ".join(self.get("/api/v1/status").json()["problems"])

    def engine_process(self) -> int | None:
        """The process id of its engine; None while there is none."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        ids = [int(each) for path in children for each in path.read_text().split()]
        return ids[0] if ids else None


@contextmanager
def daemon(
    folder: Path,
    *arguments: str,
    settings: Mapping[str, str] | None = None,
    trusted: ssl.SSLContext | bool = True,
) -> Iterator[Daemon]:
    """Run `correlator serve` on a free port with its store in `folder`; yields it once it answers.

    `trusted` says which certificates to believe where it answers over TLS.
    """
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "daemon.log"
    environment = {
        **os.environ,
        "TMPDIR": str(folder),  # what a killed demo leaves behind goes with the test's folder
        "CORRELATOR_LOG__FORMAT": "json",
        "CORRELATOR_STORE__PATH": str(folder / "correlator.db"),
        "CORRELATOR_ENGINE__WINDOW_STEPS": "60",
        **(settings or {}),
    }
    command = [sys.executable, "-m", "correlator", "serve", "--listen", "127.0.0.1:0", *arguments]
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=subprocess.STDOUT)
    running = Daemon(process, log, trusted=trusted)
    try:
        page = running.until(lambda: next((entry["page"] for entry in running.said() if "page" in entry), None))
        running.url = str(page).rstrip("/")
        yield running
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(20.0)
        finally:
            process.kill()
            process.wait()


def is_alive(process: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def serve(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """A daemon that is expected to refuse."""
    command = [sys.executable, "-m", "correlator", "serve", *arguments]
    environment = {**os.environ, **settings}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
