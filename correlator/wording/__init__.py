"""Quantities, names, curves and blind spots in words, as people read them.

What lives here: pure functions from values of the model to text, used wherever people read: page, report, terminal.
What must not: markup, escaping, I/O, clocks. Whoever writes a format escapes for it.
Who imports it: picture, report, web, the command line.
"""
