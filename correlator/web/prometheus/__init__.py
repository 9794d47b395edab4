"""The part of Prometheus' HTTP API that Grafana's data source calls, below `/prometheus`.

What lives here: routes, forms, envelopes and errors as Prometheus has them, and its JSON.
What must not: problem details (these answers are Prometheus' own), PromQL, knowledge of the store.
Who imports it: the application.
"""
