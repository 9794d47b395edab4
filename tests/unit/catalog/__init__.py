"""The catalogue of signals."""
