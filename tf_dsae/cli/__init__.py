"""Command line programs: flags, and one library call each."""
