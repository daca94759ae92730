"""Errors that a user can act on."""

import re


class UserError(ValueError):
    """A mistake in what the user gave: one line says what was expected, what came and what to do.

    Commands print the line and exit with a code that is not 0; in Python it is a ValueError.

    Example:
      >>> tf_dsae.ModelConfig(static_size=0)
      Traceback (most recent call last):
      tf_dsae.UserError: static_size: expected a whole number of at least 1, received 0
    """

    __module__ = "tf_dsae"  # As users import it, so that tracebacks name it so.


def reason(error: BaseException) -> str:
    """The message of a library's exception, in one short line."""
    text = re.sub(r"\{\{.*?\}\} ?", "", str(error))  # TensorFlow's name of a node.
    text = " ".join(text.split()) or type(error).__name__
    return text if len(text) <= 200 else f"{text[:200]} ..."
