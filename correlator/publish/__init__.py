"""What the daemon says to other systems in their own language; today Prometheus metrics.

What lives here: renderings of snapshots and incidents, pure functions from values to bytes.
What must not: I/O, clocks, the store, sources, statistics.
Who imports it: web, the daemon.
"""
