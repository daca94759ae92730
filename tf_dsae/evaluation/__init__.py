"""Evaluation: judges, measures, tables and pictures of how well f and z are split."""
