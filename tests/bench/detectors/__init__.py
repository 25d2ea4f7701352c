"""How good and how fast the detectors are, on days of the abuse gym. `python -m tests.bench.detectors`."""
