"""Sources: what they make of answers, files and loops."""
