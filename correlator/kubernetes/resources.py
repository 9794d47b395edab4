"""The kinds of objects that are followed: where the API has them and how each becomes a record."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from correlator.kubernetes import reading
from correlator.kubernetes.reading import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """Objects under one path, told apart by `uid`. `read` gives None for what need not be known.

    Both raise KeyError, TypeError, AttributeError or ValueError for what is no such object.

    `metadata_only` asks for objects without their spec. `is_optional`: not every cluster knows such objects.
    """

    name: str
    path: str
    read: Callable[[Json], Any]
    uid: Callable[[Json], str] = reading.uid_of
    metadata_only: bool = False
    is_optional: bool = False

    @property
    def rule(self) -> str:
        """The rule of a ClusterRole that allows to follow them, as YAML has it."""
        _, root, *middle, resource = self.path.split("/")
        group = '""' if root == "api" else middle[0]
        return f"apiGroups: [{group}], resources: [{resource}], verbs: [get, list, watch]"


PODS: Final = "pods"
CLAIMS: Final = "persistentvolumeclaims"
VOLUMES: Final = "persistentvolumes"
NODES: Final = "nodes"
ATTACHMENTS: Final = "volumeattachments"
REPLICA_SETS: Final = "replicasets"
JOBS: Final = "jobs"
NAMESPACES: Final = "namespaces"
LONGHORN_REPLICAS: Final = "replicas.longhorn.io"

RESOURCES = (
    Resource(name=NAMESPACES, path="/api/v1/namespaces", read=reading.read_namespace, metadata_only=True),
    Resource(name=NODES, path="/api/v1/nodes", read=reading.read_node),
    Resource(name=VOLUMES, path="/api/v1/persistentvolumes", read=reading.read_volume),
    Resource(name=CLAIMS, path="/api/v1/persistentvolumeclaims", read=reading.read_claim),
    Resource(name=ATTACHMENTS, path="/apis/storage.k8s.io/v1/volumeattachments", read=reading.read_attachment),
    Resource(
        name=REPLICA_SETS,
        path="/apis/apps/v1/replicasets",
        read=reading.read_replica_set,
        uid=reading.name_of_owner,
        metadata_only=True,
    ),
    Resource(
        name=JOBS, path="/apis/batch/v1/jobs", read=reading.read_job, uid=reading.name_of_owner, metadata_only=True
    ),
    Resource(name=PODS, path="/api/v1/pods", read=reading.read_pod),
    Resource(
        name=LONGHORN_REPLICAS, path="/apis/longhorn.io/v1beta2/replicas", read=reading.read_replica, is_optional=True
    ),
)
"""All of them; in this order they are listed in messages."""
