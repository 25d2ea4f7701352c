"""Measures: ours and the other side, alternately, on the same machine and data. `python -m tests.bench`."""
