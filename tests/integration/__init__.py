"""Facts about real servers, files and processes."""
