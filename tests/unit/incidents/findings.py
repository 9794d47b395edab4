"""Short findings for the life of incidents: moments are seconds after BEGIN."""

import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from correlator.incidents.book import Book, Step, advance
from correlator.incidents.instants import instant
from correlator.model.finding import EndReason, Evidence, Finding, Suspect, Verdict
from tests.factories import make_evidence, make_finding, make_suspect, make_victim, make_volume

BEGIN = 1_795_400_000
DISK = "disk:n1:nvme0n1"
EVIDENCE = make_evidence(steps=8, gap=None)
TEMPLATE = make_finding(evidence=EVIDENCE)


def swift_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory, where there is one: for tests that commit often and are not about the disk."""
    return tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)  # noqa: S108 - random name


def moment(seconds: int) -> datetime:
    """An instant of the story."""
    return instant(BEGIN + seconds)


def culprit(name: str, *, workload: str = "") -> Suspect:
    """An accused pod, "namespace/pod"."""
    namespace, _, pod = name.partition("/")
    return make_suspect(namespace=namespace, pod=pod, workload=workload)


def finding(
    pod: str = "vllm-0",
    detected: int = 0,
    *,
    at: int | None = None,
    ended: int | None = None,
    verdict: Verdict = Verdict.CONTENTION,
    volume: str | None = DISK,
    suspects: Sequence[Suspect] = (),
    evidence: Evidence | None = None,
) -> Finding:
    """What the engine says of `pod` at `at` (default: at detection); it started 30 s before it was detected."""
    return replace(
        TEMPLATE,
        at=moment(detected if at is None else at),
        victim=make_victim(pod=pod),
        started_at=moment(detected - 30),
        detected_at=moment(detected),
        ended_at=None if ended is None else moment(ended),
        end_reason=None if ended is None else EndReason.RECOVERED,
        verdict=verdict,
        volume=None if volume is None else make_volume(id=volume, name=volume.replace(":", "/")),
        suspects=tuple(suspects),
        evidence=EVIDENCE if evidence is None else evidence,
    )


def tell(*findings: Finding, book: Book | None = None) -> Step:
    """The step at which the newest of these findings is told."""
    at = max(int(each.at.timestamp()) for each in findings)
    return advance(book or Book(cluster="c"), at, findings)


def story(findings: Iterable[Finding]) -> list[Step]:
    """The steps of findings that are told one after the other."""
    steps: list[Step] = []
    for each in findings:
        steps.append(tell(each, book=steps[-1].book if steps else None))
    return steps
