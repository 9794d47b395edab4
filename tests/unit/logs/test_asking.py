"""One look, from an incident to what is kept, over HTTP to a Loki on loopback."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from correlator.logs.asking import Asking, LogReader
from correlator.logs.client import Loki
from correlator.logs.look import look_of
from correlator.model.logs import LogEvidence, PodLogs
from correlator.model.source import SourceError
from correlator.settings import load_settings
from correlator.sources.session import Access
from tests.factories import STARTED, make_incident, make_suspect, make_victim
from tests.loki import Entry, FakeLoki, loki, refuse, say

VICTIM, CULPRIT = make_victim().pod, make_suspect().pod
ONSET = STARTED.timestamp()
PATTERN = load_settings().loki.error_pattern
INCIDENT = make_incident(suspects=(make_suspect(),))


@pytest.fixture
def server() -> Iterator[FakeLoki]:
    """A Loki with half an hour of ordinary lines of both pods."""
    with loki() as running:
        for second in range(-1900, 360, 20):
            running.write(VICTIM, ONSET + second, "INFO 200 OK")
            running.write(CULPRIT, ONSET + second, "INFO indexed a batch", namespace="rag")
        yield running


def reader(
    server: FakeLoki, *, access: Access | None = None, tenant: str = "", largest: int = 2_000_000, **asking: object
) -> LogReader:
    """One that asks it with the settings' pattern."""
    client = Loki(server.url, access or Access(read_timeout_seconds=5.0), tenant, largest)
    return LogReader(client, Asking(error_pattern=PATTERN, **asking))  # type: ignore[arg-type]


def look(server: FakeLoki, **options: object) -> LogEvidence:
    """What it says of the incident."""
    return reader(server, **options).look(look_of(INCIDENT), STARTED)  # type: ignore[arg-type]


def of(evidence: LogEvidence, pod: str) -> PodLogs:
    """What is said of one pod."""
    (found,) = [each for each in evidence.pods if each.pod == pod]
    return found


def burst(server: FakeLoki) -> None:
    """The victim errs twice before the onset and every five seconds after it."""
    for second in [-1500, -700, *range(0, 300, 5)]:
        server.write(VICTIM, ONSET + second, f"ERROR request {second} timed out")


def test_burst_of_the_victim_is_counted_and_quoted(server: FakeLoki) -> None:
    """By pod, against the half hour before, with the first lines after the onset; the other pod had no errors."""
    burst(server)
    evidence = look(server, max_lines=2)
    victim, culprit = of(evidence, VICTIM), of(evidence, CULPRIT)
    assert (victim.errors_before, victim.errors_after) == (2, 60)
    assert victim.before_seconds == 1800.0
    assert victim.rose
    assert victim.p_value is not None
    assert victim.p_value < 1e-9
    assert [line.text for line in victim.lines] == ["ERROR request 0 timed out", "ERROR request 5 timed out"]
    assert victim.lines[0].at == STARTED
    assert (culprit.errors_before, culprit.errors_after, culprit.rose, culprit.lines) == (0, 0, False, ())
    assert evidence.sentence.startswith(f"In the logs of the victim inference/{VICTIM}: errors rose ")
    assert "rag/" not in evidence.sentence
    assert evidence.blind_spots == ()


def test_errors_that_were_always_there_are_no_burst(server: FakeLoki) -> None:
    """A pod that errs all day long says nothing about the onset."""
    for second in range(-1900, 360, 15):
        server.write(CULPRIT, ONSET + second, "error: cannot reach the tracing collector", namespace="rag")
    evidence = look(server)
    assert not of(evidence, CULPRIT).rose
    assert evidence.sentence.startswith("No clear rise of errors")


def test_pod_of_the_same_name_elsewhere_is_not_counted(server: FakeLoki) -> None:
    """Neither in another namespace, nor one whose name begins alike or would match as a pattern."""
    for second in range(0, 300, 5):
        server.write(VICTIM, ONSET + second, "ERROR", namespace="rag")
        server.write(f"{VICTIM}-2", ONSET + second, "ERROR")
    assert of(look(server), VICTIM).errors_after == 0
    dotted = make_incident(victim=make_victim(pod="vllm.0"), suspects=())
    server.write("vllm-0", ONSET, "ERROR of another")
    server.write("vllm.0", ONSET + 1, "ERROR of its own")
    (pod,) = reader(server).look(look_of(dotted), STARTED).pods
    assert pod.errors_after == 1
    assert [line.text for line in pod.lines] == ["ERROR of its own"]


def test_pod_without_lines_is_a_blind_spot_not_a_pod_without_errors(server: FakeLoki) -> None:
    """Unknown is not zero."""
    server.entries = [entry for entry in server.entries if entry.stream["pod"] != CULPRIT]
    evidence = look(server)
    assert of(evidence, CULPRIT).errors_after is None
    assert [spot.reason for spot in evidence.blind_spots] == [f"Loki has no line of rag/{CULPRIT} in these minutes"]


def test_pod_born_at_the_onset_is_not_compared_with_nothing(server: FakeLoki) -> None:
    """Its first errors are no rise: it was not there before."""
    server.entries = [entry for entry in server.entries if entry.stream["pod"] != CULPRIT or entry.at >= ONSET]
    for second in range(0, 300, 5):
        server.write(CULPRIT, ONSET + second, "ERROR again", namespace="rag")
    born = of(look(server), CULPRIT)
    assert (born.errors_before, born.errors_after, born.p_value, born.rose) == (None, 60, None, False)


@pytest.mark.parametrize(
    ("stream", "metadata"),
    [
        ({"k8s_namespace_name": "inference", "k8s_pod_name": VICTIM}, {}),
        ({"k8s_namespace_name": "inference"}, {"k8s_pod_name": VICTIM}),
        ({"namespace": "inference"}, {"pod": VICTIM}),
        ({"kubernetes_namespace_name": "inference", "kubernetes_pod_name": VICTIM}, {}),
    ],
    ids=["OpenTelemetry", "OpenTelemetry's metadata", "metadata", "Fluent Bit"],
)
def test_usual_labels_are_found(stream: dict[str, str], metadata: dict[str, str]) -> None:
    """Whatever brought the lines, and where the pod is structured metadata instead of a label."""
    with loki() as server:
        server.entries = [Entry(ONSET + s, "ERROR", stream, metadata) for s in range(0, 100, 5)]
        assert of(look(server), VICTIM).errors_after == 20


def test_unusual_labels_are_set(server: FakeLoki) -> None:
    """Names of one's own; what Loki does not have is said instead of asked for."""
    server.entries = [Entry(ONSET, "ERROR", {"ns": "inference", "instance": VICTIM})]
    unknown = look(server)
    assert unknown.pods == ()
    assert "set loki.namespace_label" in unknown.blind_spots[0].reason
    assert server.queries() == []
    assert of(look(server, namespace_label="ns", pod_label="instance"), VICTIM).errors_after == 1


def test_tenant_is_named(server: FakeLoki) -> None:
    """A Loki of several tenants answers the one that is named, and its refusal is quoted."""
    server.tenant = "team-a"
    with pytest.raises(SourceError, match=r"labels answered 401: no org id") as refused:
        look(server)
    assert not refused.value.retriable
    assert look(server, tenant="team-a").pods
    assert server.headers[-1]["Accept-Encoding"] == "identity"


def test_redirect_is_not_followed(server: FakeLoki) -> None:
    """A login page elsewhere is not Loki, and whoever it is gets no token."""
    with loki() as other:
        server.faults = [lambda handler: handler.answer(302, b"", "text/html", {"Location": f"{other.url}/login"})]
        with pytest.raises(SourceError, match="labels answered 302"):
            look(server)
        assert other.asked == []


def test_token_is_read_from_its_file_each_time(server: FakeLoki, tmp_path: Path) -> None:
    """It may rotate."""
    file = tmp_path / "token"
    asking = reader(server, access=Access(bearer_token_file=file))
    for token in ("first", "second"):
        file.write_text(f"{token}\n")
        asking.look(look_of(INCIDENT), STARTED)
        assert server.headers[-1]["Authorization"] == f"Bearer {token}"


@pytest.mark.parametrize(("status", "retriable"), [(400, False), (404, False), (429, True), (500, True), (503, True)])
def test_refusal_is_quoted(server: FakeLoki, status: int, *, retriable: bool) -> None:
    """Plain text as Loki sends it, without its secrets; what may pass is told from what will not."""
    server.faults = [None, refuse(status, "too many outstanding requests for password=hunter2\n")]
    with pytest.raises(SourceError, match=rf"answered {status}: too many outstanding requests .*withheld") as refused:
        look(server)
    assert refused.value.retriable is retriable


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "JSON"),
        (b"[]", "success"),
        (b'{"status":"success","data":{"resultType":"vector","result":[]}}', "matrix"),
        (b'{"status":"success","data":{"resultType":"matrix","result":[7]}}', "objects"),
        (b'{"status":"success","data":{"resultType":"matrix","result":[{"values":[]}]}}', "labels"),
        (b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{}}]}}', "values"),
        (
            b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[["x","1"]]}]}}',
            "number",
        ),
        (b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[60]]}]}}', "its time"),
    ],
)
def test_nonsense_is_refused(server: FakeLoki, body: bytes, said: str) -> None:
    """A proxy's page or another program's answer is no count."""
    server.faults = [None, say(body)]
    with pytest.raises(SourceError, match=f"not what its API promises: .*{said}"):
        look(server)


@pytest.mark.parametrize(
    "pair", ['["9999999999999999999999","ERROR"]', '[1795400000,"ERROR"]', '["1795400000000000000",7]']
)
def test_impossible_line_is_refused(server: FakeLoki, pair: str) -> None:
    """A line is text with its nanoseconds as text; the counts stay."""
    burst(server)
    lines = f'{{"status":"success","data":{{"resultType":"streams","result":[{{"stream":{{}},"values":[{pair}]}}]}}}}'
    server.faults = [None, None, None, say(lines.encode())]
    evidence = look(server)
    assert of(evidence, VICTIM).lines == ()
    assert "not what its API promises: a line" in evidence.blind_spots[0].reason


@pytest.mark.parametrize("count", ["NaN", "-1", "1e300", "many"])
def test_impossible_count_is_refused(server: FakeLoki, count: str) -> None:
    """A count is a number of lines."""
    series = f'{{"metric":{{}},"values":[[{look_of(INCIDENT).until},"{count}"]]}}'
    server.faults = [None, say(f'{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}'.encode())]
    with pytest.raises(SourceError, match="a count that is none"):
        look(server)


def test_what_was_not_asked_for_is_passed_over(server: FakeLoki) -> None:
    """Pods of others, and minutes outside the look, do not count; nor do lines."""
    burst(server)
    until = look_of(INCIDENT).until
    values = f'[[{until},"7"],[{until + 60},"900"],[1,"900"]]'
    series = f'{{"metric":{{"namespace":"inference","pod":"{VICTIM}"}},"values":{values}}}'
    other = f'{{"metric":{{"namespace":"other","pod":"{VICTIM}"}},"values":[[{until},"900"]]}}'
    counts = f'{{"status":"success","data":{{"resultType":"matrix","result":[{series},{other}]}}}}'.encode()
    line = '{"stream":{},"values":[["1","ERROR long ago"]]}'
    lines = f'{{"status":"success","data":{{"resultType":"streams","result":[{line}]}}}}'.encode()
    server.faults = [None, None, say(counts), say(lines)]
    victim = of(look(server), VICTIM)
    assert victim.errors_after == 7
    assert victim.lines == ()


def test_large_answer_is_not_read_to_its_end(server: FakeLoki) -> None:
    """It is refused with the setting that allows more."""
    server.faults = [None, say(b" " * 50_000)]
    with pytest.raises(SourceError, match=r"more than 10,000 bytes \(loki.max_bytes\)"):
        look(server, largest=10_000)


def test_compressed_answer_is_not_unpacked(server: FakeLoki) -> None:
    """A small answer could be a large one."""
    server.faults = [None, say(b"x", Content_Encoding="gzip")]
    with pytest.raises(SourceError, match="compressed its answer unasked"):
        look(server)


def test_loki_that_hangs_is_given_up(server: FakeLoki) -> None:
    """After its timeout."""
    server.faults = [server.hang]
    with pytest.raises(SourceError, match=r"no whole answer within 0\.2 s") as late:
        look(server, access=Access(read_timeout_seconds=0.2))
    assert late.value.retriable


def test_loki_that_trickles_is_given_up(server: FakeLoki) -> None:
    """A byte now and then is no answer, though no single silence is long."""

    def trickle(handler: object) -> None:
        handler.send_response(200)  # type: ignore[attr-defined]
        handler.send_header("Content-Length", "100000")  # type: ignore[attr-defined]
        handler.end_headers()  # type: ignore[attr-defined]
        while not server.released.wait(0.02):
            try:
                handler.wfile.write(b" ")  # type: ignore[attr-defined]
            except OSError:
                return

    server.faults = [trickle]
    with pytest.raises(SourceError, match="no whole answer"):
        look(server, access=Access(read_timeout_seconds=0.3))


def test_nobody_answers() -> None:
    """A refused connection may be well again later."""
    with loki() as gone:
        pass
    with pytest.raises(SourceError, match="no answer") as failed:
        look(gone)
    assert failed.value.retriable


def test_lines_that_cannot_be_had_leave_the_counts(server: FakeLoki) -> None:
    """What is known is kept; what is not is said."""
    burst(server)
    server.faults = [None, None, None, refuse(500, "context deadline exceeded")]
    evidence = look(server)
    assert of(evidence, VICTIM).rose
    assert of(evidence, VICTIM).lines == ()
    assert "context deadline exceeded" in evidence.blind_spots[0].reason


def test_no_lines_are_asked_for_where_none_are_wanted(server: FakeLoki) -> None:
    """`loki.max_lines: 0` counts and quotes nothing."""
    burst(server)
    assert of(look(server, max_lines=0), VICTIM).rose
    assert len(server.queries()) == 2


def test_quoted_lines_are_fit_to_be_shown(server: FakeLoki) -> None:
    """Secrets withheld, control characters escaped, long lines cut."""
    server.write(VICTIM, ONSET, f"ERROR \x1b[1mpassword=hunter2 {'x' * 500}")
    (line,) = of(look(server, line_length=40), VICTIM).lines
    assert line.text == "ERROR password=[withheld] xxxxxxxxxxxxx…"


def test_pattern_reaches_loki_as_it_is(server: FakeLoki) -> None:
    """Quotes, backslashes and characters beyond ASCII are quoted as LogQL reads them."""
    server.write(VICTIM, ONSET, 'failed "quickly" \\ 💥')
    client = LogReader(Loki(server.url, Access()), Asking(error_pattern='"quickly" \\\\ 💥'))
    assert client.look(look_of(INCIDENT), datetime.now(STARTED.tzinfo)).pods[0].errors_after == 1
