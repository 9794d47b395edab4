"""Values as bytes and back."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from correlator.publish.samples import significant
from correlator.timeseries.codec import CHUNK_ROWS, Packed, pack, pack_times, unpack_times

SHAPES = array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12)


def read(data: bytes) -> np.ndarray:
    """All rows."""
    packed = Packed(data)
    chunks = [packed.chunk(number) for number in range(-(-packed.rows // CHUNK_ROWS))]
    return np.concatenate(chunks) if chunks else np.empty((0, packed.times))


@settings(max_examples=200, deadline=None)
@given(arrays(np.float64, SHAPES, elements=st.floats(width=64)))
def test_whatever_is_packed_comes_back(values: np.ndarray) -> None:
    """No float is changed, whether it has few digits or many; NaN stays NaN."""
    assert np.array_equal(read(pack(values)), values, equal_nan=True)


@settings(max_examples=200, deadline=None)
@given(arrays(np.float64, SHAPES, elements=st.floats(-1e7, 1e7) | st.floats(-1e-6, 1e-6) | st.just(math.nan)))
def test_what_is_exported_comes_back(values: np.ndarray) -> None:
    """Rounded values come back to the last bit, and rounding changes them by half a unit of the sixth digit."""
    exported = significant(values)
    assert np.array_equal(read(pack(exported)), exported, equal_nan=True)
    assert np.array_equal(significant(exported), exported, equal_nan=True)
    known = ~np.isnan(values)
    assert (np.abs(exported - values)[known] <= 5.1e-6 * np.abs(values)[known]).all()


def test_exported_values_take_less_than_three_bytes_each() -> None:
    """Noise of a third of the value around 50 ms, in a tenth of the cycles absent: what first tokens look like."""
    rng = np.random.default_rng(3)
    values = 0.05 * np.exp(rng.normal(0, 0.3, (600, 240)))
    values[rng.random(values.shape) < 0.1] = np.nan
    assert len(pack(significant(values))) < 3 * values.size
    assert len(pack(np.zeros((600, 240)))) < 0.01 * values.size


def test_many_rows_are_read_in_parts() -> None:
    """Chunks are independent: the last one has the rows that are left."""
    values = np.arange(2 * (2 * CHUNK_ROWS + 3), dtype=np.float64).reshape(-1, 2)
    packed = Packed(pack(values))
    assert np.array_equal(packed.chunk(2), values[2 * CHUNK_ROWS :])
    assert np.array_equal(packed.chunk(0), values[:CHUNK_ROWS])


@given(st.lists(st.integers(0, 2**40), max_size=50, unique=True).map(sorted))
def test_times_come_back(times: list[int]) -> None:
    """Any ascending seconds."""
    assert unpack_times(pack_times(np.array(times, dtype=np.int64))).tolist() == times


@settings(deadline=None)
@given(st.data())
def test_damage_is_a_value_error(data: st.DataObject) -> None:
    """Any byte that is wrong, and any end that is missing, is noticed or changes nothing."""
    values = significant(np.linspace(0.001, 3.0, 40).reshape(4, 10))
    whole = pack(values)
    place = data.draw(st.integers(0, len(whole) - 1))
    broken = bytearray(whole)
    broken[place] ^= data.draw(st.integers(1, 255))
    for bad in (bytes(broken), whole[:place]):
        try:
            found = read(bad)
        except ValueError:
            continue
        assert np.array_equal(found, values, equal_nan=True)


def test_no_packed_series() -> None:
    """Nothing, and something else, are refused."""
    for bad in (b"", b"hello, world"):
        with pytest.raises(ValueError, match="packed series"):
            Packed(bad)
