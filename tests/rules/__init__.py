"""Recording and alerting rules of `rules/`: read, checked, tested with promtool and with a real Prometheus.

`python -m tests.rules` writes them as a PrometheusRule. What pint checks without a Prometheus stands in `lint`.
"""
