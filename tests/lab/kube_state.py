"""What kube-state-metrics would say of the lab's pods, claims, volumes and node."""

from collections.abc import Iterable, Iterator

from tests.lab.exposition import Sample
from tests.lab.identities import Node
from tests.lab.pods import Pod

STORAGE_CLASS = "local-path"
PHASES = ("Pending", "Running", "Succeeded", "Failed", "Unknown")


def kube_state_samples(node: Node, pods: Iterable[Pod], at: float) -> Iterator[Sample]:
    """All rows at `at`; a Job's pod stays, as Succeeded, after it finished."""
    yield _gauge(
        "kube_node_info",
        node=node.name,
        internal_ip=node.internal_ip,
        kernel_version="",
        os_image="Debian GNU/Linux 12 (bookworm)",
        kubelet_version="v1.34.2",
    )
    for pod in pods:
        if pod.is_accounted and pod.born_at <= at:
            yield from _pod_samples(node, pod, at)
            yield from _claim_samples(pod)


def _pod_samples(node: Node, pod: Pod, at: float) -> Iterator[Sample]:
    identity = pod.identity
    names = {"namespace": identity.namespace, "pod": identity.pod, "uid": identity.uid}
    yield _gauge(
        "kube_pod_info",
        **names,
        node=node.name,
        host_ip=node.internal_ip,
        pod_ip=identity.pod_ip,
        created_by_kind=identity.owner_kind,
        created_by_name=identity.owner_name,
        priority_class="",
        host_network="false",
    )
    yield _gauge(
        "kube_pod_owner",
        **names,
        owner_kind=identity.owner_kind,
        owner_name=identity.owner_name,
        owner_is_controller="true",
    )
    yield Sample("kube_pod_start_time", names, int(pod.born_at), "gauge")
    phase = "Running" if pod.is_alive(at) else "Succeeded"
    for name in PHASES:
        yield Sample("kube_pod_status_phase", {**names, "phase": name}, int(name == phase), "gauge")
    yield _gauge(
        "kube_pod_spec_volumes_persistentvolumeclaims_info",
        **names,
        volume="data",
        persistentvolumeclaim=identity.claim,
    )


def _claim_samples(pod: Pod) -> Iterator[Sample]:
    identity = pod.identity
    yield _gauge(
        "kube_persistentvolumeclaim_info",
        namespace=identity.namespace,
        persistentvolumeclaim=identity.claim,
        storageclass=STORAGE_CLASS,
        volumename=identity.persistent_volume,
        volumemode="Filesystem",
    )
    yield _gauge(
        "kube_persistentvolume_info",
        persistentvolume=identity.persistent_volume,
        storageclass=STORAGE_CLASS,
        nfs_server="",
        nfs_path="",
        csi_driver="",
        csi_volume_handle="",
        local_path=str(pod.directory),
        local_fs="",
        host_path="",
        host_path_type="",
        reclaim_policy="Delete",
    )
    yield _gauge(
        "kube_persistentvolume_claim_ref",
        persistentvolume=identity.persistent_volume,
        claim_namespace=identity.namespace,
        name=identity.claim,
    )


def _gauge(metric: str, /, **labels: str) -> Sample:
    return Sample(metric, labels, 1, "gauge")
