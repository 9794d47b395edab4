"""What a cluster would call the lab's pods: names, ids, owners, claims; all follow from the seed."""

import random
import uuid
from dataclasses import dataclass

from tests.lab.spec import PodSpec

NODE_NAMES = ("gpu-a-01", "gpu-a-07", "gpu-b-03", "worker-gpu-12")
CLUSTER = "lab"
# Kubernetes leaves out vowels and what looks like them.
SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
IMAGES = {
    "vllm-llama": "docker.io/vllm/vllm-openai:v0.11.0",
    "postgres": "docker.io/library/postgres:17",
    "loki": "docker.io/grafana/loki:3.5.0",
    "clickhouse": "docker.io/clickhouse/clickhouse-server:25.8",
    "kafka": "docker.io/apache/kafka:4.1.0",
}


@dataclass(frozen=True)
class Identity:
    """One pod as Kubernetes knows it."""

    namespace: str
    pod: str
    uid: str
    container: str
    container_id: str
    image: str
    owner_kind: str
    owner_name: str
    pod_ip: str
    claim: str
    persistent_volume: str

    @property
    def key(self) -> str:
        """`namespace/pod`."""
        return f"{self.namespace}/{self.pod}"

    @property
    def group_name(self) -> str:
        """Name of its control group."""
        return f"{self.namespace}_{self.pod}"

    @property
    def slice_path(self) -> str:
        """Path of the pod's cgroup on a node that runs systemd."""
        return f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{self.uid.replace('-', '_')}.slice"


@dataclass(frozen=True)
class Node:
    """The node that everything runs on."""

    name: str
    internal_ip: str


def node_for(rng: random.Random) -> Node:
    """A node's name and address."""
    return Node(name=rng.choice(NODE_NAMES), internal_ip=f"10.0.{rng.randrange(4)}.{rng.randrange(10, 200)}")


def identity_for(spec: PodSpec, rng: random.Random) -> Identity:
    """A pod's name and what hangs on it, as its owner would have made them."""
    suffix = "".join(rng.choices(SUFFIX_LETTERS, k=5))
    owner_kind: str = spec.owner_kind
    owner_name = spec.base_name
    if spec.owner_kind == "StatefulSet":
        pod = f"{spec.base_name}-0"
    elif spec.owner_kind == "Job":
        pod = f"{spec.base_name}-{suffix}"
    else:
        owner_kind = "ReplicaSet"
        owner_name = f"{spec.base_name}-{''.join(rng.choices(SUFFIX_LETTERS, k=9))}"
        pod = f"{owner_name}-{suffix}"
    return Identity(
        namespace=spec.namespace,
        pod=pod,
        uid=_uuid(rng),
        container=spec.base_name,
        container_id=f"{rng.getrandbits(256):064x}",
        image=IMAGES.get(spec.base_name, f"registry.local/{spec.namespace}/{spec.base_name}:{rng.randrange(1, 40)}"),
        owner_kind=owner_kind,
        owner_name=owner_name,
        pod_ip=f"10.244.{rng.randrange(8)}.{rng.randrange(2, 250)}",
        claim=f"data-{pod}",
        persistent_volume=f"pvc-{_uuid(rng)}",
    )


def _uuid(rng: random.Random) -> str:
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))
