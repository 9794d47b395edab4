"""Who is who: workloads as they are met in clusters, pods, nodes, claims. Guilt is never told by a name."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

OwnerKind = Literal["Job", "StatefulSet", "ReplicaSet", "DaemonSet"]

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
HEXADECIMAL = "0123456789abcdef"

NAMESPACES = ("data", "batch", "sandbox", "monitoring", "platform", "search", "agents", "default", "ml", "etl")
WORKLOADS = (
    "vector-reindex",
    "postgres",
    "clickhouse",
    "loki",
    "kafka",
    "etl-orders",
    "etl-clicks",
    "agent",
    "backup",
    "minio",
    "redis",
    "qdrant",
    "spark-exec",
    "notebook",
    "ingest",
    "feature-store",
    "airflow-worker",
    "dataset-sync",
    "compactor",
    "opensearch",
    "ledger-import",
    "tokenizer",
    "checkpoint",
    "log-shipper",
    "registry",
    "gitea",
    "build",
    "crawler",
)
MODELS = ("meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen3-0.6B", "mistral-7b", "llama-70b", "gemma-3-12b")
SERVERS = ("vllm-llama", "vllm-qwen", "sglang-chat", "llm-chat", "inference-api", "assistant")
ROLES = ("gpu", "worker", "node", "ip-10-0", "np")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One pod. `started_at` epoch seconds; it has I/O series and infos in [`started_at`, `ended_at`).

    `restarted_at` are the instants at which its container was made anew, and its counters with it.
    """

    namespace: str
    pod: str
    container: str
    uid: str
    owner_kind: OwnerKind
    owner_name: str
    node: int
    device: int
    claim: str
    volume: str
    started_at: float
    ended_at: float = float("inf")
    restarted_at: tuple[float, ...] = ()

    @property
    def key(self) -> str:
        """`namespace/pod`."""
        return f"{self.namespace}/{self.pod}"


@dataclass(frozen=True, slots=True)
class Node:
    """A node with its address."""

    name: str
    address: str


def draw_text(rng: np.random.Generator, letters: str, length: int) -> str:
    """Random letters."""
    return "".join(letters[index] for index in rng.integers(len(letters), size=length))


def draw_uid(rng: np.random.Generator) -> str:
    """A random UUID."""
    digits = draw_text(rng, HEXADECIMAL, 32)
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def draw_nodes(rng: np.random.Generator, count: int) -> list[Node]:
    """Nodes of one pool."""
    role, subnet = str(rng.choice(ROLES)), int(rng.integers(1, 250))
    numbers = rng.permutation(90)[:count] + 1
    return [Node(f"{role}-{'abc'[i % 3]}-{n:02d}", f"10.0.{subnet}.{n}") for i, n in enumerate(numbers.tolist())]


def draw_workload(rng: np.random.Generator) -> tuple[str, str]:
    """A namespace and a workload's name."""
    return str(rng.choice(NAMESPACES)), str(rng.choice(WORKLOADS))


def pod_name(rng: np.random.Generator, owner_kind: OwnerKind, base: str) -> tuple[str, str]:
    """Names of the pod and of its owner."""
    suffix = draw_text(rng, LETTERS, 5)
    if owner_kind == "StatefulSet":
        return f"{base}-{int(rng.integers(4))}", base
    if owner_kind == "ReplicaSet":
        owner = f"{base}-{draw_text(rng, LETTERS, 9)}"
        return f"{owner}-{suffix}", owner
    if owner_kind == "Job" and rng.uniform() < 0.5:  # of a CronJob
        owner = f"{base}-{int(rng.integers(28_000_000, 30_000_000))}"
        return f"{owner}-{suffix}", owner
    return f"{base}-{suffix}", base
