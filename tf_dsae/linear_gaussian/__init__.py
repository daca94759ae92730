"""The exact-likelihood study: do bounds bias what is learned, and why? No video model."""
