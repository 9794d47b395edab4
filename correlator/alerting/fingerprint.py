"""The fingerprint by which Alertmanager knows an alert.

Source: prometheus/common `model/signature.go` (`labelSetToFingerprint`): FNV-1a of 64 bits over the sorted labels.
"""

from collections.abc import Mapping

_OFFSET, _PRIME, _BITS = 14_695_981_039_346_656_037, 1_099_511_628_211, (1 << 64) - 1
_SEPARATOR = b"\xff"


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hexadecimal digits. Labels without a value do not count: Alertmanager drops them when an alert comes in."""
    hashed = _OFFSET
    for name, value in sorted(labels.items()):
        if value:
            for byte in name.encode() + _SEPARATOR + value.encode() + _SEPARATOR:
                hashed = ((hashed ^ byte) * _PRIME) & _BITS
    return f"{hashed:016x}"
