"""Kinds of devices as they are met, each with its own speed and its own spread."""

from collections.abc import Callable, Mapping
from string import ascii_lowercase

import numpy as np

from tests.simulator.devices import Device

MEDIA = ("hdd", "sata", "nvme", "cloud")
WEIGHTS = (0.1, 0.3, 0.4, 0.2)


def draw_device(rng: np.random.Generator, node: int, index: int, medium: str | None = None) -> Device:
    """A device of a random kind, or of the given one; `index` is its place on the node."""
    chosen = medium or str(rng.choice(MEDIA, p=WEIGHTS))
    name, number = _name(rng, chosen, index)
    speeds = _SPEEDS[chosen](rng)
    spread = {key: float(value * rng.lognormal(0.0, 0.15)) for key, value in speeds.items() if "part" not in key}
    parts = {key: float(value) for key, value in speeds.items() if "part" in key}
    return Device(name=name, number=number, medium=chosen, node=node, **spread, **parts)


def _name(rng: np.random.Generator, medium: str, index: int) -> tuple[str, str]:
    """The kernel's name and major:minor."""
    if medium == "nvme":
        return f"nvme{index}n1", f"259:{index * 4}"
    if medium == "cloud":
        letters = ("vd", "xvd", "nvme")[int(rng.integers(3))]
        if letters == "nvme":
            return f"nvme{index}n1", f"259:{index * 4}"
        return f"{letters}{ascii_lowercase[index + 1]}", f"{252 if letters == 'vd' else 202}:{16 * (index + 1)}"
    return f"sd{ascii_lowercase[index]}", f"8:{16 * index}"


def _hdd(rng: np.random.Generator) -> Mapping[str, float]:
    seek = rng.uniform(3e-3, 6e-3)
    byte = 1.0 / rng.uniform(120e6, 220e6)
    return {
        "read_operation": seek,
        "write_operation": seek * 0.5,
        "read_byte": byte,
        "write_byte": byte,
        "read_latency": 1e-3,
        "write_latency": 5e-4,
        "flush_seconds": 9e-3,
        "read_part": rng.uniform(0.3, 0.9),
        "write_part": 1.0,
    }


def _sata(rng: np.random.Generator) -> Mapping[str, float]:
    return {
        "read_operation": 1.2e-5,
        "write_operation": rng.uniform(1.5e-5, 4e-5),
        "read_byte": 1.0 / rng.uniform(450e6, 550e6),
        "write_byte": 1.0 / rng.uniform(250e6, 500e6),
        "read_latency": 9e-5,
        "write_latency": 6e-5,
        "flush_seconds": rng.uniform(3e-4, 2e-3),
        "read_part": rng.uniform(0.4, 1.0),
        "write_part": 1.0,
    }


def _nvme(rng: np.random.Generator) -> Mapping[str, float]:
    return {
        "read_operation": rng.uniform(2e-6, 8e-6),
        "write_operation": rng.uniform(3e-6, 1.5e-5),
        "read_byte": 1.0 / rng.uniform(1.5e9, 3.5e9),
        "write_byte": 1.0 / rng.uniform(0.8e9, 2.5e9),
        "read_latency": 8e-5,
        "write_latency": 2.5e-5,
        "flush_seconds": rng.uniform(1e-4, 1e-3),
        "read_part": rng.uniform(0.4, 1.0),
        "write_part": 1.0,
    }


def _cloud(rng: np.random.Generator) -> Mapping[str, float]:
    operation = 1.0 / rng.uniform(3000, 16000)
    byte = 1.0 / rng.uniform(125e6, 600e6)
    return {
        "read_operation": operation,
        "write_operation": operation,
        "read_byte": byte,
        "write_byte": byte,
        "read_latency": 5e-4,
        "write_latency": 9e-4,
        "flush_seconds": operation,
        "read_part": rng.uniform(0.7, 1.0),
        "write_part": 1.0,
    }


_SPEEDS: Mapping[str, Callable[[np.random.Generator], Mapping[str, float]]] = {
    "hdd": _hdd,
    "sata": _sata,
    "nvme": _nvme,
    "cloud": _cloud,
}
