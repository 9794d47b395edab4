"""The kept series."""
