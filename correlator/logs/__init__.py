"""Logs as evidence: error lines of the victim and the first suspects around an onset, asked of Loki.

What lives here: which pods and spans are looked at (`look`), LogQL (`queries`), Loki over HTTP (`client`, `answers`),
the comparison (`burst`), what makes a line fit to be shown (`redact`), and one look from beginning to end (`asking`).
What must not: any loop, thread or clock (`daemon` has them), the store, and anything that a verdict could depend on.
Who imports it: `daemon`. docs/logs.md says what people see of it.
"""
