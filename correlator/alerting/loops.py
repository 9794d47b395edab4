"""Which alerts are our own: what we said already must not be said again of itself."""

from collections.abc import Mapping
from typing import Final

OWN_ALERTS: Final = "Correlator"
ENRICHED: Final = "correlator_enriched"
"""A label or annotation by which anybody may keep us away from an alert."""
KEYS: Final = (
    "correlator_verdict",
    "correlator_suspects",
    "correlator_confidence",
    "correlator_explanation",
    "correlator_link",
    "correlator_plot",
)
"""The annotations that we add."""
_MARKS: Final = frozenset((ENRICHED, *KEYS))


def is_own(labels: Mapping[str, str], annotations: Mapping[str, str]) -> bool:
    """Whether an alert comes from our rules (`alertname` begins with `Correlator`) or has been enriched already."""
    return (
        labels.get("alertname", "").startswith(OWN_ALERTS) or ENRICHED in labels or not _MARKS.isdisjoint(annotations)
    )
