"""Judges: from frames and topology to findings. Pure: no I/O, clock, logging, environment or hidden randomness.

`evaluate` is the one way in; its memory is a value that the caller keeps with the step it belongs to.
Who imports it: `inquiry` alone (and tests). It imports `correlator.model` and nothing else of the project.
"""
