"""Alerts, and what is known of their cause."""
