"""Operational records, one file per subject."""
