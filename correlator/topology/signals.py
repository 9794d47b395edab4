"""The signals that a topology is read from, by their names in the catalogue."""

DISK_COUNTERS = (
    "disk_reads",
    "disk_writes",
    "disk_read_bytes",
    "disk_written_bytes",
    "disk_read_time",
    "disk_write_time",
    "disk_io_time",
    "disk_queue_time",
    "disk_flushes",
    "disk_flush_time",
)
DISK_INFO = "disk_info"
DISK_MAPPER_INFO = "disk_mapper_info"
MOUNT_INFO = "mount_info"
FILESYSTEM_SIZE = "filesystem_size"
DISK_MEMBER = "disk_member"
DRIVE_ERRORS = "drive_errors"
NODE_NAME = "node_name"
NODE_PRESSURE = ("node_io_waiting", "node_io_stalled")

POD_IO = ("pod_reads", "pod_writes", "pod_read_bytes", "pod_written_bytes")
POD_DEVICE_USAGE = "pod_device_usage"
POD_IO_HEARTBEAT = "pod_io_heartbeat"

POD_INFO = "pod_info"
NODE_INFO = "node_info"
POD_OWNER = "pod_owner"
OWNER_OWNER = "owner_owner"
POD_CLAIMS = "pod_claims"
POD_START_TIME = "pod_start_time"
CLAIM_INFO = "claim_info"
PERSISTENT_VOLUME_INFO = "persistent_volume_info"
NAMESPACE_LABELS = "namespace_labels"

POD_FINISHED = "pod_finished"
POD_ANNOTATIONS = "pod_annotations"

NFS = "nfs_operations"
RBD = "rbd_operations"
CEPH_OSD = "osd_operations"
LONGHORN = "longhorn_operations"
LONGHORN_REPLICA = "longhorn_replica"
PORTWORX = "portworx_operations"

TTFT_COUNT = "ttft_count"

READ = (
    *DISK_COUNTERS,
    DISK_INFO,
    DISK_MAPPER_INFO,
    MOUNT_INFO,
    FILESYSTEM_SIZE,
    DISK_MEMBER,
    DRIVE_ERRORS,
    NODE_NAME,
    *NODE_PRESSURE,
    *POD_IO,
    POD_DEVICE_USAGE,
    POD_IO_HEARTBEAT,
    POD_INFO,
    NODE_INFO,
    POD_OWNER,
    OWNER_OWNER,
    POD_CLAIMS,
    POD_START_TIME,
    CLAIM_INFO,
    PERSISTENT_VOLUME_INFO,
    NAMESPACE_LABELS,
    POD_FINISHED,
    POD_ANNOTATIONS,
    NFS,
    RBD,
    CEPH_OSD,
    LONGHORN,
    LONGHORN_REPLICA,
    PORTWORX,
    TTFT_COUNT,
)
