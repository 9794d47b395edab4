"""The report of an incident, from hand-made values."""
