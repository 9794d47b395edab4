"""Simulates clusters in which storage contention, and everything that looks like it, happens with known truth.

Knows nothing of the project's own code: pods, devices with limited service, victims, and exporters that are scraped.
Only the tests here, and `against_lab`, which reads recordings, import it.
`tests.accuracy` turns what it yields into frames and judges them.
"""
