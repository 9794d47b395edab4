"""Tests of `correlator.topology`."""
