"""Judges the engine and what else people use on cases with known truth, and says how well each does.

What lives here: cases turned into frames, our engine as the daemon runs it, baselines that get the very same
candidates, scores, and the report. Simulating is `tests.simulator`'s; the engine is not changed for its judge.
"""
