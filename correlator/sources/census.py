"""Who the servers are, and whether one shows things several times: equal Prometheus, or several clusters."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from correlator.model.inventory import Remedy, ServerFound
from correlator.model.source import SourceError
from correlator.sources.probing import LiveSource

_ANY_TARGET = "topk(1, up)"
_CLUSTERS = "count by (cluster) (kube_pod_info)"
_SHOWN = 5


def server_found(name: str, source: LiveSource) -> ServerFound:
    """Who answers; where nobody does, why."""
    try:
        difference = source.clock_difference_seconds()
        return ServerFound(
            name=name,
            address=source.name,
            answers_as=str(source.server()),
            clock_difference_seconds=round(difference, 3),
        )
    except SourceError as error:
        return ServerFound(
            name=name, address=source.name, answers_as="", clock_difference_seconds=None, error=str(error)
        )


def doubled(source: LiveSource, at: float) -> tuple[Remedy, ...]:
    """What to set where a target is seen by several Prometheus, or pods of several clusters are. Raises SourceError."""
    return (*_replicas(source, at), *_clusters(source, at))


def _replicas(source: LiveSource, at: float) -> list[Remedy]:
    chosen = source.ask_now(_ANY_TARGET, at).metrics
    target = {name: chosen[0][name] for name in ("job", "instance") if name in chosen[0]} if chosen else {}
    if not target:
        return []
    pairs = ",".join(f"{name}={_quoted(value)}" for name, value in target.items())
    differing = differing_labels(source.ask_now(f"up{{{pairs}}}", at).metrics)
    if len(differing) != 1 or differing == {"cluster"}:
        return []
    (label,) = differing
    return [
        Remedy(
            finding=f"the target {target.get('instance', '?')} is there several times, told apart by `{label}` alone: "
            "equal Prometheus saw it",
            remedy=f"set prometheus.replica_labels to [{label}], or Thanos' --query.replica-label={label}; until then "
            "the largest of their values counts",
        )
    ]


def differing_labels(metrics: Sequence[Mapping[str, str]]) -> set[str]:
    """The labels in which some two series differ, of the two that differ least; empty for one series."""
    found = [
        {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
        for one, other in combinations(metrics[:_SHOWN], 2)
    ]
    return min(found, key=len, default=set())


def _clusters(source: LiveSource, at: float) -> list[Remedy]:
    names = sorted({metric.get("cluster", "") for metric in source.ask_now(_CLUSTERS, at).metrics} - {""})
    if len(names) < 2:  # noqa: PLR2004 - one cluster is no choice
        return []
    shown = ", ".join(names[:_SHOWN]) + (" …" if len(names) > _SHOWN else "")
    return [
        Remedy(
            finding=f"{len(names)} clusters are here ({shown}): pods of one name would be taken for one another",
            remedy=f"set prometheus.match to {{cluster: {names[0]}}}, and run one daemon for each cluster",
        )
    ]


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
