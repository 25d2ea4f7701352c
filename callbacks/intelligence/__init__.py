"""Wiring of the section: insights and models."""
