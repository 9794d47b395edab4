"""Text for scrapers, held to the bytes that prometheus_client writes of the same values."""

from collections.abc import Iterable

import pytest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

from correlator.publish.exposition import exposed, negotiated
from correlator.publish.families import FAMILIES, Family
from correlator.publish.samples import Values
from tests.factories import HOSTILE

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PLAIN = "text/plain;version=0.0.4"
LABELS = (
    "",
    "n1/nvme0n1",
    HOSTILE,
    'a "quoted" name',
    "back\\slash\\n",
    "two\nlines",
    "日本 é 🙂",
    "%s %d {0}",
    "\r\t",
)
NUMBERS = (0.0, 1.0, -1.5, 0.1, 1e-7, 123456.0, 1234567.0, 1.5e21, 1798765432.125, float("inf"), float("-inf"))


class Oracle(Collector):
    """The same values as prometheus_client's own families."""

    def __init__(self, values: Values, cluster: str) -> None:
        self._values = values
        self._more = (cluster,) if cluster else ()

    def collect(self) -> Iterable[Metric]:
        """The families that have a series."""
        for family in FAMILIES:
            if family.name in self._values:
                kind = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
                metric = kind(family.name, family.help, labels=(*family.labels, "cluster")[: self._width(family)])
                for labels, value in self._values[family.name].items():
                    metric.add_metric([*labels, *self._more], value)
                yield metric

    def _width(self, family: Family) -> int:
        return len(family.labels) + len(self._more)


def every_family() -> Values:
    """Each metric with series of all the labels and numbers above."""
    found = {}
    for family in FAMILIES:
        rows = len(LABELS) if family.labels else 1
        places = range(len(family.labels))
        found[family.name] = {
            tuple(LABELS[(row + place * (row + 1)) % len(LABELS)] for place in places): NUMBERS[row % len(NUMBERS)]
            for row in range(rows)
        }
    return found


@pytest.mark.parametrize("cluster", ["", HOSTILE])
@pytest.mark.parametrize("accept", [PLAIN, OPENMETRICS, "", "application/json"])
def test_is_what_prometheus_client_writes(accept: str, cluster: str) -> None:
    """Byte for byte, under the content type that it would have."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Oracle(every_family(), cluster))
    encode, content_type = choose_encoder(accept)
    form = negotiated(accept)
    assert form.content_type == content_type
    assert exposed(every_family(), cluster, form) + form.end == encode(registry)


def test_pieces_follow_each_other() -> None:
    """What is written apart is what is written together."""
    values, form = every_family(), negotiated(OPENMETRICS)
    pieces = [exposed({name: found}, "c", form) for name, found in values.items()]
    assert b"".join(pieces) == exposed(values, "c", form)
