"""The picture of an incident: first tokens, the volume and its suspects on one time axis.

What lives here: drawing, as SVG or PNG, from values of the model alone.
What must not: I/O, clocks, statistics. The same arguments give the same bytes.
Who imports it: web, the command line.
"""

from correlator.picture.drawing import Format, draw

__all__ = ["Format", "draw"]
