"""The web over a hand-written store and hand-made snapshots."""
