"""One file, one suspected pattern."""
