"""A finding as text for a terminal: the verdict, its evidence as sparklines, what to do."""

from collections.abc import Iterator

from correlator.cli.sparkline import position, sparkline
from correlator.model.finding import Change, Evidence, EvidenceSeries, Finding, MeanExcess, Suspect
from correlator.model.topology import PodRef

SHOWN_SUSPECTS = 10


def as_text(finding: Finding) -> str:
    """Several paragraphs without a line break at the end."""
    return "\n".join(_lines(finding))


def _lines(finding: Finding) -> Iterator[str]:
    victim = finding.victim
    name = f"{victim.namespace}/{victim.pod}"
    yield f"{name}  {victim.model_name}  on {victim.node or 'an unknown node'}".rstrip()
    yield f"verdict     {finding.verdict.value}, confidence {finding.confidence:.2f} ({', '.join(finding.reasons)})"
    ended = f" to {finding.ended_at:%H:%M:%SZ}" if finding.ended_at else ""
    yield f"regression  from {finding.started_at:%Y-%m-%dT%H:%M:%SZ}{ended}, as judged at {finding.at:%H:%M:%SZ}"
    yield from _effect(finding)
    yield from _volume(finding)
    if finding.suspects:
        yield ""
        yield "suspects"
        yield from (_suspect(each) for each in finding.suspects[:SHOWN_SUSPECTS])
    yield ""
    yield finding.explanation
    yield from _others(finding.evidence)
    yield from _curves(finding.evidence)
    yield from (f"blind spot  {spot.signal}: {spot.reason}" for spot in finding.blind_spots)
    for advice in finding.advice:
        yield f"advice      {advice.action}: {advice.why}"
        if advice.command:
            yield f"            {advice.command}"


def _effect(finding: Finding) -> Iterator[str]:
    ttft = finding.ttft
    change = f"{_duration(ttft.baseline_seconds)} → {_duration(ttft.observed_seconds)}"
    stalled = ", no first tokens at all" if ttft.stalled else ""
    yield f"TTFT {ttft.statistic:6} {change}, {ttft.requests_affected} requests{stalled}"
    excess = _excess(ttft.mean_excess_seconds)
    if excess:
        yield f"mean excess {excess}"


def _excess(excess: MeanExcess) -> str:
    parts = {
        "total": excess.total,
        "suspects": excess.suspects,
        "load": excess.load,
        "own I/O": excess.own_io,
        "unattributed I/O": excess.unattributed_io,
        "unexplained": excess.unexplained,
    }
    return ", ".join(f"{name} {_duration(value)}" for name, value in parts.items() if value is not None)


def _volume(finding: Finding) -> Iterator[str]:
    volume, use = finding.volume, finding.use
    if volume is None:
        return
    bound = f", ran out of {volume.bound}" if volume.bound else ""
    yield f"volume      {volume.name} ({volume.kind}{bound})"
    if use is None:
        return
    yield f"  utilization    {_change(use.utilization_ratio, '')}"
    yield f"  queue depth    {_change(use.queue_depth, '')}"
    yield f"  read latency   {_change(use.read_latency_seconds, ' s')}"
    yield f"  write latency  {_change(use.write_latency_seconds, ' s')}"
    yield f"  victim stalled {_change(use.victim_io_stalled_ratio, '')}"
    yield from (f"  error          {error}" for error in use.errors)


def _suspect(suspect: Suspect) -> str:
    name = suspect.name
    share = "  –" if suspect.share_ratio is None else f"{suspect.share_ratio:4.0%}"
    cost = _duration(suspect.mean_excess_seconds)
    accused = "ACCUSED" if suspect.accused else ""
    workload = f" {suspect.workload}" if suspect.workload else ""
    figures = f"{suspect.confidence:.2f}  share {share}  cost {cost:>8}  {suspect.direction:5}"
    return f"  {figures}  {name}{workload}  {accused}".rstrip()


def _others(evidence: Evidence) -> Iterator[str]:
    if not evidence.considered:
        return
    yield ""
    yield "why not the others"
    for one in evidence.considered:
        name = str(PodRef(one.namespace, one.pod)) if one.pod else "I/O that no pod accounts for"
        workload = f" {one.workload}" if one.workload else ""
        yield f"  {name}{workload}: {one.sentence}"
    if evidence.considered_rest:
        yield f"  and {evidence.considered_rest} smaller ones"


def _curves(evidence: Evidence) -> Iterator[str]:
    if not evidence.times:
        return
    yield ""
    for series in evidence.series:
        top = _top(series, evidence)
        yield f"{series.name[:17]:17} {sparkline(series.values, top=top)}  ≤ {top:.3g} {series.unit}  {series.label}"
    if evidence.onset is not None:
        before = sum(1 for time in evidence.times if time < evidence.onset)
        if before < len(evidence.times):
            yield f"{'onset':17} {' ' * position(before, len(evidence.times))}↑"
    yield f"{'':17} {evidence.times[0]:%H:%M:%SZ} … {evidence.times[-1]:%H:%M:%SZ}"
    yield ""


def _top(series: EvidenceSeries, evidence: Evidence) -> float:
    """The end of a curve's scale: a baseline shares that of what it is the baseline of."""
    name = series.name.replace("_baseline", "")
    alike = [each for each in evidence.series if each.name.replace("_baseline", "") == name and name.startswith("ttft")]
    return max((value for each in alike or [series] for value in each.values if value is not None), default=0.0)


def _change(change: Change, unit: str) -> str:
    return f"{_number(change.baseline)}{unit} → {_number(change.observed)}{unit}"


def _number(value: float | None) -> str:
    return "?" if value is None else f"{value:.3g}"


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "?"
    return f"{seconds * 1000:.0f} ms" if abs(seconds) < 1 else f"{seconds:.2f} s"
