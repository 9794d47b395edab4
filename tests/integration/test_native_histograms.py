"""A native histogram, scraped as protobuf by a real Prometheus and read as the buckets of a victim.

Debian's Prometheus knows exponential buckets; custom ones, which came with Prometheus 3, look the same in its answers
(`tests/unit/sources/test_histograms.py`).
"""

import struct
import time
from pathlib import Path

import pytest

from correlator.catalog import load
from correlator.model.frame import Frame, Frames
from correlator.model.grid import Grid
from correlator.sources.histograms import NAMES
from correlator.sources.prometheus import PrometheusSource
from tests.expositions import PROTOBUF, Exposition, config_for, serving
from tests.servers import prometheus

SIGNALS = [signal for signal in load() if signal.name.startswith("ttft")]
WAIT_SECONDS = 60.0


def field(number: int, content: bytes | float) -> bytes:
    """One field of a protobuf message: bytes with their length, a whole number as varint, a float as double."""
    if isinstance(content, bytes):
        return varint(number << 3 | 2) + varint(len(content)) + content
    if isinstance(content, float):
        return varint(number << 3 | 1) + struct.pack("<d", content)
    return varint(number << 3) + varint(content)


def varint(value: int) -> bytes:
    """Seven bits at a time, the lowest first."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def zigzag(value: int) -> int:
    """A signed number as protobuf's sint has it."""
    return 2 * value if value >= 0 else -2 * value - 1


def family(name: str) -> bytes:
    """11 first tokens: 1 of no time, 5 of up to half a second, 3 of one, 2 of two; schema 0 has powers of two."""
    span = field(1, zigzag(-1)) + field(2, 3)
    deltas = b"".join(field(13, zigzag(delta)) for delta in (5, -2, -1))
    histogram = field(1, 11) + field(2, 7.25) + field(5, zigzag(0)) + field(6, 1e-128) + field(7, 1)
    labels = b"".join(field(1, field(1, key) + field(2, value)) for key, value in ((b"model_name", b"m"),))
    metric = labels + field(7, histogram + field(12, span) + deltas)
    message = field(1, name.encode()) + field(2, b"First tokens.") + field(3, 4) + field(4, metric)
    return varint(len(message)) + message


def wait_until_scraped(url: str) -> Frames:
    """First tokens as soon as there are any; asked anew each time, since what a server has is held for a minute."""
    until = time.monotonic() + WAIT_SECONDS
    while True:
        source = PrometheusSource(url)
        frames = source.fetch(SIGNALS, Grid(int(time.time()), 1, 1))
        source.close()
        if frames.get("ttft_bucket").labels:
            return frames
        assert time.monotonic() < until, "never scraped"
        time.sleep(0.2)


def rows(frame: Frame) -> dict[str, float]:
    """The value at each bound."""
    return {
        dict(labels).get("le", ""): float(value[0]) for labels, value in zip(frame.labels, frame.values, strict=True)
    }


def test_a_native_histogram_is_read_as_buckets(tmp_path: Path) -> None:
    """Counts are exact at powers of two, in proportion between them; sum and count are those of the histogram."""
    shown = {"vllm": Exposition(family("vllm:time_to_first_token_seconds"), PROTOBUF)}
    arguments = ["--enable-feature=native-histograms"]
    with (
        serving(shown) as address,
        prometheus(tmp_path, config=config_for(shown, address), arguments=arguments) as url,
    ):
        frames = wait_until_scraped(url)
    buckets = frames.get("ttft_bucket")
    assert {dict(labels)["pod"] for labels in buckets.labels} == {"vllm-0"}
    found = rows(buckets)
    assert list(found) == sorted(NAMES)
    assert {name: found[name] for name in ("0.25", "0.5", "1", "2", "+Inf")} == {
        "0.25": 1, "0.5": 6, "1": 9, "2": 11, "+Inf": 11,
    }  # fmt: skip
    assert found["0.4"] == pytest.approx(1 + 5 * 0.15 / 0.25)
    assert rows(frames.get("ttft_sum")) == {"": 7.25}
    assert rows(frames.get("ttft_count")) == {"": 11}
    assert len(frames.get("ttft_heartbeat").labels) == 1
    assert frames.quality == ()
