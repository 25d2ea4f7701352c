"""Writes: every change a person or a script may make, audited in the same transaction."""
