"""Measurements that people read: printed with machine and date, never asserted.

Each figure is a module that can be started by itself (`python -m tests.bench.cycle`); it runs on one core and prints
one JSON object. `python -m tests.bench` runs all and prints a table. What the figures are taken on is made by `cluster`
(a large cluster's series as functions of time) and served by `server` (a loopback Prometheus).
"""
