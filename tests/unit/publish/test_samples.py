"""What is exported, and what is kept of it."""

from dataclasses import replace

import numpy as np

from correlator.model.finding import Verdict
from correlator.publish.samples import DIGITS, Stored, Values, kept, significant
from correlator.publish.synthetic import of_itself, readings
from tests.factories import make_incident
from tests.snapshots import make_snapshot
from tests.unit.web.fakes import make_status

STORED = Stored(open_incidents=(make_incident(),), totals={Verdict.CONTENTION: 3})


def exported() -> Values:
    """What `/metrics` says at the same moment, of the daemon itself its signals alone."""
    signals = {name: found for name, found in of_itself(make_status()).items() if name == "correlator_signal_up"}
    return {**readings(make_snapshot(), STORED, is_fresh=True), **signals}


def test_what_is_kept_is_what_is_exported() -> None:
    """Names, labels and values, but for volumes that no victim uses: here an export."""
    found, everything = kept(make_snapshot(), STORED), exported()
    assert found.keys() == everything.keys()
    for name, values in everything.items():
        assert found[name] == {labels: value for labels, value in values.items() if "filer:/models" not in labels}
    assert any("filer:/models" in labels for labels in everything["correlator_volume_queue_depth"])


def test_volume_of_an_open_incident_is_kept() -> None:
    """Also when its victim is gone."""
    snapshot = replace(make_snapshot(), victims=())
    assert [labels[0] for labels in kept(snapshot, STORED)["correlator_volume_queue_depth"]] == ["n1/nvme0n1"]
    assert "correlator_volume_queue_depth" not in kept(snapshot, Stored())


def test_six_digits_are_kept() -> None:
    """Rounding is decimal, so that what is read looks like what was measured; whole numbers keep all digits."""
    values = np.array([0.07348123919283746, 1234.5678, -0.00012345649, 1795668262.25, 12345678.0, 0.0, np.nan, np.inf])
    rounded = [0.0734812, 1234.57, -0.000123456, 1795668262.25, 12345678.0, 0.0, np.nan, np.inf]
    assert np.array_equal(significant(values), rounded, equal_nan=True)
    assert DIGITS == 6
