"""The commands, from flags to exit codes."""

import csv
import io
import json
from pathlib import Path

import pytest

from correlator.access import Scope, read_tokens
from correlator.cli.main import main
from tests.commands import Run
from tests.recorded import CULPRIT, END, ONSET, START, STEP, VICTIM, write_contention

DURING = START + (ONSET + 20) * STEP


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An hour with one contention."""
    return write_contention(tmp_path_factory.mktemp("commands") / "recording.zip")


def test_backtest_prints_the_published_incidents(run: Run, recording: Path) -> None:
    """JSON is a list of incidents with the contract's names, and nothing else goes to stdout."""
    (incident,) = json.loads(run("backtest", "--recording", recording, "--output", "json").out)
    assert run.code == 0
    assert run.err == ""
    assert incident["verdict"] == "contention"
    assert incident["state"] == "resolved"
    assert [f"{each['namespace']}/{each['pod']}" for each in incident["suspects"] if each["accused"]] == [CULPRIT]
    promised = "id episode_id cluster state verdict confidence reasons started_at detected_at ended_at end_reason"
    promised += " victim ttft volume use suspects blind_spots explanation advice feedback links"
    assert set(promised.split()) <= incident.keys()
    assert incident["started_at"].endswith("Z")


def test_backtest_prints_a_table(run: Run, recording: Path) -> None:
    """The default is for people."""
    out = run("backtest", "--recording", recording).out
    assert VICTIM in out
    assert CULPRIT in out


def test_backtest_prints_csv(run: Run, recording: Path) -> None:
    """A row for each incident below a header."""
    (row,) = csv.DictReader(io.StringIO(run("backtest", "--recording", recording, "--output", "csv").out))
    assert row["accused"] == CULPRIT
    assert row["verdict"] == "contention"


def test_backtest_of_a_quiet_span_finds_nothing(run: Run, recording: Path) -> None:
    """No incident is an answer too."""
    span = ("--start", START, "--end", START + 100 * STEP)
    assert json.loads(run("backtest", "--recording", recording, *span, "--output", "json").out) == []
    assert run("backtest", "--recording", recording, *span).out == "no incidents\n"


def test_backtest_takes_a_coarser_step(run: Run, recording: Path) -> None:
    """--step changes the grid; one that the recording does not have is refused with both figures."""
    assert json.loads(run("backtest", "--recording", recording, "--step", "30s", "--output", "json").out)
    assert run("backtest", "--recording", recording, "--step", "20s").code == 1
    assert "recorded every 15 s" in run.err


def test_explain_tells_the_verdict(run: Run, recording: Path) -> None:
    """As text, with who did it."""
    out = run("explain", "--recording", recording, "--victim", VICTIM, "--at", DURING).out
    assert run.code == 0
    assert "contention" in out
    assert CULPRIT in out


def test_explain_tells_it_to_programs(run: Run, recording: Path) -> None:
    """JSON is the finding."""
    out = run("explain", "--recording", recording, "--victim", VICTIM, "--at", DURING, "--output", "json").out
    assert json.loads(out)["verdict"] == "contention"


def test_explain_writes_a_post_mortem(run: Run, recording: Path, tmp_path: Path) -> None:
    """Markdown to paste, with the picture that was drawn beside it, and the command that says it again."""
    plot = tmp_path / "why.png"
    flags = ("--victim", VICTIM, "--at", DURING, "--output", "markdown", "--plot", plot)
    out = run("explain", "--recording", recording, *flags).out
    assert run.code == 0
    assert out.startswith("# Storage contention on n1/sda")
    assert f"]({plot})" in out
    assert f"correlator explain --victim {VICTIM} --at " in out
    assert CULPRIT in out


def test_explain_answers_for_a_victim_that_is_well(run: Run, recording: Path) -> None:
    """Long after the contention nothing is open, and that is said."""
    at = START + END * STEP + 25 * STEP
    found = json.loads(run("explain", "--recording", recording, "--victim", VICTIM, "--at", at, "--output", "json").out)
    assert "no_open_regression" in found["reasons"]


@pytest.mark.parametrize(("suffix", "beginning"), [("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_explain_draws_a_picture(run: Run, recording: Path, tmp_path: Path, suffix: str, beginning: bytes) -> None:
    """The file is what its name says."""
    picture = tmp_path / f"why.{suffix}"
    run("explain", "--recording", recording, "--victim", VICTIM, "--at", DURING, "--plot", picture)
    assert picture.read_bytes().startswith(beginning)


def test_explain_names_the_victims_that_are_known(run: Run, recording: Path) -> None:
    """A name that nobody bears is answered with those that somebody does."""
    assert run("explain", "--recording", recording, "--victim", "a/b", "--at", DURING).code == 1
    assert VICTIM in run.err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("explain", "--victim", "vllm-0"), "expected NAMESPACE/POD"),
        (("explain", "--victim", "a/b", "--plot", "x.gif"), ".png or .svg"),
        (("backtest",), "no Prometheus is given"),
        (("backtest", "--recording", "x.zip", "--prometheus-url", "http://h"), "not both"),
        (("backtest", "--step", "15", "--prometheus-url", "http://h"), "--step 15: expected a duration"),
        (("backtest", "--config", "nowhere.yaml"), "nowhere.yaml: No such file"),
        (("serve", "--demo", "--prometheus-url", "http://h"), "not both"),
        (("serve", "--recording", "x.zip"), "--demo"),
        (("serve", "--demo", "--recording", "x.zip"), "x.zip: no such recording"),
        (("serve", "--listen", "0.0.0.0:1", "--demo"), "allow_non_loopback"),
        (("check", "--prometheus-url", "prometheus"), "prometheus.url: expected a URL"),
        (("check",), "--prometheus-url"),
        (("record", "--start", "-1h", "-o", "/nowhere/a.zip"), "--output /nowhere/a.zip: there is no folder /nowhere"),
        (("record", "--start", "-1h", "-o", "/"), "--output /: expected a file, not a folder"),
        (("explain", "--victim", "a/b", "--plot", "/nowhere/a.png"), "--plot /nowhere/a.png: there is no folder"),
        (("token", "a b", "--tokens-file", "/nowhere/tokens"), "NAME: expected a name of letters"),
        (("token", "ada", "--tokens-file", "/nowhere/tokens"), "--tokens-file /nowhere/tokens: No such file"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(run: Run, arguments: tuple[str, ...], expected: str) -> None:
    """Exit code 2, nothing on stdout, one line on stderr that names the flag or setting."""
    assert run(*arguments).code == 2
    assert run.out == ""
    assert expected in run.err
    assert run.err.count("\n") == 1
    assert run.err.startswith("correlator: ")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--start", "noon"), "--start noon: expected RFC 3339"),
        (("--start", str(START + 600), "--end", str(START)), "--start to be before --end"),
        (("--start", "0", "--end", str(START - 600)), "recording.zip holds nothing before 2027-01-15T08:00:00Z"),
    ],
)
def test_span_that_makes_no_sense_is_refused(
    run: Run, recording: Path, arguments: tuple[str, ...], expected: str
) -> None:
    """The flag is named."""
    assert run("backtest", "--recording", recording, *arguments).code == 2
    assert expected in run.err


def test_file_that_is_no_recording_is_named(run: Run, tmp_path: Path) -> None:
    """Bad news, exit code 1."""
    file = tmp_path / "notes.txt"
    file.write_text("hello", encoding="utf-8")
    assert run("backtest", "--recording", file).code == 1
    assert run.err == f"correlator: {file}: no recording: it is not a zip file\n"


def test_debug_shows_the_traceback(recording: Path) -> None:
    """For whoever reports a fault."""
    del recording
    with pytest.raises(Exception, match="no recording"):
        main(["--debug", "backtest", "--recording", "/dev/null"])


def test_version_and_help_are_told(run: Run) -> None:
    """Both end well."""
    assert run("--version").out.startswith("correlator ")
    assert "backtest" in run("--help").out
    assert run.code == 0


def test_token_is_printed_once_and_its_digest_kept(run: Run, tmp_path: Path) -> None:
    """The file that the daemon reads has no token in it, and nobody else may read it; another line is added."""
    file = tmp_path / "tokens"
    first = run("token", "grafana", "--tokens-file", file).out.strip()
    file.write_text(file.read_text().strip())  # an editor may leave the last line without its end
    second = run("token", "alertmanager", "--scope", "write", "--tokens-file", file).out.strip()
    tokens = read_tokens(file)
    assert [(token.name, set(token.scopes)) for token in tokens.all] == [
        ("grafana", {Scope.READ}),
        ("alertmanager", {Scope.WRITE}),
    ]
    assert [tokens.of_secret(secret) for secret in (first, second)] == list(tokens.all)
    assert first not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0


def test_token_is_not_added_to_a_file_of_something_else(run: Run, tmp_path: Path) -> None:
    """A mistaken path spoils nothing."""
    file = tmp_path / "correlator.yaml"
    file.write_text("cluster: eu\n")
    assert run("token", "ada", "--tokens-file", file).code == 2
    assert file.read_text() == "cluster: eu\n"
