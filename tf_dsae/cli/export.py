"""Writes the model of a finished run as a SavedModel.

Any program with TensorFlow can load it, and TF Serving serves it. It encodes, reconstructs, swaps,
draws and scores videos. Every export is a new version, a numbered folder in --export_dir, which
appears whole while a server watches. An export that is killed leaves a hidden folder
.unfinished-... there, which may be deleted. Example:

  export --workdir=runs/sprites-drawn-sprites_drawn --export_dir=exports/sprites
"""

import shlex
import time

from absl import flags

from tf_dsae.cli import common, shared_flags
from tf_dsae.core.files import check_folder
from tf_dsae.export.publish import check_version
from tf_dsae.runs.run_config import read_finished_run

_WORKDIR = shared_flags.define_workdir()
_EXPORT_DIR = flags.DEFINE_string(
    "export_dir", None, "Folder of versions, made if it does not exist. Required."
)
_VERSION = flags.DEFINE_integer(
    "version", None, "Number of the version. Default: one more than the highest there."
)


def main() -> None:
    """Exports the run that the flags name and says where it is."""
    start = time.monotonic()
    common.require(_WORKDIR, _EXPORT_DIR)
    check_version(_EXPORT_DIR.value, _VERSION.value)
    check_folder("export_dir", _EXPORT_DIR.value)
    read_finished_run(_WORKDIR.value)
    common.load_tensorflow()
    from tf_dsae.export.saved_model import export_saved_model

    path = export_saved_model(_WORKDIR.value, _EXPORT_DIR.value, _VERSION.value)
    print(f"wrote {path} in {time.monotonic() - start:.0f} s; what it answers:")
    print(f"  saved_model_cli show --dir {shlex.quote(str(path))} --all")


run = common.program(main)
