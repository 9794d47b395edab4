"""Recordings of real contention with their ground truth, held against the engine."""
