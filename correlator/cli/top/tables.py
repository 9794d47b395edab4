"""The view as lines of a terminal. Pure: the same view and size give the same lines."""

from collections.abc import Callable, Iterator, Sequence

from rich.text import Text

from correlator.cli.top.columns import Column, Row, lines_of, one_line, shortened
from correlator.cli.top.view import IncidentRow, PodRow, VictimRow, View, VolumeRow
from correlator.model.finding import Verdict
from correlator.model.symptom_words import symptom_words
from correlator.picture.labels import VERDICTS
from correlator.wording import words

PODS = 3
LEAST = 0.01
BUSY, FULL = 0.6, 0.9
BAD, WARNING, QUIET = "bold red", "yellow", "dim"
_INCIDENT = (
    Column("WORSE", 23, 8, words=True),
    Column("CULPRIT", 26, 9, words=True),
    Column("VERDICT", 18, 6, words=True),
    Column("PROB.", 5, 7),
    Column("VOLUME", 20, 4, words=True),
    Column("FOR", 8, 5),
)
_VOLUME = (
    Column("BUSY", 9, 9),
    Column("QUEUE", 6, 8),
    Column("READ TAKES", 10, 5),
    Column("WRITE TAKES", 11, 5),
    Column("READS", 9, 7),
    Column("WRITES", 9, 7),
    Column("OPS", 9, 3),
    Column("STATE", 16, 4, words=True),
)
_WRITERS: dict[str, Callable[[float | None], str]] = {"seconds": words.duration, "ratio": words.percent}
_VICTIM = (
    Column("WATCHED", 14, 7, words=True),
    Column("NOW", 9, 9),
    Column("USUAL", 9, 8),
    Column("TIMES", 6, 5),
    Column("REQUESTS", 9, 3),
    Column("STALLED", 7, 4),
    Column("VOLUME", 20, 4, words=True),
    Column("STATE", 8, 6, words=True),
)


def lines(view: View, width: int, height: int | None = None) -> list[Text]:
    """Head, open incidents, volumes with their pods, victims: at most `height` lines where there is a limit."""
    head = list(_head(view, width))
    groups = [
        _section(_titled("INCIDENTS", len(view.incidents), view.incidents_total), _INCIDENT, _incidents(view), width),
        _section(_titled("VOLUMES", len(view.volumes), view.volumes_total), _VOLUME, _volumes(view), width),
        _section(_titled("VICTIMS", len(view.victims), view.victims_total), _VICTIM, _victims(view), width),
    ]
    if not view.incidents:
        groups[0] = [Text("No incident is open.", style="green", end="")]
    if height is not None:
        room = max(0, height - len(head) - len(groups))
        groups = [group[:share] for group, share in zip(groups, shares(room, [len(g) for g in groups]), strict=True)]
    body = [line for group in groups for line in (Text("", end=""), *group)]
    return (head + body)[:height]


def shares(room: int, wanted: Sequence[int]) -> list[int]:
    """Room for each, evenly: what one does not need goes to those that want more."""
    given = [0] * len(wanted)
    for _ in range(min(room, sum(wanted))):
        short = [index for index, count in enumerate(wanted) if given[index] < count]
        given[min(short, key=lambda index: given[index])] += 1
    return given


def _section(title: str, columns: Sequence[Column], rows: Iterator[Row], width: int) -> list[Text]:
    return lines_of(title, columns, list(rows), width)


def _titled(name: str, shown: int, total: int) -> str:
    return name if shown == total else f"{name} {shown} of {total}"


def _head(view: View, width: int) -> Iterator[Text]:
    if view.demo:
        yield Text("DEMO: a recording is played as if it were now", style="bold black on yellow", end="")
    said = f"correlator top  {words.moment(view.at)}, {words.span(view.age_seconds)} old  {one_line(view.source)}"
    yield Text(shortened(said, width), style="bold", end="")
    if view.error is not None:
        yield Text(shortened(f"No news, the last values stay: {view.error}", width), style=BAD, end="")
    for problem in view.problems:
        yield Text(shortened(problem, width), style=WARNING, end="")


def _incidents(view: View) -> Iterator[Row]:
    for row in view.incidents:
        lasted = (view.at - row.started_at).total_seconds()
        cells = (
            _change(row),
            ", ".join(row.culprits) or "nobody is accused",
            VERDICTS[Verdict(row.verdict)],
            words.percent(row.confidence),
            row.volume or words.UNKNOWN,
            words.span(lasted),
        )
        yield Row(row.victim, cells, BAD if row.culprits else WARNING)


def _change(row: IncidentRow) -> str:
    other = symptom_words(row.symptom)
    if other is not None:
        return other.change
    if row.stalled:
        return "no first tokens"
    return f"{row.statistic} {words.duration(row.ttft_baseline_seconds)} → {words.duration(row.ttft_seconds)}"


def _volumes(view: View) -> Iterator[Row]:
    for volume in view.volumes:
        yield _volume(volume)
        yield from (_pod(pod) for pod in volume.pods[:PODS])
        if len(volume.pods) > PODS:
            yield Row(f"    {len(volume.pods) - PODS} more pods", [""] * len(_VOLUME), QUIET)


def _volume(row: VolumeRow) -> Row:
    cells = (
        words.percent(row.utilization_ratio),
        words.number(row.queue_depth),
        words.duration(row.read_latency_seconds),
        words.duration(row.write_latency_seconds),
        "",
        "",
        "",
        ", ".join(words.named(error) for error in row.errors),
    )
    return Row(f"{row.name}  {row.kind}" if row.kind != "disk" else row.name, cells, _heat(row))


def _heat(row: VolumeRow) -> str:
    busy = row.utilization_ratio or 0.0
    if row.errors or busy >= FULL:
        return BAD
    return WARNING if busy >= BUSY else "bold"


def _pod(row: PodRow) -> Row:
    operations = [row.read_operations_per_second, row.write_operations_per_second]
    known = [value for value in operations if value is not None]
    cells = (
        _device_time(row.device_time_ratio),
        "",
        "",
        "",
        words.byte_rate(row.read_bytes_per_second),
        words.byte_rate(row.write_bytes_per_second),
        words.rate(sum(known) if known else None),
        "ACCUSED" if row.accused else "",
    )
    return Row(f"    {row.name}", cells, BAD if row.accused else "")


def _device_time(ratio: float | None) -> str:
    if ratio is None:
        return words.UNKNOWN
    return f"{ratio:.2f} s/s" if ratio >= LEAST or not ratio else f"<{LEAST} s/s"


def _victims(view: View) -> Iterator[Row]:
    for row in view.victims:
        yield _victim(row)


def _victim(row: VictimRow) -> Row:
    symptom = row.symptom
    now, usual = row.ttft_seconds, row.ttft_baseline_seconds
    if symptom is not None:
        now, usual = symptom.observed, symptom.baseline
    write = _WRITERS.get("seconds" if symptom is None else symptom.unit, words.number)
    state = "INCIDENT" if row.open_incident_id else "worse" if row.regressed_since else ""
    cells = (
        f"TTFT {row.statistic}" if symptom is None else symptom.quantity,
        write(now),
        write(usual),
        words.number(now / usual if now is not None and usual else None),
        words.rate(row.requests_per_second),
        words.percent(row.io_stalled_ratio),
        ", ".join(row.volumes) or words.UNKNOWN,
        state,
    )
    style = BAD if row.open_incident_id else WARNING if row.regressed_since else ""
    return Row(row.name, cells, style)
