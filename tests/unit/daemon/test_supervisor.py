"""What the web is told before, between and after reports."""

from datetime import UTC, datetime

import pytest

from correlator.daemon.messages import Start
from correlator.daemon.supervisor import Supervisor
from correlator.model.source import SourceError
from correlator.model.topology import PodRef
from correlator.settings import load_settings


def test_engine_that_has_not_begun_is_a_problem() -> None:
    """Nobody takes an empty answer for a quiet cluster."""
    supervisor = Supervisor(Start(load_settings(flags={"cluster": "c"}), datetime.now(UTC)))
    assert supervisor.status().problems == ("the engine is starting",)
    assert supervisor.status().cluster == "c"
    assert supervisor.snapshot() is None


def test_question_to_nobody_is_refused_at_once() -> None:
    """Whoever asks while the engine is down need not wait for a timeout."""
    supervisor = Supervisor(Start(load_settings(), datetime.now(UTC)))
    with pytest.raises(SourceError, match="not running"):
        supervisor.explain(PodRef("a", "b"), None)
