"""One file, one estimator with its declared baseline."""
