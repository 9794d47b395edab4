"""The dashboards as code: what `deploy/grafana/dashboards/` holds is written by `python -m tests.dashboards`.

What lives here: a module for each dashboard, its PromQL in one table at the top; panels, variables and links that all
share; and the tests that run every query against real servers. What must not: a query that needs more PromQL than the
daemon's own data source answers, unless its panel says so. Who imports it: nobody; Grafana's types are a tool of
development, so the program does not know this package.
"""
