"""Keeps the synthetic series that were exported, cycle after cycle, and reads them back.

The way in: `Keeper` (write side) appends a cycle within the step's own transaction, packs whole hours into blocks and
forgets the oldest; `KeptSeries` (read side) selects by matchers, and tells of incidents older than the series from the
incidents themselves. `docs/store.md` describes what is kept, how long and how large.

What must not live here: what a metric means (`publish`), PromQL, HTTP, judging, any clock.
Who imports it: `daemon`. It imports `model`, `publish` and, of the store, its database, tables and rows.
"""
