"""How long a server keeps its data."""

from typing import Any

import pytest

from correlator.sources.retention import retention_seconds


@pytest.mark.parametrize(
    ("runtime", "seconds"),
    [
        ({"storageRetention": "15d"}, 1_296_000),
        ({"storageRetention": "1h30m"}, 5_400),
        ({"storageRetention": "15d or 10GiB"}, 1_296_000),
        ({"storageRetention": "10GiB"}, None),
        ({"storageRetention": ""}, None),
        ({"storageRetention": 7}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_retention_is_read(runtime: Any, seconds: float | None) -> None:  # noqa: ANN401 - JSON
    """Durations in Prometheus' spelling are read, sizes and silence are no retention."""
    assert retention_seconds(runtime) == seconds
