"""What every floor stands on: errors, checks, files, schedules, seeds and noise."""
