"""The confidence model and its file."""
