"""Facts about `correlator.access`."""
