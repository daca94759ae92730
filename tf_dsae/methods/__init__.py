"""What can be learned: presets and published methods."""
