"""A module for each resource; each has one `router`."""
