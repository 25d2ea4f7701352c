"""Planted abuse: one file, one pattern."""
