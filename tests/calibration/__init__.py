"""Fits the confidence model on labelled looks, and writes it where the package reads it: `make calibrate`."""
