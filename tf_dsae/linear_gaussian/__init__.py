"""The exact-likelihood study: whether, and why, a bound biases learned parameters."""
