"""Evaluation: judges, measures, tables and pictures of the split. It trains no model."""
