"""What node_exporter shows of a node's disks, file systems and pressure."""

from collections.abc import Mapping

import numpy as np

from tests.simulator.case import Floats
from tests.simulator.running import Outcome
from tests.simulator.scene import Scene
from tests.simulator.scrape import Book, Losses, Target, counter, draw_target
from tests.simulator.vllm import outage_of

BY_INSTANCE = {"disk_queue_time", "disk_info", "filesystem_device_error", "filesystem_readonly"}


def export_nodes(book: Book, scene: Scene, outcome: Outcome) -> None:
    """Every node's disks and pressure."""
    outages = outage_of(scene, "node")
    for index, node in enumerate(scene.nodes):
        target = draw_target(scene.rng, scene.clock, scene.scraping.node, Losses(scene.scraping.lost, outages))
        instance = f"{node.address}:9100"
        labels = {
            "instance": instance,
            "node": node.name,
            "namespace": "monitoring",
            "pod": f"node-exporter-{index}{node.name[-2:]}",
        }
        for place, device in enumerate(scene.devices):
            if device.node == index:
                _disk(book, scene, outcome, place, target, labels)
        _pressure(book, scene, outcome, index, target, labels)
        alive = target.on_grid(np.ones(len(target.at)))
        book.put("node_name", {**labels, "nodename": node.name}, alive, target.interval)
        book.put("disk_heartbeat", {"instance": instance}, target.on_grid(target.at), target.interval)


def device_totals(scene: Scene, outcome: Outcome, place: int) -> Mapping[str, Floats]:
    """Running totals (T + 1,) of one device, by signal."""
    names = ("disk_reads", "disk_writes", "disk_read_bytes", "disk_written_bytes", "disk_read_time", "disk_write_time")
    totals = {name: np.zeros(len(scene.clock.edges)) for name in (*names, "disk_flushes", "disk_flush_time")}
    for stream, counted in zip(outcome.streams, outcome.counted, strict=True):
        if stream.device != place:
            continue
        operations, size, time = names[1::2] if stream.operation.is_write else names[::2]
        totals[operations] += counted.operations
        totals[size] += counted.bytes
        totals[time] += counted.seconds
        totals["disk_flushes"] += counted.flushes
        totals["disk_flush_time"] += counted.flush_seconds
    inside = ("disk_read_time", "disk_write_time", "disk_flush_time")
    totals["disk_queue_time"] = np.sum([totals[name] for name in inside], axis=0)
    totals["disk_io_time"] = outcome.busy[place]
    return totals


def _disk(book: Book, scene: Scene, outcome: Outcome, place: int, target: Target, labels: dict[str, str]) -> None:
    device, rng = scene.devices[place], scene.rng
    named = {**labels, "device": device.name}
    for signal, total in device_totals(scene, outcome, place).items():
        if "flush" in signal and not scene.scraping.has_flushes:
            continue
        first = float(rng.uniform(1e4, 1e7)) * (4096.0 * 8 if "bytes" in signal else 1.0)
        values = counter(total, scene.clock.edges, target.at, first=first)
        rounded = np.round(values, 3) if "time" in signal else np.floor(values)
        book.put(signal, _asked(signal, named), target.on_grid(rounded), target.interval)
    alive = target.on_grid(np.ones(len(target.at)))
    major, minor = device.number.split(":")
    book.put("disk_info", _asked("disk_info", {**named, "major": major, "minor": minor}), alive, target.interval)
    mount = {**labels, "device": f"/dev/{device.name}", "mountpoint": f"/data/{device.name}"}
    book.put("filesystem_size", {**mount, "fstype": "ext4"}, alive * 4.0e11, target.interval)
    for signal in ("filesystem_device_error", "filesystem_readonly"):
        book.put(signal, _asked(signal, mount), alive * 0.0, target.interval)


def _asked(signal: str, labels: Mapping[str, str]) -> dict[str, str]:
    """Without the exporter's own pod where the catalogue asks by instance alone."""
    return {
        name: value for name, value in labels.items() if signal not in BY_INSTANCE or name not in ("namespace", "pod")
    }


def _pressure(book: Book, scene: Scene, outcome: Outcome, node: int, target: Target, labels: dict[str, str]) -> None:
    if not scene.scraping.has_node_pressure:
        return
    clear = np.ones(len(scene.clock.ticks))
    for stream, counted in zip(outcome.streams, outcome.counted, strict=True):
        if scene.devices[stream.device].node == node:
            clear *= 1.0 - np.clip(np.diff(counted.waiting) / scene.clock.tick, 0.0, 1.0)
    waiting = np.concatenate([[0.0], np.cumsum((1.0 - clear) * scene.clock.tick)])
    for signal, part in (("node_io_waiting", 1.0), ("node_io_stalled", 0.6)):
        first = float(scene.rng.uniform(10.0, 1e5))
        values = counter(waiting * part, scene.clock.edges, target.at, first=first)
        book.put(signal, labels, target.on_grid(np.round(values, 6)), target.interval)
