"""When receivers are told, in which order, with what, and under which key."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from correlator.alerting.enrichment import Enricher
from correlator.alerting.loops import KEYS
from correlator.alerting.payload import parse
from correlator.alerting.subject import LabelNames
from correlator.delivery.dispatcher import Dispatcher, Waiting
from correlator.delivery.notice import Notice
from correlator.incidents.inbox import Arrival, Inbox, Progress
from correlator.incidents.outbox import Outbox
from correlator.model.finding import Verdict
from correlator.model.incident import Incident
from tests.factories import STARTED, make_incident
from tests.unit.incidents.findings import swift_folder

VICTIM = {"alertname": "Slow", "namespace": "inference", "pod": "vllm-7c9f4-x2x8q"}
NOBODY = {"alertname": "Slow", "namespace": "inference", "pod": "vllm-other"}
NAMELESS = {"alertname": "Watchdog", "severity": "none"}
OWN = {**VICTIM, "alertname": "CorrelatorContention"}
CULPRIT = "rag/reindex-28812345-h8kz2 (97 %)"
FIRED = STARTED + timedelta(minutes=2)


def body(
    *labels: dict[str, str], status: str = "firing", key: str = "g", annotations: dict[str, str] | None = None
) -> bytes:
    """What is posted of these alerts."""
    alerts = [
        {
            "status": status,
            "labels": each,
            "annotations": annotations or {"summary": "slow"},
            "startsAt": FIRED.isoformat(),
            "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else (FIRED + timedelta(minutes=1)).isoformat(),
        }
        for each in labels
    ]
    return orjson.dumps({"version": "4", "groupKey": key, "status": status, "alerts": alerts})


@dataclass
class Desk:
    """An inbox, a dispatcher that can be started anew, and what one receiver was told."""

    path: Path
    sinks: Sequence[str] = ("r",)
    now: float = FIRED.timestamp() + 30
    known: list[Incident] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open it."""
        self.inbox = Inbox.open(self.path, "c")
        self.outbox = Outbox.open(self.path, "c", "r")
        self.learn()
        self.start()

    def learn(self, *incidents: Incident) -> None:
        """These are known from now on."""
        self.enricher = Enricher(incidents, LabelNames(), "https://correlator.example")

    def start(self) -> None:
        """Anew: what the old one had in hand is gone."""
        self.dispatcher = Dispatcher(
            self.inbox, self.sinks, lambda: self.enricher, LabelNames(), Waiting(), lambda: self.now
        )

    def post(self, *bodies: bytes) -> None:
        """They arrive."""
        for each in bodies:
            notification = parse(each)
            arrival = Arrival(
                group=notification.group,
                content=notification.content,
                received_at=FIRED + timedelta(seconds=self.now - FIRED.timestamp()),
                fingerprints=[alert.fingerprint for alert in notification.alerts],
                body=each,
            )
            self.inbox.keep([arrival], timedelta(minutes=5))

    def after(self, seconds: float) -> list[Notice]:
        """All that was told until so much later, looking now and then."""
        until = self.now + seconds
        self.dispatcher.turn()
        while self.now < until:
            self.now = min(until, self.now + (0.1 if seconds <= 3 else 1))
            self.dispatcher.turn()
        return self.told()

    def told(self) -> list[Notice]:
        """In the order in which they are delivered."""
        far = FIRED + timedelta(days=1)
        return [Notice.unpacked(each.body) for each in self.outbox.due(far, 1000)]


@pytest.fixture
def desk() -> Iterator[Desk]:
    """An empty one."""
    with swift_folder() as folder:
        made = Desk(Path(folder) / "store.db")
        yield made
        made.inbox.close()
        made.outbox.close()


def suspects(notice: Notice) -> list[Any]:
    """Who is accused, alert by alert."""
    return [each["annotations"].get("correlator_suspects") for each in notice.payload["alerts"]]


def test_what_is_known_goes_out_at_once(desk: Desk) -> None:
    """The first notification names the culprit, and nothing follows."""
    desk.learn(make_incident())
    desk.post(body(VICTIM))
    (notice,) = desk.after(0)
    assert suspects(notice) == [CULPRIT]
    assert notice.payload["commonAnnotations"]["correlator_suspects"] == CULPRIT
    assert notice.revision == 0
    desk.learn(make_incident(verdict=Verdict.LOAD))
    assert len(desk.after(60)) == 1


def test_what_is_not_known_goes_out_after_three_seconds(desk: Desk) -> None:
    """As it came: not before, not later."""
    desk.post(body(VICTIM))
    assert desk.after(2.9) == []
    (notice,) = desk.after(0.1)
    assert orjson.dumps(notice.payload) == body(VICTIM)


def test_what_becomes_known_within_the_wait_is_in_the_first_notification(desk: Desk) -> None:
    """It goes out as soon as it is known."""
    desk.post(body(VICTIM))
    assert desk.after(1) == []
    desk.learn(make_incident())
    (notice,) = desk.after(0)
    assert (suspects(notice), notice.revision) == ([CULPRIT], 0)


def test_what_becomes_known_later_is_an_update(desk: Desk) -> None:
    """One, with a key of its own, once there is a verdict: that its cause is open is no news."""
    desk.post(body(VICTIM))
    desk.after(10)
    desk.learn(make_incident(verdict=Verdict.UNDETERMINED, suspects=()))
    assert len(desk.after(10)) == 1
    desk.learn(make_incident())
    first, update = desk.after(30)
    assert (suspects(first), suspects(update)) == ([None], [CULPRIT])
    assert (first.revision, update.revision) == (0, 1)
    assert first.key != update.key
    desk.learn(make_incident(verdict=Verdict.LOAD))
    assert len(desk.after(60)) == 2


def test_nobody_is_told_after_half_an_hour(desk: Desk) -> None:
    """What nobody waits for any more."""
    desk.post(body(VICTIM))
    desk.after(3)
    desk.now += 1801
    desk.dispatcher.turn()
    desk.learn(make_incident())
    assert len(desk.after(1)) == 1
    assert desk.inbox.pending(Progress.WATCHED, 0, 9) == ()


@pytest.mark.parametrize(
    "posted",
    [
        body(NAMELESS),
        body(OWN),
        body(VICTIM, annotations={"correlator_verdict": "load"}),
        body(VICTIM, annotations={"correlator_enriched": "true"}),
        body(VICTIM, status="resolved"),
        body(),
    ],
    ids=["nameless", "own", "enriched before", "kept away", "resolved", "empty"],
)
def test_some_wait_for_nothing(desk: Desk, posted: bytes) -> None:
    """Of what names nothing, is our own, or is over, nothing else will be known; it is passed on as it came."""
    desk.post(posted)
    (notice,) = desk.after(0)
    assert orjson.dumps(notice.payload) == posted
    desk.learn(make_incident())
    assert len(desk.after(30)) == 1


@pytest.mark.parametrize("annotations", [{"correlator_verdict": "load"}, {"correlator_enriched": "true"}])
def test_loops_are_cut(desk: Desk, annotations: dict[str, str]) -> None:
    """What was enriched by us or is kept away from us gets nothing more; nor do our own alerts."""
    desk.learn(make_incident())
    desk.post(body(VICTIM, annotations=annotations), body(OWN, key="h"))
    for notice in desk.after(5):
        added = [set(each["annotations"]) & set(KEYS) - set(annotations) for each in notice.payload["alerts"]]
        assert added == [set()]


def test_what_we_told_ourselves_ends_there(desk: Desk) -> None:
    """A receiver that is this webhook gets each notification once: what it posts back is a double."""
    desk.learn(make_incident())
    desk.post(body(VICTIM))
    (notice,) = desk.after(0)
    desk.post(orjson.dumps(notice.payload))
    assert len(desk.after(10)) == 1


def test_a_resolved_alert_is_told_its_cause(desk: Desk) -> None:
    """As its firing was."""
    desk.learn(make_incident())
    desk.post(body(VICTIM, status="resolved"))
    (notice,) = desk.after(0)
    assert suspects(notice) == [CULPRIT]


def test_resolved_follows_firing(desk: Desk) -> None:
    """Though nothing keeps it waiting, it does not overtake what waits; another group does."""
    desk.post(body(VICTIM), body(VICTIM, status="resolved"), body(VICTIM, key="h", status="resolved"))
    (other,) = desk.after(1)
    assert other.group != parse(body(VICTIM)).group
    told = [each.payload["status"] for each in desk.after(2) if each.group != other.group]
    assert told == ["firing", "resolved"]
    desk.learn(make_incident())
    assert len(desk.after(30)) == 3  # what is over is watched no more


def test_alerts_of_a_group_are_told_together(desk: Desk) -> None:
    """As soon as all are known, or when the time is up; updates that follow each other come as few."""
    desk.learn(make_incident())
    desk.post(body(VICTIM, NOBODY))
    assert desk.after(2.9) == []
    (notice,) = desk.after(0.1)
    assert suspects(notice) == [CULPRIT, None]
    assert "commonAnnotations" not in notice.payload


def test_updates_come_as_few(desk: Desk) -> None:
    """Two verdicts a few seconds apart, with another alert still open: one update a quarter of a minute."""
    third = {**NOBODY, "pod": "vllm-third"}
    desk.post(body(VICTIM, NOBODY, third))
    desk.after(4)
    victim = make_incident()
    desk.learn(victim)
    assert len(desk.after(5)) == 1
    second = make_incident(id="beef", victim=type(victim.victim)(**{**_fields(victim.victim), "pod": "vllm-other"}))
    desk.learn(victim, second)
    assert len(desk.after(5)) == 1
    (_, update) = desk.after(10)
    assert suspects(update) == [CULPRIT, CULPRIT, None]


def _fields(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any of the model's values
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def test_doubles_have_one_key_and_repetitions_their_own(desk: Desk) -> None:
    """The same within minutes goes out once; hours later again, under another key."""
    desk.post(body(NAMELESS), body(NAMELESS))
    assert len(desk.after(1)) == 1
    desk.now += 4 * 3600
    desk.post(body(NAMELESS))
    first, again = desk.after(1)
    assert first.payload == again.payload
    assert first.key != again.key


def test_a_kill_loses_and_doubles_nothing(desk: Desk) -> None:
    """Whatever was in hand is taken up by the next, under the same key; what was told is not told again."""
    desk.post(body(VICTIM), body(NOBODY, key="h"))
    desk.after(1)
    desk.start()
    first = {each.group: each.key for each in desk.after(3)}
    assert len(first) == 2
    desk.start()
    desk.learn(make_incident())
    told = desk.after(20)
    assert sorted((each.group in first, each.revision) for each in told) == [(True, 0), (True, 0), (True, 1)]
    assert {each.key for each in told if not each.revision} == set(first.values())


def test_the_key_does_not_depend_on_when_it_is_told(desk: Desk) -> None:
    """Two daemons over two stores give the same notification the same key."""
    with swift_folder() as folder:
        other = Desk(Path(folder) / "store.db", now=desk.now + 100)
        for each in (desk, other):
            each.post(body(VICTIM))
            each.after(3)
        assert [each.key for each in desk.told()] == [each.key for each in other.told()]
        other.inbox.close()
        other.outbox.close()


def test_without_receivers_nothing_waits() -> None:
    """It is kept for who asks, and done with."""
    with swift_folder() as folder:
        desk = Desk(Path(folder) / "store.db", sinks=())
        desk.post(body(VICTIM))
        assert desk.after(0) == []
        assert desk.dispatcher.untold == 0
        assert desk.inbox.pending(Progress.WATCHED, 0, 9) == ()
        assert desk.inbox.newest_of(parse(body(VICTIM)).alerts[0].fingerprint) is not None
        desk.inbox.close()
        desk.outbox.close()


def test_many_at_once_are_told_in_order(desk: Desk) -> None:
    """More than a transaction takes, two of each group."""
    desk.post(
        *(
            body({**NAMELESS, "n": str(n % 250)}, key=str(n % 250), status=("firing", "resolved")[n // 250])
            for n in range(500)
        )
    )
    told = desk.after(0)
    assert len({each.key for each in told}) == 500
    by_group: dict[str, list[str]] = {}
    for each in told:
        by_group.setdefault(each.group, []).append(each.payload["status"])
    assert list(by_group.values()) == [["firing", "resolved"]] * 250
