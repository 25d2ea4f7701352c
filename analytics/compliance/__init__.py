"""Surveillance: detectors turn events into suspected patterns with evidence."""
