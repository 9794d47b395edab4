"""A real PostgreSQL for tests: Debian's, a throw-away cluster on a loopback port.

with postgres() as url:
    ...
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

USER = "postgres"
_VERSIONS = Path("/usr/lib/postgresql")


@contextmanager
def postgres() -> Iterator[str]:
    """Run PostgreSQL with its files in a folder of its own and yield the SQLAlchemy URL of an empty database.

    Everybody on this machine may connect while it lives. Raises RuntimeError with the server's last words when it does
    not start.
    """
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:
        folder, port = Path(name), _free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, USER, USER)
        data, log = folder / "data", folder / "log"
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        _run("initdb", f"--pgdata={data}", "--auth=trust", f"--username={USER}", "--encoding=UTF8", "--locale=C.UTF-8")
        if _run("pg_ctl", f"--pgdata={data}", f"--log={log}", "--wait", f"--options={options}", "start", check=False):
            raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text() if log.exists() else ''}")
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run("pg_ctl", f"--pgdata={data}", "--wait", "--mode=immediate", "stop")


def _run(program: str, *arguments: str, check: bool = True) -> int:
    """Run a program of the newest installed PostgreSQL as its own user, since it refuses to be root."""
    newest = max(_VERSIONS.iterdir(), key=lambda version: float(version.name))
    command = [str(newest / "bin" / program), *arguments]
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", *command]
    quiet = subprocess.DEVNULL
    return subprocess.run(command, cwd="/", stdin=quiet, stdout=quiet, check=check).returncode


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
