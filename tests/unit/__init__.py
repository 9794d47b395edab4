"""One folder for each package of the project, one file for each module."""
