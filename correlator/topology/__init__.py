"""Joins what the sources know into pods, volumes and edges, each with how it was learnt.

What lives here: rules that read labels and whether a row has data; a file for each question (which node, which disk,
which mount, which claim, which pod). What must not: I/O, clocks, statistics, guesses.
Who imports it: `inquiry` and `cli`; it imports `correlator.model` and nothing else of the project.
"""

from correlator.topology.join import join
from correlator.topology.signature import Signature, signature

__all__ = ["Signature", "join", "signature"]
