"""The exact-likelihood study: whether, and why, a bound leads parameters away from the truth."""
