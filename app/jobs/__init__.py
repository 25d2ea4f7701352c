"""Work done outside a request: one file, one job."""
