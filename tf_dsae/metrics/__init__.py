"""Measures of a split: pure functions of arrays."""
