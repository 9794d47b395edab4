"""Words, as people read them."""
