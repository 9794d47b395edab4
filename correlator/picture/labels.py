"""Words in a picture: what a label contains is text, one line of it, and never more than fits."""

from typing import Final

from correlator.model.finding import Suspect, SuspectKind, Verdict

LONGEST_LABEL = 44

VERDICTS: Final = {
    Verdict.CONTENTION: "Storage contention",
    Verdict.DEGRADED_DEVICE: "Degraded device",
    Verdict.OWN_IO: "The victim’s own I/O",
    Verdict.LOAD: "Load",
    Verdict.OTHER: "Not storage",
    Verdict.UNDETERMINED: "Undetermined",
}


def full_name(namespace: str, pod: str) -> str:
    """`namespace/pod`, or what there is of it."""
    return "/".join(part for part in (namespace, pod) if part)


def suspect_name(suspect: Suspect) -> str:
    """What a suspect is called."""
    if suspect.kind is SuspectKind.NODE:
        return f"node {suspect.node}"
    return full_name(suspect.namespace, suspect.pod) or "unattributed I/O"


def one_line(label: str) -> str:
    """A label as printable characters that fit a legend."""
    clean = "".join(character if character.isprintable() else "�" for character in label)
    if len(clean) > LONGEST_LABEL:
        clean = f"{clean[: LONGEST_LABEL // 2]}…{clean[-LONGEST_LABEL // 2 + 1 :]}"
    return f" {clean}" if clean.startswith("_") else clean  # matplotlib hides what starts with "_"


def quantity(seconds: float | None) -> str:
    """A duration for people."""
    if seconds is None:
        return "unknown"
    return f"{seconds * 1000:.0f} ms" if seconds < 1.0 else f"{seconds:.2f} s"
