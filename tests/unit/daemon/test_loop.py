"""The engine's loop beside those who ask it."""

from datetime import UTC, datetime

from correlator.daemon.loop import Loop
from correlator.daemon.messages import Answer, FromEngine, Question, Start
from correlator.model.topology import PodRef
from correlator.settings import load_settings


class Insistent:
    """The other end of a pipe that always has one more question."""

    def __init__(self) -> None:
        self.answered: list[int] = []
        self.asked = 0

    def poll(self, timeout: float) -> bool:
        """There is one."""
        assert timeout >= 0
        return True

    def recv(self) -> Question:
        """It."""
        self.asked += 1
        assert self.asked < 1_000_000, "the loop never stopped to listen"
        return Question(self.asked, PodRef("a", "b"), None)

    def send(self, message: FromEngine) -> None:
        """What the engine says to it."""
        if isinstance(message, Answer):
            self.answered.append(message.number)


def test_who_asks_on_and_on_does_not_keep_steps_from_being_judged() -> None:
    """When it is time for a step one question more is answered, and the step is next."""
    pipe = Insistent()
    loop = Loop(Start(load_settings(), datetime.now(UTC)), pipe, lambda: 0.0)  # type: ignore[arg-type]
    loop._listen(0)
    assert pipe.answered == [1]
    loop._listen(0.01)
    assert pipe.answered == list(range(1, pipe.asked + 1))
