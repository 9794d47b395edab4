"""The daemon: engine, loop, logs."""
