"""What several panels say, and the limits that the documentation names: a threshold is one of these."""

from correlator.publish.synthetic import STALE_AFTER_SECONDS
from correlator.settings import EngineSettings

SCRAPED = "It needs a Prometheus that scrapes the daemon."
"""What a panel says whose metrics the daemon keeps no history of, or whose PromQL it does not answer."""

ACCUSED_FROM = EngineSettings().accusation_threshold
"""From this confidence on a suspect is accused, unless set otherwise."""

OLD_AFTER_SECONDS = STALE_AFTER_SECONDS
"""Readings that are older are withheld, and worth an alert: see docs/metrics.md."""
