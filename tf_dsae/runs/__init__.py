"""A run's folder: settings, table, weights; and a finished run applied to files."""
