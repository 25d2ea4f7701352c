"""The abuse gym: labelled days on top of the demo's market, to measure detectors by.

A recipe says how blatant the planted abuse is, how dense the innocent flow around it and over how many
linked accounts it is split; the same recipe gives the same rows.
"""

from app.demo.gym.day import Day, Recipe, build

__all__ = ["Day", "Recipe", "build"]
