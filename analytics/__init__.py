"""What is true: pure functions of polars frames. No Flask, Dash, SQL, files, clock or seed of its own."""
