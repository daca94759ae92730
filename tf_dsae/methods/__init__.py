"""What can be learned: methods, presets, and settings of runs. It knows no data but by name."""
