"""What every floor stands on: errors, checks, files, schedules, noise. It knows no floor."""
