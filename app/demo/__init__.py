"""The generated firms: real prices, simulated people."""
