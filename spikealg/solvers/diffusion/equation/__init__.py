"""The equation on its mesh: coefficients, boundaries, rates, and the chance of each step."""
