"""Ten minutes of trouble: a receiver is down while a real Alertmanager goes on posting, and the daemon is killed twice.

`python -m tests.faults [SECONDS]` prints what was posted, delivered, doubled and lost; exit code 1 where anything was.
"""

import os
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from tests.alert_receivers import Held, receiver
from tests.alertmanagers import alertmanager, post_alerts
from tests.daemons import daemon
from tests.integration.test_alert_webhook import NOWHERE, alerts, config, settings_of, taken_in
from tests.lab.servers import free_port

DOWN_SECONDS: Final = 600.0
PER_ROUND: Final = 20
ROUND_SECONDS: Final = 10.0
AFTER_SECONDS: Final = 180.0
"""To deliver what waited: the longest pause between attempts is a minute."""


def run(folder: Path, down_seconds: float) -> bool:
    """Whether nothing was lost."""
    port, hook, number = free_port(), free_port(), 0
    url = f"http://127.0.0.1:{port}"
    begin = time.monotonic()
    kills = [down_seconds / 3, 2 * down_seconds / 3]
    with ExitStack() as stack:
        am = stack.enter_context(alertmanager(folder / "am", config=config(url)))
        while True:
            with daemon(folder / "c", *NOWHERE, "--listen", f"127.0.0.1:{port}", settings=_settings(hook)) as running:
                while kills or time.monotonic() - begin < down_seconds:
                    post_alerts(am, alerts(PER_ROUND, "app", first=number))
                    number += PER_ROUND
                    time.sleep(min(ROUND_SECONDS, down_seconds / 6))
                    if kills and time.monotonic() - begin > kills[0]:
                        break
                if kills and time.monotonic() - begin > kills[0]:
                    del kills[0]
                    os.kill(running.process.pid, signal.SIGKILL)
                    running.process.wait(20)
                    print(f"{time.monotonic() - begin:.0f} s: killed after {number} alerts", flush=True)  # noqa: T201
                    continue
                held = stack.enter_context(receiver(hook))
                until = time.monotonic() + AFTER_SECONDS
                while len(firing(held)) < number and time.monotonic() < until:
                    time.sleep(0.2)
                print(f"posts since the last start: {dict(taken_in(url))}")  # noqa: T201
                break
    told = firing(held)
    lost, more = number - len(told), sum(each - 1 for each in told.values())
    print(  # noqa: T201
        f"receiver down for {down_seconds:.0f} s: {number} alerts posted, {len(told)} delivered, {lost} lost, "
        f"{held.doubles} doubles under the key of the first, {more} under another, "
        f"all there {time.monotonic() - begin - down_seconds:.0f} s after it came back"
    )
    return not lost and not more


def firing(held: Held) -> Counter[tuple[str, str]]:
    """How often each alert was told while it fired: Alertmanager ends those that nobody repeats."""
    return Counter({each: count for each, count in held.told().items() if each[1] == "firing"})


def _settings(port: int) -> dict[str, str]:
    """Usual pauses; a receiver at that port."""
    usual = ("FIRST_PAUSE", "LONGEST_PAUSE")
    told = settings_of(f"http://127.0.0.1:{port}/hook")
    return {name: value for name, value in told.items() if not name.endswith(usual)}


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        sys.exit(0 if run(Path(scratch), float(sys.argv[1]) if len(sys.argv) > 1 else DOWN_SECONDS) else 1)
