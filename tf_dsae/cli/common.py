"""The frame of every program of this package: quiet start, one-line errors.

A program is a module with absl flags, a docstring (its `--help` text) and `run = program(main)`.
`main` checks everything that it can first, so that `--help` and mistakes are answered at once. Then
it calls `load_tensorflow`, and only then imports what needs TensorFlow.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from logging import Formatter
from typing import Any

from absl import app, flags, logging

from tf_dsae.core.errors import UserError

EXIT_USER_ERROR = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it.
_LOG_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


def program(main: Callable[..., None], takes_arguments: bool = False) -> Callable[[], None]:
    """The entry point of a program, which runs `main` and ends the process.

    Its exit code is 0; 2 after one line on stderr for a `UserError` or a wrong flag; 130 when it is
    interrupted. Any other exception is a bug and keeps its traceback. `--help` shows the docstring
    of main's module. `main` takes no arguments, or the list of what is given beside flags.
    """

    def guarded(argv: list[str]) -> None:
        arguments = argv[1:]
        if takes_arguments:
            main(arguments)
        elif arguments:
            raise UserError(
                f"arguments: expected flags only, received {arguments[0]!r}; see --help for the "
                "flags"
            )
        else:
            main()

    def run() -> None:
        os.environ.setdefault(_LOG_LEVEL, "3")
        logging.get_absl_handler().setFormatter(Formatter("%(levelname)s: %(message)s"))
        _show_help_of(main.__module__)
        try:
            app.run(guarded, flags_parser=_parse_flags)
        except UserError as error:
            _fail(str(error), EXIT_USER_ERROR)
        except KeyboardInterrupt as stop:
            _fail(str(stop) or "interrupted", EXIT_INTERRUPTED)

    return run


def require(*needed: flags.FlagHolder) -> None:
    """Raises UserError if a required flag is missing or empty."""
    for flag in needed:
        if not flag.value:
            raise UserError(
                f"{flag.name}: expected one, received none; name it by --{flag.name}, see --help"
            )


def values(settings: Mapping[str, flags.FlagHolder]) -> dict[str, Any]:
    """The values of the flags that were given, by name."""
    return {name: flag.value for name, flag in settings.items() if flag.value is not None}


def _parse_flags(argv: list[str]) -> list[str]:
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        text = str(error).rstrip(".")
        raise UserError(f"flags: expected what --help shows, received: {text}") from error
    except SystemExit as exit_:
        # absl leaves with 1 after --help, which is a success.
        raise SystemExit(0) from exit_


def _show_help_of(module_name: str) -> None:
    """Makes `--help` show the docstring of `module_name`, from any wrapper script."""
    package = __name__.rsplit(".", 1)[0]
    for module, defined in flags.FLAGS.flags_by_module_dict().items():
        if module.startswith(f"{package}.") or module == module_name:
            for flag in defined:
                flags.FLAGS.register_key_flag_for_module(sys.argv[0], flag)
    sys.modules["__main__"].__doc__ = sys.modules[module_name].__doc__


def load_tensorflow() -> None:
    """Imports TensorFlow, silently unless TF_CPP_MIN_LOG_LEVEL is 0."""
    quiet = os.environ.get(_LOG_LEVEL) != "0"
    with _stderr_held_back() if quiet else contextlib.nullcontext():
        import tensorflow  # noqa: F401
    if quiet and not flags.FLAGS["verbosity"].present:
        # absl would show every information message of every library.
        logging.set_verbosity(logging.WARNING)


@contextlib.contextmanager
def _stderr_held_back() -> Iterator[None]:
    """Hides what is written to file descriptor 2, and shows it if the block fails.

    TensorFlow's C++ code writes some lines before it reads any log level.
    """
    sys.stderr.flush()
    with tempfile.TemporaryFile() as lines:
        screen = os.dup(2)
        os.dup2(lines.fileno(), 2)
        try:
            yield
        except Exception:
            lines.seek(0)
            os.write(screen, lines.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(screen, 2)
            os.close(screen)


def _fail(message: str, code: int) -> None:
    program = os.path.basename(sys.argv[0])
    # Messages from libraries may span lines; a reader of logs wants one.
    print(f"{program}: {' '.join(message.split())}", file=sys.stderr)
    raise SystemExit(code)
