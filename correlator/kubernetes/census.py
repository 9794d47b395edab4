"""What the Kubernetes API brings, for `correlator check` and the status: what could be listed, and what it adds."""

from collections.abc import Mapping

from correlator.kubernetes.cluster import Cluster
from correlator.model.inventory import KubernetesFound, ObjectsFound, Remedy


def kubernetes_found(mode: str, reason: str, cluster: Cluster | None, added: Mapping[str, int]) -> KubernetesFound:
    """The state of each kind of object; `added` are the rows that no series told, by signal."""
    if cluster is None:
        return KubernetesFound(mode=mode, reason=reason)
    spots = {spot.signal.partition("/")[2]: spot.reason for spot in cluster.quality()}
    objects = tuple(
        ObjectsFound(
            name=each.resource.name,
            known=len(each.table),
            problem=spots.get(each.resource.name, ""),
            missing_rule=each.resource.rule if each.state.is_refused and not each.state.is_unknown else "",
        )
        for each in cluster.followers
        if not each.state.is_absent
    )
    return KubernetesFound(
        mode=mode,
        is_reachable=any(each.state.confirmed_at is not None for each in cluster.followers),
        objects=objects,
        added={name: count for name, count in sorted(added.items()) if count},
    )


def remedies_of(found: KubernetesFound) -> tuple[Remedy, ...]:
    """What mends what the API does not let us read, or why nobody answers."""
    if found.objects and not found.is_reachable:
        problem = next((each.problem for each in found.objects if each.problem), "no answer")
        finding = f"nothing could be listed from the Kubernetes API ({problem})"
        return (Remedy(finding=finding, remedy="see the setting `kubernetes`; without it the series alone tell"),)
    refused = [each for each in found.objects if each.missing_rule]
    if not refused:
        return ()
    rules = "; ".join(each.missing_rule for each in refused)
    names = ", ".join(each.name for each in refused)
    return (
        Remedy(
            finding=f"the Kubernetes API does not let us read {names}",
            remedy=f"apply deploy/kubernetes/rbac.yaml, or add to the ClusterRole: {rules}",
        ),
    )
