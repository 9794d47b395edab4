"""Tells other systems what happened to incidents, each in its own language: at least once, and never in the way.

What lives here: sinks (Loki, Kubernetes Events, Grafana annotations), the courier that carries parcels from the store's
log of events to one of them, the ways a delivery can fail, HTTP to a receiver, the proxy through which alerts pass
to their Alertmanagers, with its threads, and what tells receivers of the alerts that Alertmanagers posted.
What must not: other loops, sleeping, the time of day (it is handed in), settings, statistics.
Who imports it: `daemon`.

What is to be sent is made once and kept in the store's outbox, so that a repetition is the same to the last byte; the
receivers of alerts make their own language of it, and of nothing else.
"""
