"""One daemon and one Prometheus for all tests of dashboards."""

from collections.abc import Iterator

import pytest

from tests.dashboards.running import Running, open_incident


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A daemon with an open incident, scraped."""
    with open_incident(tmp_path_factory.mktemp("dashboards")) as both:
        yield both
