"""One suite for each seam, run on everything that claims to keep it."""
