"""Shows the content of one of your videos with the motion of another.

Example:

  swap --workdir=runs/a --content=cat.mp4 --motion=dog.gif --output=swap.gif
"""

from absl import flags

from tf_dsae.cli import common, shared_flags
from tf_dsae.runs.swap_files import FRAMES_PER_SECOND, Swap

_WORKDIR = shared_flags.define_workdir()
_CONTENT = flags.DEFINE_string(
    "content",
    None,
    "Video to take f from, what stays: a file, a folder of images or file.npz[3]. Required.",
)
_MOTION = flags.DEFINE_string("motion", None, "Video to take z from, what moves. Required.")
_OUTPUT = flags.DEFINE_string("output", "swap.gif", "The .gif to write.")
_NUM_FRAMES = flags.DEFINE_integer(
    "num_frames",
    None,
    "Frames of the result. Default: all frames of --motion, at most 512.",
    lower_bound=1,
)
_CLIPS = shared_flags.SourceFlags(("resize_mode", "stride"), "as in training", others=False)
_FRAMES_PER_SECOND = flags.DEFINE_float(
    "frames_per_second", FRAMES_PER_SECOND, "Of the GIF, 0.1 to 50."
)
_SHOW_SOURCE = flags.DEFINE_bool(
    "show_source", True, "Show both videos beside the result; otherwise the result alone."
)


def main() -> None:
    """Swaps what the flags name and prints where the result is."""
    common.require(_WORKDIR, _CONTENT, _MOTION)
    swap = Swap(
        _WORKDIR.value,
        _CONTENT.value,
        _MOTION.value,
        _OUTPUT.value,
        _CLIPS.settings(),
        _NUM_FRAMES.value,
        _FRAMES_PER_SECOND.value,
        _SHOW_SOURCE.value,
    )
    common.load_tensorflow()
    video = swap.run()
    frames, height, width, _ = video.shape
    print(f"wrote {_OUTPUT.value}: a swap of {frames} frames of {height} x {width} pixels")


run = common.program(main)
