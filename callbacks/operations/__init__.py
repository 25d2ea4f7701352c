"""Wiring of the section: whether the house is in order."""
