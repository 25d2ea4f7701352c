"""Wiring of the section: positions and what they are worth."""
