"""Measures of what is held: cost, positions, net asset value, returns, risk, exposure."""
