"""The Kubernetes API of a cluster that frames tell of, and a source of the same cluster without kube-state-metrics."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from correlator.kubernetes.cluster import Cluster
from correlator.kubernetes.facts import KEYS
from correlator.kubernetes.source import KubernetesSource
from correlator.model.frame import Frame, Frames
from correlator.model.grid import Grid
from correlator.model.signal import Signal
from correlator.model.source import Source
from correlator.topology.projection import seen_steps
from tests.kubernetes_api import Api, Direct, named, pod


class WithoutInfos:
    """A source whose cluster has no kube-state-metrics."""

    def __init__(self, inner: Source) -> None:
        """`inner` has everything."""
        self._inner = inner
        self.name = inner.name
        self.span = inner.span
        self.intervals = inner.intervals

    def fetch(
        self, signals: Sequence[Signal], grid: Grid, progress: Callable[[int, int], None] | None = None
    ) -> Frames:
        """Nothing of what kube-state-metrics would tell."""
        frames = self._inner.fetch(signals, grid, progress)
        left = {name: Frame.empty(name, grid) if name in KEYS else frame for name, frame in frames.by_signal.items()}
        return Frames(grid, left, frames.intervals, frames.quality)


def seen(frames: Frames, signal: str) -> Iterator[tuple[dict[str, str], float, float]]:
    """(labels, when first seen, value) of each row."""
    frame = frames.get(signal)
    newest, oldest = seen_steps(frame.values)
    times = frame.grid.times()
    for row, labels in enumerate(frame.labels):
        yield dict(labels), float(times[oldest[row]]), float(frame.values[row, newest[row]])


def spelled(at: float) -> str:
    """As the API writes an instant."""
    return f"{datetime.fromtimestamp(at, UTC):%FT%TZ}"


def api_of(frames: Frames) -> Api:
    """The API of the cluster that these series tell of."""
    api = Api()
    owners = {row["uid"]: row for row, _, _ in seen(frames, "pod_owner")}
    starts = {row["uid"]: value for row, _, value in seen(frames, "pod_start_time")}
    claims: dict[str, dict[str, str]] = {}
    for row, _, _ in seen(frames, "pod_claims"):
        claims.setdefault(row["uid"], {})[row["volume"]] = row["persistentvolumeclaim"]
    for row, first, _ in seen(frames, "pod_info"):
        uid, owner = row["uid"], owners.get(row["uid"], {})
        owned = (owner.get("owner_kind", ""), owner.get("owner_name", ""), "")
        more: dict[str, Any] = {"owner": owned, "claims": claims.get(uid, {}), "placed": spelled(first)}
        if uid in starts:
            more["started"] = spelled(starts[uid])
        item = pod(row["pod"], row["namespace"], uid=uid, node=row["node"], **more)
        item["status"]["hostIP"] = row.get("host_ip", "")
        api.put("/api/v1/pods", item)
    for row, first, _ in seen(frames, "claim_info"):
        claim = named(row["persistentvolumeclaim"], row["namespace"], spec={"volumeName": row.get("volumename", "")})
        put(api, "/api/v1/persistentvolumeclaims", claim, first)
    for row, first, _ in seen(frames, "persistent_volume_info"):
        put(api, "/api/v1/persistentvolumes", named(row["persistentvolume"], spec=_where(row)), first)
    for row, first, _ in seen(frames, "namespace_labels"):
        labels = {name.removeprefix("label_"): value for name, value in row.items() if name.startswith("label_")}
        put(api, "/api/v1/namespaces", named(row["namespace"], labels=labels), first)
    return api


def put(api: Api, path: str, item: dict[str, Any], first: float) -> None:
    """An object that was made at an instant."""
    item["metadata"]["creationTimestamp"] = spelled(first)
    item["metadata"]["uid"] = f"{path}/{item['metadata'].get('namespace', '')}/{item['metadata']['name']}"
    api.put(path, item)


def _where(row: Mapping[str, str]) -> dict[str, Any]:
    """Where a persistent volume lies, as its object says it."""
    csi = {"driver": row.get("csi_driver", ""), "volumeHandle": row.get("csi_volume_handle", "")}
    nfs = {"server": row.get("nfs_server", ""), "path": row.get("nfs_path", "")}
    local = {"path": row.get("local_path", "")}
    return {name: place for name, place in (("csi", csi), ("nfs", nfs), ("local", local)) if all(place.values())}


def beside_api(inner: Source, api: Api, clock: Callable[[], float]) -> KubernetesSource:
    """A source beside an API that was just listed."""
    cluster = Cluster(lambda: Direct(api), clock, random.Random(1))
    for follower in cluster.followers:
        follower.turn()
        follower.state.has_tried = True
    return KubernetesSource(inner, cluster)
