"""Waiting for what happens elsewhere."""

import time
from collections.abc import Callable
from typing import Any


def until(condition: Callable[[], Any], patience_seconds: float) -> Any:  # noqa: ANN401 - whatever the condition yields
    """What the condition yields once it is true; AssertionError when it never is."""
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it never happened")
