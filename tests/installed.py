"""What a default kube-prometheus-stack scrapes of a small cluster, written by hand after the exporters' own texts.

Two GPU nodes with a disk each for their model server, one node for batch. node_exporter shows no mounts below the
kubelet's folder, cAdvisor none of the series that the chart drops, and samples come every 30 s.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SCRAPE_SECONDS = 30
MINUTES = 15

NODE_EXPORTER = """\
node_uname_info{nodename="NODE",sysname="Linux",machine="x86_64"} 1
node_disk_info{device="nvme0n1",major="259",minor="0",path="pci-0000:00:04.0-nvme-1",serial="vol0aNODE"} 1
node_disk_info{device="nvme1n1",major="259",minor="1",path="pci-0000:00:1f.0-nvme-1",serial="vol0bNODE"} 1
node_disk_reads_completed_total{device="nvme0n1"} 120455 3
node_disk_reads_completed_total{device="nvme1n1"} 884123 90
node_disk_writes_completed_total{device="nvme0n1"} 90311 11
node_disk_writes_completed_total{device="nvme1n1"} 40022 2
node_disk_read_bytes_total{device="nvme0n1"} 4.2e9 48000
node_disk_read_bytes_total{device="nvme1n1"} 9.1e11 9.0e6
node_disk_written_bytes_total{device="nvme0n1"} 7.7e9 210000
node_disk_written_bytes_total{device="nvme1n1"} 1.4e9 9000
node_disk_read_time_seconds_total{device="nvme0n1"} 61.2 0.002
node_disk_read_time_seconds_total{device="nvme1n1"} 902.7 0.05
node_disk_write_time_seconds_total{device="nvme0n1"} 122.8 0.02
node_disk_write_time_seconds_total{device="nvme1n1"} 40.1 0.003
node_disk_io_time_seconds_total{device="nvme0n1"} 300.1 0.02
node_disk_io_time_seconds_total{device="nvme1n1"} 811.9 0.06
node_disk_io_time_weighted_seconds_total{device="nvme0n1"} 184.0 0.022
node_disk_io_time_weighted_seconds_total{device="nvme1n1"} 942.8 0.053
node_disk_flush_requests_total{device="nvme0n1"} 20011 1
node_disk_flush_requests_time_seconds_total{device="nvme0n1"} 18.2 0.001
node_filesystem_size_bytes{device="/dev/nvme0n1p1",fstype="ext4",mountpoint="/"} 8.5e10
node_filesystem_readonly{device="/dev/nvme0n1p1",fstype="ext4",mountpoint="/"} 0
node_filesystem_device_error{device="/dev/nvme0n1p1",fstype="ext4",mountpoint="/",device_error=""} 0
node_filesystem_mount_info{device="/dev/nvme0n1p1",major="259",minor="2",mountpoint="/"} 1
node_pressure_io_waiting_seconds_total 41.2 0.01
node_pressure_io_stalled_seconds_total 20.9 0.004
"""

CADVISOR_POD = """\
container_cpu_usage_seconds_total{IDENTITY} 5120.2 1.5
container_pressure_io_waiting_seconds_total{IDENTITY} 0
container_pressure_io_stalled_seconds_total{IDENTITY} 0
"""

CADVISOR_POD_IO = """\
container_fs_reads_total{IDENTITY,device="/dev/DEVICE"} 510422 80
container_fs_writes_total{IDENTITY,device="/dev/DEVICE"} 2011 1
container_fs_reads_bytes_total{IDENTITY,device="/dev/DEVICE"} 7.2e11 8.0e6
container_fs_writes_bytes_total{IDENTITY,device="/dev/DEVICE"} 8.0e8 4000
container_blkio_device_usage_total{IDENTITY,device="/dev/DEVICE",NUMBER,operation="Read"} 7.2e11 8.0e6
container_blkio_device_usage_total{IDENTITY,device="/dev/DEVICE",NUMBER,operation="Write"} 8.0e8 4000
"""

VLLM = """\
vllm:time_to_first_token_seconds_bucket{model_name="llama",engine="0",le="0.1"} 40112 3.1
vllm:time_to_first_token_seconds_bucket{model_name="llama",engine="0",le="1.0"} 50112 3.9
vllm:time_to_first_token_seconds_bucket{model_name="llama",engine="0",le="+Inf"} 50220 4
vllm:time_to_first_token_seconds_sum{model_name="llama",engine="0"} 4022.2 0.31
vllm:time_to_first_token_seconds_count{model_name="llama",engine="0"} 50220 4
vllm:num_requests_waiting{model_name="llama",engine="0"} 0
vllm:num_requests_running{model_name="llama",engine="0"} 2
vllm:prompt_tokens_total{model_name="llama",engine="0"} 9.1e7 4100
vllm:request_success_total{model_name="llama",engine="0",finished_reason="stop"} 50200 4
"""


@dataclass(frozen=True)
class PodShown:
    """A pod; `device` is the disk that cAdvisor saw I/O of it on, "" for none; `claim` a claim of it, "" for none."""

    namespace: str
    name: str
    node: str
    device: str = ""
    claim: str = ""
    serves: bool = False

    def identity(self) -> str:
        """The labels that cAdvisor and the chart's scrape give it."""
        node = (
            f'instance="{address(self.node)}:10250",job="kubelet",metrics_path="/metrics/cadvisor",node="{self.node}"'
        )
        cgroup = f'container="main",id="/kubepods/{self.name}",image="registry/app:1",name="{self.name}-1"'
        return f'{node},{cgroup},namespace="{self.namespace}",pod="{self.name}"'


NODES = ("gpu-1", "gpu-2", "batch-1")
SEEN_VICTIM = PodShown("inference", "vllm-0", "gpu-1", device="nvme1n1", claim="models-0", serves=True)
UNSEEN_VICTIM = PodShown("inference", "vllm-1", "gpu-2", claim="models-1", serves=True)
PODS = (
    SEEN_VICTIM,
    UNSEEN_VICTIM,
    PodShown("batch", "etl-x7k2p", "batch-1", device="nvme0n1"),
    PodShown("logging", "fluent-bit-4hq2c", "gpu-2", device="nvme0n1"),
)


def address(node: str) -> str:
    """A node's address."""
    return f"10.0.1.{NODES.index(node) + 11}"


def kube_prometheus_stack(*, serving: bool = True, extra: str = "") -> str:
    """The default installation, with the model servers scraped or not; `extra` are more lines."""
    return "".join([*_nodes(), *_cadvisor(), *_objects(), *(_servers() if serving else ()), extra])


def mounts_shown() -> str:
    """What node_exporter shows when it does not hide the kubelet's folder."""
    return "".join(
        _labelled(
            f'node_filesystem_mount_info{{device="/dev/nvme1n1",major="259",minor="1",mountpoint="/var/lib/kubelet/pods/'
            f'uid-{pod.name}/volumes/kubernetes.io~csi/pv-{pod.claim}/mount"}} 1\n',
            _exporter_target(pod.node),
        )
        for pod in PODS
        if pod.claim
    )


def as_samples(text: str, until: int) -> str:
    """Lines of `series value [growth a second]` as OpenMetrics samples every 30 s up to `until`; ends in `# EOF`."""
    by_metric: dict[str, list[str]] = {}
    for line in text.splitlines():
        series, value, *growth = (
            line.rsplit(" ", 2) if line.count(" ") > 1 and _is_number(line.split(" ")[-2]) else (line.rsplit(" ", 1))
        )
        metric = series.partition("{")[0]
        rate = float(growth[0]) if growth else 0.0
        lines = by_metric.setdefault(metric, [f"# TYPE {metric} unknown"])
        lines += [
            f"{series} {float(value) + rate * (at - until)!r} {at}"
            for at in range(until - MINUTES * 60, until + 1, SCRAPE_SECONDS)
        ]
    return "\n".join([*(line for lines in by_metric.values() for line in lines), "# EOF", ""])


def _is_number(text: str) -> bool:
    return text.replace(".", "").replace("e", "").isdigit()


def _labelled(text: str, labels: str) -> str:
    """The lines of a target with the labels that its scrape adds."""
    lines = []
    for line in text.splitlines():
        series, _, values = line.partition("} ") if "{" in line else line.partition(" ")
        lines.append(f"{series},{labels}}} {values}" if "{" in series else f"{series}{{{labels}}} {values}")
    return "\n".join([*lines, ""])


def _exporter_target(node: str) -> str:
    target = f'instance="{address(node)}:9100",job="node-exporter",endpoint="http-metrics",container="node-exporter"'
    return f'{target},namespace="monitoring",pod="kps-prometheus-node-exporter-{node}",service="kps-node-exporter"'


def _nodes() -> Iterator[str]:
    for node in NODES:
        yield _labelled(NODE_EXPORTER.replace("NODE", node), _exporter_target(node))


def _cadvisor() -> Iterator[str]:
    for pod in PODS:
        yield CADVISOR_POD.replace("IDENTITY", pod.identity())
        if pod.device:
            number = f'major="259",minor="{pod.device[4]}"'
            text = CADVISOR_POD_IO.replace("IDENTITY", pod.identity()).replace("NUMBER", number)
            yield text.replace("DEVICE", pod.device)


def _objects() -> Iterator[str]:
    scrape = 'instance="10.244.0.9:8080",job="kube-state-metrics"'
    exporters = [PodShown("monitoring", f"kps-prometheus-node-exporter-{node}", node) for node in NODES]
    for pod in (*PODS, *exporters):
        name = f'{scrape},namespace="{pod.namespace}",pod="{pod.name}",uid="uid-{pod.name}"'
        yield f'kube_pod_info{{{name},node="{pod.node}",host_ip="{address(pod.node)}"}} 1\n'
        yield f'kube_pod_owner{{{name},owner_kind="StatefulSet",owner_name="{pod.name.rpartition("-")[0]}"}} 1\n'
        yield f"kube_pod_start_time{{{name}}} 1700000000\n"
        if pod.claim:
            claim = f'persistentvolumeclaim="{pod.claim}"'
            yield f'kube_pod_spec_volumes_persistentvolumeclaims_info{{{name},volume="models",{claim}}} 1\n'
            bound = f'namespace="{pod.namespace}",{claim},volumename="pv-{pod.claim}",storageclass="gp3"'
            yield f"kube_persistentvolumeclaim_info{{{scrape},{bound}}} 1\n"
            volume = f'persistentvolume="pv-{pod.claim}",storageclass="gp3",csi_driver="ebs.csi.aws.com"'
            yield f"kube_persistentvolume_info{{{scrape},{volume}}} 1\n"


def _servers() -> Iterator[str]:
    for number, pod in enumerate(pod for pod in PODS if pod.serves):
        target = f'instance="10.244.1.{number}:8000",job="inference/vllm",namespace="{pod.namespace}",pod="{pod.name}"'
        yield _labelled(VLLM, target)
