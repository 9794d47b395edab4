"""The way in: one case of a kind by its seed, and those cases that show what their kind claims."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from tests.simulator.case import Case
from tests.simulator.claims import is_shown
from tests.simulator.databases import add_database, truth_of_database
from tests.simulator.history import history_of
from tests.simulator.kinds import KINDS, Kind
from tests.simulator.manners import add_company, logger
from tests.simulator.ordinary import draw_stage
from tests.simulator.quiet import quiet
from tests.simulator.running import Outcome, run
from tests.simulator.scene import Scene
from tests.simulator.seasons import Season
from tests.simulator.telemetry import telemetry_of
from tests.simulator.truth import impact_of, truth_of

__all__ = ["quiet", "simulate", "valid_cases"]

HIGHEST_SEASON = 0.4
SHARE_WITH_LOGGER = 0.15


def simulate(kind: str, seed: int, step: int | None = None, database: str = "") -> Case:
    """One case; equal arguments give an equal case. `step` is the grid's in seconds, None for any from 5 to 60.

    `database` puts one of databases.EXPORTERS on the victim's device; with none the case is what it always was.
    Raises KeyError for a kind that is not in KINDS.
    """
    what = KINDS[kind]
    stage = draw_stage(np.random.default_rng([seed, zlib.crc32(kind.encode())]), step, what.wishes)
    season = Season.draw(stage.rng, HIGHEST_SEASON) if what.days else None
    if season is not None:
        stage.victim.rate = stage.victim.rate * season.at(stage.ticks)
    add_company(stage)
    if database:
        add_database(stage, database)
    what.build(stage)
    if stage.rng.uniform() < SHARE_WITH_LOGGER:
        logger(stage, float(stage.rng.uniform(0.001, 0.01)))
    case = _case(what, seed, stage.scene, run(stage.scene))
    if season is None:
        return case
    return replace(case, history=history_of(stage.scene, season, what.days, repeats=what.repeats))


def valid_cases(kind: str, seeds: Iterable[int], step: int | None = None) -> Iterator[Case]:
    """The cases of these seeds in which what the kind claims is measured to have happened."""
    return (case for case in (simulate(kind, seed, step) for seed in seeds) if case.is_validated)


def _case(kind: Kind, seed: int, scene: Scene, outcome: Outcome) -> Case:
    impacts = [impact_of(scene, answered) for answered in outcome.answered]
    victims = tuple(truth_of(scene, outcome, which, kind.verdict, impact) for which, impact in enumerate(impacts))
    return Case(
        kind=kind.name,
        family=kind.family,
        seed=seed,
        telemetry=telemetry_of(scene, outcome),
        victims=victims,
        databases=tuple(truth_of_database(scene, outcome, one, kind.verdict) for one in scene.databases),
        is_validated=all(is_shown(kind, truth, impact) for truth, impact in zip(victims, impacts, strict=True)),
    )
