"""Parts drawn the same way on every page: pure functions from a frame to a component."""
