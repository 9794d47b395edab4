"""Kinds in which other I/O makes the victim's reads wait."""

from tests.simulator.manners import culprit_pod, draw_ratio, draw_shape, saturate, wanted_wait
from tests.simulator.stage import Stage


def one_writer(stage: Stage) -> None:
    """Large writes, deep."""
    _one(stage, "write")


def reader(stage: Stage) -> None:
    """Large reads, deep."""
    _one(stage, "read")


def _one(stage: Stage, manner: str, shape: str = "") -> None:
    saturate(stage, culprit_pod(stage), manner, wanted_wait(stage, draw_ratio(stage.rng)), draw_shape(stage, shape))
