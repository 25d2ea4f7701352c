"""Wiring of the section: alerts and what became of them."""
