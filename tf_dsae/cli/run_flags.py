"""Flags with the same meaning in several programs.

Each function defines one; a program calls those that it has.
"""

from absl import flags


def define_workdir() -> flags.FlagHolder:
    """--workdir, of a finished run."""
    return flags.DEFINE_string("workdir", None, "Folder of a finished run. Required.")


def define_output_dir(default: str | None, otherwise: str = "") -> flags.FlagHolder:
    """--output_dir; `otherwise` says what is written to where there is no default."""
    return flags.DEFINE_string("output_dir", default, f"Folder to write. {otherwise}".strip())


def define_seed(default: int) -> flags.FlagHolder:
    """--seed."""
    return flags.DEFINE_integer("seed", default, "Seed of everything that is drawn.")


def define_judge_dir() -> flags.FlagHolder:
    """--judge_dir."""
    return flags.DEFINE_string(
        "judge_dir",
        None,
        "Folder of the judges, trained there when it is empty; runs can share it. Default: beside "
        "the prepared data.",
    )


def define_num_videos() -> flags.FlagHolder:
    """--num_videos, of the test split."""
    return flags.DEFINE_integer("num_videos", 0, "Test videos to evaluate; 0: all.", lower_bound=0)


def define_show_source() -> flags.FlagHolder:
    """--show_source, of an evaluation's figures."""
    return flags.DEFINE_bool(
        "show_source", True, "Show real clips in the figures; otherwise their reconstructions."
    )
