"""The inquiry: grid, rolling window, walk."""
