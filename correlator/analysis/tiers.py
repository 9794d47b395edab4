"""Which isolation tier hurt which, in words."""

from correlator.analysis.wording import listed
from correlator.model.finding import Suspect, Victim


def tiers_words(victim: Victim, blamed: tuple[Suspect, ...]) -> str:
    """One sentence; empty where the tier of the victim or of all who are blamed is not known."""
    tiers = sorted({suspect.tier for suspect in blamed} - {""})
    if not victim.tier or not tiers:
        return ""
    if tiers == [victim.tier]:
        return f"Both are of the tier {victim.tier}: what keeps tiers apart does not help here."
    return f"The tier {listed(tiers)} hurt the tier {victim.tier}."
