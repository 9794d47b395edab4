"""The features that a confidence rests on, from what was seen of the volume, the victim and the suspect."""

import numpy as np

from correlator.analysis.case import VolumeCase
from correlator.analysis.confidence import ChainFeatures, CulpritFeatures, log_odds
from correlator.analysis.links import ramp
from correlator.analysis.suspects import Contribution
from correlator.analysis.windows import Spans
from correlator.model.finding import Recurrence

LARGEST_SHARE = 2.0
"""Log-odds of a share from which on more says no more: 0.88."""

UNKNOWN_P = 0.5
MOST_STEPS = 20


def chain_features(volume: VolumeCase, spans: Spans, added: float) -> ChainFeatures:
    """What speaks for contention on this volume; `added` as from `burden.load_was_added`."""
    rise = volume.split.total
    exposed = volume.exposure.probability
    return ChainFeatures(
        volume_worse=log_odds(volume.worse.got_worse),
        victim_exposed=log_odds(exposed if exposed is not None else float("nan")),
        load_added=log_odds(added),
        explained=volume.split.storage / rise if rise > 0 else 1.0,
        observed=float(np.log1p(min(int(spans.during.sum()), MOST_STEPS))),
        recurred=max((item.recurred for item in volume.contributions.items if item.rise > 0), default=0.0),
        harmful=sum(item.share * harmful(item.recurrence) for item in volume.contributions.items),
    )


def harmful(seen: Recurrence | None) -> float:
    """Log of the odds that a regression comes with a rise like this, from days of it; 0 without any."""
    return float(np.log((seen.regressions_with + 1.0) / (seen.rises + 1.0))) if seen is not None else 0.0


def culprit_features(item: Contribution, volume: VolumeCase) -> CulpritFeatures:
    """What speaks for this suspect."""
    late = ramp(float(volume.readings), (2.0, 0.3), (6.0, 1.0)) if item.ref is None else 1.0
    return CulpritFeatures(
        share=min(log_odds(item.share), LARGEST_SHARE),
        unusual=-float(np.log10(item.p_value if item.p_value is not None else UNKNOWN_P)),
        timely=float(np.log(timeliness(item.lag_steps))),
        tracking=item.tracking,
        recurred=item.recurred,
        told=float(np.log(late)),
    )


def timeliness(lag_steps: int | None) -> float:
    """Order in time counts only beyond what scrapes can resolve; a rise long before or after speaks against, 0–1."""
    if lag_steps is None:
        return 0.6
    return ramp(float(lag_steps), (-16.0, 0.7), (-6.0, 0.97), (-3.0, 1.0), (2.0, 1.0), (4.0, 0.7), (8.0, 0.3))
