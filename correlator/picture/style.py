"""Colours and what matplotlib is told for every picture."""

from typing import Any

# Okabe and Ito's palette: told apart by every kind of colour vision.
BLUE, SKY, GREEN, ORANGE, VERMILION, PURPLE = "#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7"
INK, MUTED, FAINT, WARNING_INK = "#1f2933", "#616e7c", "#e4e7eb", "#a63f00"
ACCUSED = (VERMILION, PURPLE, ORANGE)
BYSTANDERS = ("#b8c4ce", "#9fb0a3", "#c9bfa8", "#a9b6d3", "#c7b3c5", "#b9c9a2")
OTHERS, NOBODY = "#d9dee3", "#f3f4f6"

SETTINGS: dict[Any, Any] = {
    "svg.hashsalt": "correlator",
    "svg.fonttype": "none",
    "text.parse_math": False,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "timezone": "UTC",
}
