"""Signals as data: one YAML file for each exporter, and their loader.

What lives here: the bundled files, and `load`, which checks them and a user's own with the same strictness.
What must not: asking anybody for values (`sources`), judging them (`analysis`).
Who imports it: the composition of commands and the daemon, and tests.

A file holds `exporter`, `hint` (what to do where the signals are missing), `heartbeat` (the signal that tells
whether their target is alive, "" for none) and `signals`, a list of the fields of `correlator.model.signal.Signal`;
a signal's own `hint` and `heartbeat` take the place of the file's.
"""

from correlator.catalog.loader import Catalogue, load
from correlator.catalog.nodes import CatalogueError

__all__ = ["Catalogue", "CatalogueError", "load"]
