"""Whether a victim got slow by reading more for each request, on a volume that serves it as well as ever.

So it is after a restart, when its page cache is cold: nobody else is to blame, and the volume is not worse.
"""

from correlator.analysis.case import VolumeCase
from correlator.analysis.links import ExcessSplit, ramp
from correlator.analysis.victims import Victim
from correlator.analysis.windows import Spans, mean_over

MORE_READS = 1.5
"""So many times as many reads for each request as before are another way to work."""


def own_reading(victim: Victim, volume: VolumeCase, spans: Spans, split: ExcessSplit) -> float:
    """Probability that the added reads of its own explain the rise of TTFT; 0 where they cannot be seen."""
    own, latency = volume.contributions.of(victim.key.ref), volume.worse.read_latency.observed
    rates = [mean_over(victim.first_tokens, steps) / victim.step for steps in (spans.before, spans.during)]
    if own is None or latency is None or not min(rates) > 0 or not split.total > 0:
        return 0.0
    before, during = float(own.before[0]) / rates[0], float(own.during[0]) / rates[1]
    if not during >= MORE_READS * before:
        return 0.0
    part = (during - before) * latency / split.total
    return ramp(part, (0.05, 0.0), (0.12, 0.6), (0.25, 0.9), (0.5, 0.97))
