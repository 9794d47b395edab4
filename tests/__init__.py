"""Facts about the correlator: one docstring, one fact. Folders mirror the package; see CONTRIBUTING.md."""
