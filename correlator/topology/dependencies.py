"""What a victim said that it depends on: by an annotation of its pod, or by a setting."""

from collections.abc import Iterable, Mapping, Sequence

from correlator.model.topology import Pod, PodRef
from correlator.topology.projection import Projection

ANNOTATION_LABELS = ("namespace", "pod", "annotation_correlator_depends_on")


def dependencies(
    victims: Iterable[PodRef],
    pods: Mapping[PodRef, Pod],
    annotations: Projection,
    settings: Mapping[str, Sequence[str]],
) -> dict[PodRef, tuple[PodRef, ...]]:
    """The pods that each victim depends on, sorted; what names no pod that is known is left out.

    A name is `namespace/pod` or `namespace/Kind/workload`; within a victim's annotation the namespace may be missing.
    `settings` map such a name of victims to such names.
    """
    named = _Names(pods)
    asked: dict[PodRef, set[PodRef]] = {}
    own = set(victims)
    for namespace, pod, told in annotations:
        ref = PodRef(namespace, pod)
        if ref in own:
            for name in told.split(","):
                asked.setdefault(ref, set()).update(named.meant(name.strip(), namespace))
    for victim, names in settings.items():
        for ref in own.intersection(named.meant(victim)):
            for name in names:
                asked.setdefault(ref, set()).update(named.meant(name))
    return {ref: tuple(sorted(found - {ref})) for ref, found in asked.items() if found - {ref}}


class _Names:
    """Pods by the names that people give them."""

    def __init__(self, pods: Mapping[PodRef, Pod]) -> None:
        self._pods = pods
        self._workloads: dict[str, set[PodRef]] = {}
        for ref, pod in pods.items():
            if pod.workload:
                self._workloads.setdefault(f"{ref.namespace}/{pod.workload}", set()).add(ref)

    def meant(self, name: str, namespace: str = "") -> set[PodRef]:
        """The pods that a name means; a name that begins with a kind, or has no slash, lies in `namespace`."""
        if namespace and ("/" not in name or (name[:1].isupper() and name.count("/") == 1)):
            name = f"{namespace}/{name}"
        ref = PodRef(*name.partition("/")[::2])
        return self._workloads.get(name, set()) | ({ref} if ref in self._pods else set())
