"""Keeps the life of incidents: what findings become, what belongs together, and the database that outlives a kill -9.

The way in: `Book` and `advance` (pure) turn a step's findings into a `Step`; `Store.commit_step` makes it durable in
one transaction; `Incidents` reads for the web. `docs/store.md` describes the rules and the schema.

What must not live here: fetching, judging, delivery, HTTP, any clock (instants are arguments).
Who imports it: `daemon`, `cli` (backtest takes the pure half), `web` (the read side alone). It imports
`correlator.model` and nothing else of the project.
"""
