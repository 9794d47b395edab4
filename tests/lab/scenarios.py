"""The scenarios: a table."""

from dataclasses import replace

from tests.lab.spec import OTHER, SHARED, PodSpec, Role, Scenario, Stream, VictimChange, VolumeSpec


def _sequential(kind: str, block: str, depth: int, *more: str) -> tuple[str, ...]:
    return (f"--rw={kind}", f"--bs={block}", f"--iodepth={depth}", *more)


DEEP_WRITE = _sequential("write", "1m", 12)
HALF_WRITE = _sequential("write", "1m", 6)
MILD_WRITE = _sequential("write", "256k", 1, "--rate=24m")

DATABASE = PodSpec(
    role="innocent",
    namespace="data",
    owner_kind="StatefulSet",
    base_name="postgres",
    streams=(
        Stream(("--rw=randrw", "--rwmixread=60", "--bs=8k", "--ioengine=psync", "--rate_iops=72,48"), begins=None),
    ),
)
LOGS = PodSpec(
    role="innocent",
    namespace="monitoring",
    owner_kind="StatefulSet",
    base_name="loki",
    streams=(Stream(("--rw=write", "--bs=128k", "--ioengine=psync", "--rate=4m"), begins=None),),
)
USUAL = (DATABASE, LOGS)
VICTIM = PodSpec(role="victim", namespace="inference", owner_kind="StatefulSet", base_name="vllm-llama", streams=())


def _job(role: Role, namespace: str, name: str, *streams: Stream, volume: int = SHARED) -> PodSpec:
    return PodSpec(role, namespace, "Job", name, streams, volume, is_born_in_event=True)


REINDEX = _job("culprit", "data", "vector-reindex", Stream(DEEP_WRITE))

_ALL = (
    Scenario(
        name="quiet",
        summary="nothing happens",
        verdict=None,
        pods=USUAL,
        claims=("ttft_kept",),
    ),
    Scenario(
        name="one_writer",
        summary="a vector re-index writes sequentially and deep on the victim's volume",
        verdict="contention",
        pods=(*USUAL, REINDEX),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="writer_and_bystander",
        summary="a deep writer, and in the same second an agent that writes a little",
        verdict="contention",
        pods=(
            *USUAL,
            REINDEX,
            _job("innocent", "sandbox", "agent", Stream(_sequential("randwrite", "16k", 1, "--rate_iops=60"))),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="two_writers",
        summary="two jobs write at once; each carries a good part",
        verdict="contention",
        pods=(
            *USUAL,
            _job("culprit", "data", "vector-reindex", Stream(HALF_WRITE)),
            _job("culprit", "batch", "etl-orders", Stream(HALF_WRITE)),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="reader",
        summary="a database that has always been there starts a full scan",
        verdict="contention",
        pods=(
            LOGS,
            PodSpec(
                role="culprit",
                namespace="data",
                owner_kind="StatefulSet",
                base_name="clickhouse",
                streams=(DATABASE.streams[0], Stream(_sequential("randread", "256k", 20))),
            ),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="small_block_writer",
        summary="a 4 KiB random writer joins a heavy but constant innocent",
        verdict="contention",
        pods=(
            DATABASE,
            PodSpec(
                role="innocent",
                namespace="data",
                owner_kind="StatefulSet",
                base_name="kafka",
                streams=(Stream(_sequential("write", "1m", 1, "--rate=320m"), begins=None),),
            ),
            _job("culprit", "sandbox", "agent", Stream(_sequential("randwrite", "4k", 128, "--numjobs=3"))),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="fsync_storm",
        summary="four committers that make each of their batches durable",
        verdict="contention",
        pods=(
            *USUAL,
            _job(
                "culprit",
                "batch",
                "ledger-import",
                Stream(_sequential("randwrite", "1m", 8, "--fsync=8", "--numjobs=4")),
            ),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="bursts",
        summary="a deep writer that is on for eight seconds and off for seven",
        verdict="contention",
        pods=(*USUAL, _job("culprit", "batch", "etl-clicks", Stream(DEEP_WRITE, duty=(8.0, 7.0)))),
        claims=("ttft_moved", "storage_moved"),
        event_seconds=83.0,
    ),
    Scenario(
        name="ramp",
        summary="a job whose workers start one after the other",
        verdict="contention",
        pods=(
            *USUAL,
            _job(
                "culprit",
                "batch",
                "backfill",
                *(Stream(_sequential("write", "1m", 2), begins=9.0 * step) for step in range(7)),
            ),
        ),
        claims=("ttft_moved", "storage_moved"),
        event_seconds=75.0,
    ),
    Scenario(
        name="writer_with_load_rise",
        summary="a deep writer while half as many requests again arrive",
        verdict="contention",
        pods=(*USUAL, REINDEX),
        change=VictimChange(rate_factor=1.4),
        claims=("ttft_moved", "storage_moved", "load_rose"),
    ),
    Scenario(
        name="own_io",
        summary="the victim loads weights for a second model from its own volume",
        verdict="own_io",
        pods=(
            *USUAL,
            replace(VICTIM, streams=(Stream(_sequential("read", "1m", 3)),)),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="unattributed",
        summary="a process outside every pod writes through the page cache and syncs",
        verdict="contention",
        pods=(
            *USUAL,
            _job(
                "unaccounted",
                "",
                "image-pull",
                Stream(("--rw=write", "--bs=1m", "--ioengine=psync", "--direct=0", "--fdatasync=128", "--numjobs=4")),
            ),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="cadvisor_gone",
        summary="a deep writer while cAdvisor's scrape fails",
        verdict="undetermined",
        pods=(*USUAL, REINDEX),
        claims=("ttft_moved", "storage_moved"),
        loses_cadvisor=True,
    ),
    Scenario(
        name="frozen_by_storage",
        summary="a writer with realtime I/O priority leaves the victim's reads waiting: no first token",
        verdict="contention",
        pods=(
            *USUAL,
            _job(
                "culprit",
                "data",
                "snapshot-export",
                Stream(_sequential("write", "1m", 32, "--numjobs=2", "--prioclass=1", "--prio=0")),
            ),
        ),
        volumes=(VolumeSpec(scheduler="mq-deadline"),),
        claims=("ttft_moved", "storage_moved", "froze"),
    ),
    Scenario(
        name="frozen_process",
        summary="the engine hangs by itself: requests wait, no first token, the volume is quiet",
        verdict="other",
        pods=USUAL,
        change=VictimChange(hangs=True),
        claims=("ttft_moved", "storage_kept", "froze"),
    ),
    Scenario(
        name="degraded",
        summary="the disk behind the volume becomes slow for everyone",
        verdict="degraded_device",
        pods=(
            replace(DATABASE, operations_in_event=45),
            replace(LOGS, operations_in_event=22),
            replace(VICTIM, operations_in_event=600),
        ),
        claims=("ttft_moved", "storage_moved"),
    ),
    Scenario(
        name="load_only",
        summary="three times the requests, with longer prompts",
        verdict="load",
        pods=USUAL,
        change=VictimChange(rate_factor=3.0, prompt_factor=1.35),
        claims=("ttft_moved", "load_rose"),
    ),
    Scenario(
        name="slow_compute",
        summary="the accelerator slows down at the moment a mild writer starts",
        verdict="other",
        pods=(*USUAL, _job("innocent", "batch", "etl-orders", Stream(MILD_WRITE))),
        change=VictimChange(compute_factor=2.4),
        claims=("ttft_moved", "storage_kept"),
    ),
    Scenario(
        name="other_volume_busy",
        summary="a writer saturates a volume that the victim does not use",
        verdict=None,
        pods=(*USUAL, _job("innocent", "data", "vector-reindex", Stream(DEEP_WRITE), volume=OTHER)),
        volumes=(VolumeSpec(), VolumeSpec(cap_bytes_per_second=120_000_000)),
        claims=("ttft_kept", "other_volume_busy"),
    ),
    Scenario(
        name="unexposed_victim_slow_compute",
        summary="a writer saturates a volume that the victim does not use while the accelerator slows down",
        verdict="other",
        pods=(*USUAL, _job("innocent", "data", "vector-reindex", Stream(DEEP_WRITE), volume=OTHER)),
        volumes=(VolumeSpec(), VolumeSpec(cap_bytes_per_second=120_000_000)),
        change=VictimChange(compute_factor=2.4),
        claims=("ttft_moved", "storage_kept", "other_volume_busy"),
    ),
)

SCENARIOS = {scenario.name: scenario for scenario in _ALL}
