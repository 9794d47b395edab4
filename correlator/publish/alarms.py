"""What alerting rules need beyond an incident's own series: who stopped altogether, and the open episodes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from correlator.model.finding import STRENGTH
from correlator.model.incident import Incident


def has_stopped(incident: Incident) -> bool:
    """Whether the victim gives no first tokens, or does nothing of what else is watched, at all."""
    return incident.ttft.stalled or (incident.symptom is not None and incident.symptom.stopped)


def victims_by_episode(open_incidents: Sequence[Incident]) -> Mapping[tuple[str, str], int]:
    """How many victims the open episodes have, by (volume, verdict); those of one volume and verdict are one.

    An episode has the strongest verdict of its open incidents, and the volume of the first of these that was detected;
    it is empty where the verdict blames none.
    """
    episodes: dict[str, list[Incident]] = defaultdict(list)
    for incident in open_incidents:
        episodes[incident.episode_id].append(incident)
    found: dict[tuple[str, str], int] = defaultdict(int)
    for members in episodes.values():
        found[_of_episode(members)] += len({(one.victim.namespace, one.victim.pod) for one in members})
    return found


def _of_episode(members: Sequence[Incident]) -> tuple[str, str]:
    """Volume and verdict."""
    first = min(members, key=lambda one: (STRENGTH.index(one.verdict), one.detected_at, one.id))
    return first.volume.name if first.volume else "", first.verdict.value
