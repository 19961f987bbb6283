"""How good an answer is: checks, references, refinement, and walkers for a tolerance."""
