"""Writes the latents of your own videos: static f, and dynamic z_1..z_T.

Leaves an .npz with name, start, f_mean, f_stddev, z_mean and z_stddev, a row for each clip.
Example:

  encode --workdir=runs/a --video_dir=videos --output=latents.npz
"""

from absl import flags

from tf_dsae.cli import common, shared_flags
from tf_dsae.runs.encode_files import BATCH_SIZE, Encoding

_WORKDIR = shared_flags.define_workdir()
_VIDEO_DIR = flags.DEFINE_string(
    "video_dir", None, "Folder of videos, as `train --dataset=folder` takes it, or one. Required."
)
_CLIPS = shared_flags.SourceFlags(
    ("resize_mode", "num_frames", "stride", "hop", "strict"), "as in training", others=False
)
_OUTPUT = flags.DEFINE_string("output", "latents.npz", "The .npz to write.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", BATCH_SIZE, "Clips at a time.")


def main() -> None:
    """Encodes what the flags name and prints what was written."""
    common.require(_WORKDIR, _VIDEO_DIR)
    clips = _CLIPS.settings()
    strict = clips.pop("strict", False)
    encoding = Encoding(
        _WORKDIR.value,
        _VIDEO_DIR.value,
        _OUTPUT.value,
        clips,
        _BATCH_SIZE.value,
        strict,
    )
    common.load_tensorflow()
    latents = encoding.run()
    count, files = len(latents["name"]), len(set(latents["name"]))
    shapes = ", ".join(f"{name} {list(latents[name].shape)}" for name in ("f_mean", "z_mean"))
    print(f"wrote {_OUTPUT.value}: {count} clips of {files} videos, {shapes}")


run = common.program(main)
