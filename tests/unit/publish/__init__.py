"""What the daemon says to other systems."""
