"""A run's folder: settings, weights, and what a finished run is applied to."""
