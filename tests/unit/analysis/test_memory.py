"""What the engine remembers, as bytes."""

import pytest

from correlator.analysis.memory import Memory, OpenRegression, PastRegression
from tests.factories import HOSTILE, make_finding

OPEN = OpenRegression(
    namespace="inference",
    pod=HOSTILE,
    model_name="llama é\"'",
    onset_at=1_800_000_000,
    detected_at=1_800_000_030,
    stalled=False,
    bounds=(0.1, 1.0),
    baseline_counts=(10.0, 3.0, 1.0),
    baseline_mean=0.1 + 0.2,
    calm_since=None,
    last=make_finding(),
)
PAST = PastRegression(namespace="inference", pod="vllm-0", model_name="llama", start=1, end=2)


def test_what_is_encoded_is_decoded() -> None:
    """Every field, every digit, and names that mean something elsewhere."""
    memory = Memory(open=(OPEN,), past=(PAST,))
    assert Memory.decode(memory.encode()) == memory
    assert Memory.decode(Memory().encode()) == Memory()


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"format": 99, "memory": {}}', b'{"format": 1}'])
def test_anything_else_is_refused_in_words(data: bytes) -> None:
    """A store that was damaged or is of another version."""
    with pytest.raises(ValueError, match="the engine's memory"):
        Memory.decode(data)


def test_memory_of_a_wrong_shape_is_refused_in_words() -> None:
    """A field of another type is named."""
    data = Memory(open=(OPEN,)).encode().replace(b'"onset_at":1800000000', b'"onset_at":"soon"')
    with pytest.raises(ValueError, match="onset_at"):
        Memory.decode(data)
