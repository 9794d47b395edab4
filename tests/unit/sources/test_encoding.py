"""Arrays as bytes."""

from collections.abc import Callable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from correlator.model.frame import Floats
from correlator.sources.encoding import decode_delta, decode_plain, encode_delta, encode_plain


@given(
    hnp.arrays(np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=8)),
    st.sampled_from([(encode_plain, decode_plain), (encode_delta, decode_delta)]),
)
def test_encodings_lose_nothing(
    values: Floats,
    pair: tuple[Callable[..., bytes], Callable[..., Floats]],
) -> None:
    """Any float64, NaN payloads, infinities and negative zeros included, comes back bit by bit, in 8 bytes each."""
    encode, decode = pair
    encoded = encode(values)
    assert len(encoded) == values.size * 8
    assert decode(encoded, *values.shape).tobytes() == values.tobytes()


def test_what_grows_steadily_becomes_runs() -> None:
    """The delta of a steady counter of whole numbers is nearly all zeros, which is what makes recordings small."""
    encoded = encode_delta(np.arange(2**20, 2**20 + 1000, dtype=np.float64)[None, :])
    assert encoded.count(0) > 0.8 * len(encoded)
