"""Says whether storage contention made time-to-first-token worse, on which volume, and which pods did it.

The way of the data: `sources` fetch frames, `topology` joins them into who uses which volume,
`analysis` judges, `inquiry` composes the three, `incidents` keep the lifecycle, `publish` and `web`
show it, `daemon` is the only place that loops and reads the clock.
"""

__version__ = "0.1.0"
