"""A run's folder: settings, table, weights; a finished run on files. It trains nothing."""
