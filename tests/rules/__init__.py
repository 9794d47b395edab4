"""Recording and alerting rules of `rules/`: read, checked, tested with promtool and with a real Prometheus.

`python -m tests.rules` writes them as a PrometheusRule. The checks that pint makes without a Prometheus stand in `lint`.
"""
