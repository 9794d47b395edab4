"""`correlator top`: what is busy now, who does it, and whom it hurts.

What lives here: the rows (`view`), where they come from (`looking`), how they are shown (`columns`, `tables`), the
screen. A Prometheus and a running daemon both give a snapshot and open incidents; the rows are made in one place.
What must not: judging, and text of a label that a terminal could obey.
Who imports it: the command line alone.
"""
