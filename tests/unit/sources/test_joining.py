"""Several suppliers of one signal."""

import numpy as np

from correlator.model.frame import Floats, Frame, Frames, Labels, labels_of
from correlator.model.grid import Grid
from correlator.model.signal import Aspect, Kind, Measured, Signal, State
from correlator.sources.joining import joined

GRID = Grid(0, 10, 3)
NAN = np.nan


def supplier(exporter: str, measured: Measured = Measured.SERVER, state: State = State.DOCUMENTED) -> Signal:
    """A row of the catalogue for one signal."""
    return Signal(
        name="ttft",
        unit="requests",
        kind=Kind.COUNTER,
        aspect=Aspect.TTFT,
        query=exporter,
        labels=("instance", "model_name", "le"),
        exporter=exporter,
        measured=measured,
        state=state,
    )


def frame(rows: dict[Labels, list[float]], grid: Grid = GRID) -> Frame:
    """A frame of it."""
    arrays: dict[Labels, Floats] = {labels: np.array(row) for labels, row in rows.items()}
    return Frame.from_rows("ttft", grid, arrays)


def row(instance: str, model_name: str = "m", le: str = "1") -> Labels:
    """An identity."""
    return labels_of({"instance": instance, "model_name": model_name, "le": le})


VLLM, NIM, GATEWAY = supplier("vllm"), supplier("nim"), supplier("gateway", Measured.GATEWAY)


def test_different_targets_come_together() -> None:
    """Rows of different exporters stand side by side, sorted."""
    found = joined([VLLM, NIM], {VLLM: frame({row("b"): [1, 2, 3]}), NIM: frame({row("a"): [4, 5, 6]})})["ttft"]
    assert found.labels == (row("a"), row("b"))
    assert found.values.tolist() == [[4, 5, 6], [1, 2, 3]]


def test_one_target_speaks_once_at_each_step() -> None:
    """What a target shows under a second name counts only where the first is silent."""
    first, second = frame({row("a"): [1, NAN, 3]}), frame({row("a", le="2"): [7, 8, 9], row("a"): [4, 5, 6]})
    found = joined([VLLM, NIM], {VLLM: first, NIM: second})["ttft"]
    rows = dict(zip(found.labels, found.values.tolist(), strict=True))
    assert rows[row("a")] == [1, 5, 3]
    assert np.array_equal(rows[row("a", le="2")], [NAN, 8, NAN], equal_nan=True)


def test_steps_joined_alone_are_those_joined_together() -> None:
    """The answer for a step does not depend on the steps around it."""
    first, second = frame({row("a"): [1, NAN, 3]}), frame({row("a"): [4, 5, 6], row("c"): [7, NAN, 9]})
    whole = joined([VLLM, NIM], {VLLM: first, NIM: second})["ttft"]
    for step in range(GRID.count):
        part = Grid(10 * step, 10, 1)
        alone = joined(
            [VLLM, NIM],
            {
                signal: Frame("ttft", part, given.labels, given.values[:, step : step + 1])
                for signal, given in ((VLLM, first), (NIM, second))
            },
        )["ttft"]
        assert alone.labels == whole.labels
        assert np.array_equal(alone.values[:, 0], whole.values[:, step], equal_nan=True)


def test_a_gateway_gives_way_to_servers_of_the_same_model() -> None:
    """Where the model's server is known the gateway's row is left out, wherever it stands in the catalogue."""
    gateway = frame({row("g", "m"): [1, 2, 3], row("g", "other"): [4, 5, 6]})
    found = joined([GATEWAY, VLLM], {GATEWAY: gateway, VLLM: frame({row("a", "m"): [9, NAN, 9]})})["ttft"]
    rows = dict(zip(found.labels, found.values.tolist(), strict=True))
    assert np.array_equal(rows[row("g", "m")], [NAN, 2, NAN], equal_nan=True)
    assert rows[row("g", "other")] == [4, 5, 6]


def test_the_surest_comes_first() -> None:
    """A name that is unconfirmed does not stand before one that is documented."""
    unsure = supplier("a", state=State.UNCONFIRMED)
    found = joined([unsure, VLLM], {unsure: frame({row("x"): [1, 1, 1]}), VLLM: frame({row("x"): [2, 2, 2]})})["ttft"]
    assert found.values.tolist() == [[2, 2, 2]]


def test_rows_without_a_target_are_told_apart_by_themselves() -> None:
    """Objects that no scrape target stands for do not push each other out."""
    one, two = labels_of({"volume": "a"}), labels_of({"volume": "b"})
    found = joined([VLLM, NIM], {VLLM: frame({one: [1, 1, 1]}), NIM: frame({one: [2, 2, 2], two: [3, 3, 3]})})["ttft"]
    assert dict(zip(found.labels, found.values[:, 0].tolist(), strict=True)) == {one: 1, two: 3}


def test_a_single_supplier_stays_as_it_is() -> None:
    """No copy is made of what needs no joining, and a signal that nobody has is an empty frame."""
    only = frame({row("a"): [1, 2, 3]})
    assert joined([VLLM, NIM], {VLLM: Frame.empty("ttft", GRID), NIM: only})["ttft"] is only
    nothing = joined([VLLM], {VLLM: Frame.empty("ttft", GRID)})
    assert Frames(GRID, nothing).get("ttft").labels == ()
