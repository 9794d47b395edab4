"""The lines: they fit every width and height, say the important first, and obey nothing."""

import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from correlator.cli.top.columns import Column, kept, padded, shortened
from correlator.cli.top.screen import Shown
from correlator.cli.top.tables import lines, shares
from correlator.cli.top.view import View, view_of
from tests.factories import HOSTILE, make_incident, make_suspect, make_victim, make_volume
from tests.snapshots import make_pod_on_volume, make_snapshot, make_victim_now, make_volume_now
from tests.unit.cli.top.test_view import ETCD, NOW, make_seen

HARMFUL = [
    "\x1b[2J\x1b[31mred",
    "two\nlines\r\n",
    "\u202etxt.exe",
    "\u200f\u061c",
    "[bold red]x[/]",
    "日本語" * 9,
    "\x9b2J",
]

VICTIM = "inference/vllm-7c9f4-x2x8q"


def make_view(**changes: object) -> View:
    """One contention."""
    return view_of(make_seen(**changes), NOW)


def printed(view: View, width: int, height: int | None = None) -> str:
    """What a terminal of that size is sent, without styles."""
    out = io.StringIO()
    console = Console(width=width, height=height or 200, file=out, color_system=None, highlight=False)
    console.print(Shown(view, whole=height is None), end="")
    return out.getvalue()


def test_says_what_is_busy_who_does_it_and_whom_it_hurts() -> None:
    """Wide enough, everything stands there with its unit."""
    text = printed(make_view(), 200)
    rows = text.splitlines()
    incident, volume, culprit = (
        next(line for line in rows if line.lstrip().startswith(begin))
        for begin in (VICTIM, "n1/nvme0n1", "rag/reindex")
    )
    victim = next(line for line in rows if line.startswith(VICTIM) and "TTFT p95" in line)
    assert "p95 75 ms → 242 ms" in incident
    assert "rag/reindex-28812345-h8kz2" in incident
    assert "Storage contention" in incident
    assert "97 %" in volume
    assert "31.5" in volume
    assert all(word in culprit for word in ("0.82 s/s", "413 MB/s", "3,150/s", "ACCUSED"))
    assert all(word in victim for word in ("242 ms", "75 ms", "3.23", "INCIDENT"))
    assert "20 s old" in text


@pytest.mark.parametrize("width", [20, 40, 80, 100, 120, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    """At every width, also with names of any length."""
    long = "x" * 300
    view = make_view(
        snapshot=make_snapshot(volumes=(make_volume_now(name=long, errors=(long,)),)),
        incidents=[make_incident(volume=make_volume(name=long), victim=make_victim(pod=long))],
    )
    for each in (view, make_view()):
        assert max(cell_len(line.plain) for line in lines(each, width)) <= width


def test_eighty_columns_keep_what_matters() -> None:
    """Utilization, queue, who reads and writes, TTFT now and usual; the rest goes."""
    text = printed(make_view(), 80)
    assert all(title in text for title in ("BUSY", "QUEUE", "READS", "WRITES", "NOW", "USUAL", "CULPRIT"))
    assert "OPS" not in text
    assert "REQUESTS" not in text


def test_columns_go_by_importance() -> None:
    """The least important first, and the others stay in their order."""
    columns = [Column("a", 10, 1), Column("b", 10, 3), Column("c", 10, 2)]
    assert kept(columns, 100) == [0, 1, 2]
    assert kept(columns, 60) == [1, 2]
    assert kept(columns, 45) == [1]
    assert kept(columns, 5) == []


@pytest.mark.parametrize("height", [1, 3, 8, 24])
def test_fits_the_height(height: int) -> None:
    """Each kind gets its share of a small terminal."""
    shown = lines(make_view(), 100, height)
    assert len(shown) <= height
    if height == 24:
        titles = [line.plain.split(" ")[0] for line in shown]
        assert {"INCIDENTS", "VOLUMES", "VICTIMS"} <= set(titles)


def named(name: str) -> View:
    """Everything is called so."""
    view = make_view(
        snapshot=make_snapshot(
            volumes=(make_volume_now(name=name, pods=(make_pod_on_volume(namespace=name, pod=name),)),),
            victims=(make_victim_now(namespace=name, pod=name),),
        ),
        incidents=[
            make_incident(
                suspects=(make_suspect(namespace=name, pod=name),), victim=make_victim(namespace=name, pod=name)
            )
        ],
        source=name,
        problems=(name,),
    )
    return replace(view, error=name)


@pytest.mark.parametrize("harmful", [*HARMFUL, HOSTILE])
def test_names_are_harmless(harmful: str) -> None:
    """No escape, no line break, no turned direction, no markup: as many lines as with plain names, sent as text."""
    text = printed(named(harmful), 120)
    assert all(each.isprintable() or each == "\n" for each in text)
    assert text.count("\n") == printed(named("plain"), 120).count("\n")
    if harmful.startswith("[bold"):
        assert "[bold red]x[/]" in text


@given(st.text(max_size=40), st.integers(0, 30))
def test_cells_are_exactly_as_wide(text: str, width: int) -> None:
    """Whatever the characters, wide ones included, a cell takes its width."""
    assert cell_len(padded(text, width)) == width


def test_long_names_keep_both_ends() -> None:
    """The end tells pods of one workload apart."""
    short = shortened("inference/" + "x" * 60 + "-abc12", 30)
    assert short.startswith("inference/")
    assert short.endswith("-abc12")


def test_room_is_shared() -> None:
    """Nobody gets more than it wants, and what is left over goes to the others."""
    assert shares(10, [2, 20, 1]) == [2, 7, 1]
    assert shares(3, [5, 5, 5]) == [1, 1, 1]
    assert shares(100, [1, 2, 3]) == [1, 2, 3]


def test_failures_and_demo_are_said() -> None:
    """A demo, what the daemon says of itself, and why nothing newer is known."""
    text = printed(replace(make_view(demo=True, problems=("the store is slow",)), error="nothing listens there"), 120)
    assert text.startswith("DEMO")
    assert "No news, the last values stay: nothing listens there" in text
    assert "the store is slow" in text


def test_nothing_open_is_said() -> None:
    """Not an empty table."""
    assert "No incident is open." in printed(make_view(incidents=[]), 100)


def test_other_symptoms_are_told_in_their_unit() -> None:
    """An fsync has seconds too, and its own name."""
    other = make_incident(victim=make_victim(pod="etcd-0", model_name="", symptom="etcd_fsync"), symptom=ETCD)
    text = printed(make_view(incidents=[other]), 160)
    row = next(line for line in text.splitlines() if line.startswith("inference/etcd-0") and "write-a… fsync" in line)
    assert all(word in row for word in ("200 ms", "4 ms", "50", "INCIDENT"))


def test_unknown_is_a_dash() -> None:
    """What was not seen is neither zero nor blank."""
    volume = make_volume_now(
        utilization_ratio=None, queue_depth=None, pods=(make_pod_on_volume(device_time_ratio=None),)
    )
    text = printed(make_view(snapshot=make_snapshot(volumes=(volume,)), incidents=[]), 160)
    row = next(line for line in text.splitlines() if line.startswith("n1/nvme0n1"))
    assert row.split()[1:3] == ["–", "–"]
