"""Measures an evaluation: seconds of each part, and the memory that it takes at most.

  python benchmarks/evaluate.py --workdir=RUN [--num_videos=0]

Judges must be there already, beside the prepared data or in --judge_dir: their training is not
part of an evaluation.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from absl import flags  # noqa: E402

from tf_dsae.cli import common  # noqa: E402

_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of a finished run.", required=True)
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared data sets.")
_JUDGE_DIR = flags.DEFINE_string("judge_dir", None, "Folder of the judges.")
_NUM_VIDEOS = flags.DEFINE_integer("num_videos", 0, "Test videos to evaluate; 0: all.")


def peak_megabytes() -> float:
    """Of memory that this process ever had resident."""
    scale = 1e6 if sys.platform == "darwin" else 1e3  # Bytes there, kilobytes elsewhere.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale


def main() -> None:
    """Measures what the flags name."""
    began = time.perf_counter()
    common.load_tensorflow()
    from tf_dsae.evaluation.collect import collect
    from tf_dsae.evaluation.evaluation_pictures import write_pictures
    from tf_dsae.evaluation.evaluation_run import open_run
    from tf_dsae.evaluation.judges import obtain_judges
    from tf_dsae.evaluation.measure_model import measure_model
    from tf_dsae.evaluation.protocol import Protocol

    def lap(words: str) -> None:
        nonlocal last
        now = time.perf_counter()
        print(f"{words:<45}{now - last:8.1f} s {peak_megabytes():8.0f} MB at most", flush=True)
        last = now

    last = began
    _, model, data = open_run(_WORKDIR.value, _DATA_DIR.value, show_progress=False)
    judges = obtain_judges(data, _JUDGE_DIR.value, _DATA_DIR.value, show_progress=False)
    lap("start, model, data, judges")
    count = _NUM_VIDEOS.value or None
    few = min(data.num_test, 256)
    collect(model, data, judges, Protocol(), few, show_progress=False)
    lap(f"one pass over {few} videos")
    evaluation = measure_model(model, data, judges, Protocol(), count, show_progress=False)
    lap(f"evaluation of {evaluation.num_videos} videos")
    with tempfile.TemporaryDirectory() as folder:
        write_pictures(model, data, folder)
    lap("pictures")
    print(f"all: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    common.program(main)()
