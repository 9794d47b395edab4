"""Signals as data: one YAML file for each exporter, and their loader.

What lives here: the bundled files, and `load`, which checks them and a user's own with the same strictness.
What must not: asking anybody for values (`sources`), judging them (`analysis`).
Who imports it: the composition of commands and the daemon, and tests.

A file holds what one exporter supplies:

    exporter     its name
    hint         what to do where its signals are missing
    heartbeat    the signal that tells whether its target is alive, "" for none
    measured     server (default), stand_in (the nearest to what the name says) or gateway (in front of the servers)
    state        tested (on the exporter itself), documented (on text as its documents show it), unconfirmed (default)
    note         what to know of versions and traps
    symptoms     what may get worse about a pod, beside its first tokens: see `catalog.symptoms`
    signals      a list; each has

        name, unit, kind, aspect, required     as in `correlator.model.signal.Signal`: the same for all who supply it
        query                                  PromQL, one series for each identity
        native                                 the same where the histogram is a native one
        labels                                 the labels of the identity, by the names that the engine knows
        rename                                 the exporter's own names of some of them
        exported_in                            milliseconds, …: the unit of its values, or of the bounds in `le`
        hint, heartbeat, measured, state, note     in place of the file's

Several exporters may supply one signal: their rows come together, each scrape target once (`sources.joining`).
"""

from correlator.catalog.loader import Catalogue, load
from correlator.catalog.nodes import CatalogueError
from correlator.catalog.symptoms import load_symptoms

__all__ = ["Catalogue", "CatalogueError", "load", "load_symptoms"]
