"""The engine's process: runs the engine, reports, answers questions. Started as `python -m`, never imported."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from correlator.daemon.lifetime import die_with_parent
from correlator.daemon.logs import configure_logs
from correlator.daemon.loop import Loop
from correlator.daemon.messages import FromEngine, Start, ToEngine
from correlator.daemon.resident import share_heap


def main(arguments: list[str]) -> int:
    """`arguments`: the pipe's file descriptor and the parent's process id."""
    descriptor, parent = map(int, arguments)
    die_with_parent(parent)
    share_heap()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the parent says when to stop
    pipe: Connection[FromEngine, ToEngine] = Connection(descriptor)
    start = pipe.recv()
    assert isinstance(start, Start)  # noqa: S101 - the first message, by agreement
    configure_logs(start.settings.log)
    loop = Loop(start, pipe, time.time)
    signal.signal(signal.SIGTERM, lambda *_: loop.stop())
    try:
        loop.run()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0  # the parent is gone
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # a request that still waits for its timeout must not hold up the end
