"""Limits that the documentation names; a threshold in a dashboard is one of these."""

from correlator.publish.synthetic import STALE_AFTER_SECONDS
from correlator.settings import EngineSettings

ACCUSED_FROM = EngineSettings().accusation_threshold
"""From this confidence on a suspect is accused, unless set otherwise."""

OLD_AFTER_SECONDS = STALE_AFTER_SECONDS
"""Readings that are older are withheld, and worth an alert: see docs/metrics.md."""
