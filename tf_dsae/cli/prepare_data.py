"""Prepares a data set on disk once, so that training and evaluation only read it.

Does nothing but say so when it is there already. Examples:

  prepare_data --dataset=sprites/drawn --data_dir=/tmp/data
  prepare_data --dataset=folder --video_dir=videos --num_frames=16 --stride=2
"""

from absl import flags

from tf_dsae.cli import clip_flags, common, data_flags

_DATASET = flags.DEFINE_string(
    "dataset",
    "sprites",
    "Name of the data set: sprites/drawn (drawn by this package; `sprites` is short for it), "
    "sprites/lpc (sheets of the public repository YingzhenLi/Sprites) or folder (your own videos, "
    "see --video_dir).",
)
flags.adopt_module_key_flags(data_flags)
flags.adopt_module_key_flags(clip_flags)


def main(argv: list[str]) -> None:
    """Prepares the data set that the flags name and prints one line about it."""
    del argv  # Flags only.
    source = clip_flags.folder_source(_DATASET.value)
    common.load_tensorflow()
    clip_flags.prepare(_DATASET.value, source)


def run() -> None:
    """Entry point of the `prepare_data` program."""
    common.run_main(main)


if __name__ == "__main__":
    run()
