"""The words of the domain as frozen values: grids, frames, topology, findings, incidents.

What lives here: dataclasses without behaviour beyond small derivations of themselves.
What must not: I/O, clocks, logging, statistics, any other package of the project.
Who imports it: everybody.
"""
