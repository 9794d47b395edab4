"""Tests of deploy/: the chart, plain manifests, tiers, the image, compose; and what of the chart is generated.

`python -m tests.deploy` (`make chart`) writes into the chart what it may not fetch from elsewhere, since a chart holds
only what lies in its own folder: dashboards, data sources, rules, permissions, and the schema of its values; and of
the chart the base for Kustomize.
"""
