"""Command line programs: flags, and one library call each. Nothing imports them."""
