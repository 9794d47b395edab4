"""Slow and literal transcriptions of what the engine computes fast: read them beside the definition."""
