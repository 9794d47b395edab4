"""What kube-state-metrics shows: pods, owners, claims and volumes."""

import numpy as np

from tests.simulator.names import Pod
from tests.simulator.scene import Scene
from tests.simulator.scrape import Book, Losses, Target, draw_target


def export_cluster(book: Book, scene: Scene) -> None:
    """Infos of every pod; a Job's stay after it has finished."""
    target = draw_target(scene.rng, scene.clock, scene.scraping.kube_state, Losses())
    for pod in scene.pods:
        _pod(book, scene, pod, target)


def _pod(book: Book, scene: Scene, pod: Pod, target: Target) -> None:
    node, device = scene.nodes[pod.node], scene.devices[pod.device]
    gone = np.inf if pod.owner_kind == "Job" else pod.ended_at
    exists = (target.at >= pod.started_at) & (target.at < gone)
    alive = target.on_grid(np.where(exists, 1.0, np.nan))
    interval = target.interval
    names = {"namespace": pod.namespace, "pod": pod.pod, "uid": pod.uid}
    owner = {"created_by_kind": pod.owner_kind, "created_by_name": pod.owner_name}
    book.put("pod_info", {**names, **owner, "node": node.name, "host_ip": node.address}, alive, interval)
    owned = {"owner_kind": pod.owner_kind, "owner_name": pod.owner_name}
    book.put("pod_owner", {**names, **owned}, alive, interval)
    book.put("pod_start_time", names, alive * np.floor(pod.started_at), interval)
    if not pod.claim:
        return
    claim = {"persistentvolumeclaim": pod.claim}
    book.put("pod_claims", {**names, **claim, "volume": "data"}, alive, interval)
    bound = {"storageclass": "local", "volumename": pod.volume, "volumemode": "Filesystem"}
    book.put("claim_info", {"namespace": pod.namespace, **claim, **bound}, alive, interval)
    path = f"/data/{device.name}/{pod.volume}"
    lives = {"persistentvolume": pod.volume, "storageclass": "local", "local_path": path}
    book.put("persistent_volume_info", lives, alive, interval)
