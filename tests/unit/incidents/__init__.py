"""Facts about `correlator.incidents`."""
