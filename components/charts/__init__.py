"""Figures: one file, one kind; pure functions from rows to a plot."""
