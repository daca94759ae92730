"""Errors that a user can act on."""


class UserError(ValueError):
    """A mistake in what the user gave: one line says what was expected, what came and what to do.

    Commands print the line and exit with a code that is not 0; in Python it is a ValueError.
    """
