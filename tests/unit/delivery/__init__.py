"""Logs as evidence."""
