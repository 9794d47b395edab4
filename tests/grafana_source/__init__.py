"""Grafana's own front-end code for Prometheus, run against the daemon's API: `make grafana`.

Not a part of `make test`: it installs 470 MB from npm. `tests/unit/web/test_grafana_requests.py` replays what it asks.
"""
