"""Measures how well a trained run holds what stays in f and what moves in z.

Judges, classifiers of the true factors, look at real videos and at videos made with one half of
the latents kept and the other drawn anew. Leaves tables (evaluation.json, evaluation.md), pictures
(figures/) and one page with everything (report.html). Example:

  evaluate --workdir=runs/sprites-drawn-sprites
"""

import time
from pathlib import Path

from absl import flags

from tf_dsae.cli import common, data_flags
from tf_dsae.core.errors import UserError

_WORKDIR = flags.DEFINE_string("workdir", None, "Folder of a finished run. Required.")
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder to write. Default: evaluation in --workdir."
)
_JUDGE_DIR = flags.DEFINE_string(
    "judge_dir",
    None,
    "Folder of the judges, trained there when it is empty; runs can share it. Default: beside the "
    "prepared data.",
)
_JUDGE_ACCURACY = flags.DEFINE_float(
    "judge_accuracy",
    0.995,
    "Fraction of the test videos that every judge must name right; lower it for factors of your "
    "own that are hard to see.",
    lower_bound=0.0,
    upper_bound=1.0,
)
_DATA_DIR = data_flags.define_data_dir()
_SOURCE = data_flags.SourceFlags(("sheets_dir", "video_dir", "dynamic_factors"), "as in training")
_REFERENCE = flags.DEFINE_string(
    "reference",
    "data",
    "What generated videos are compared with: data, the real video, or reconstruction, the video "
    "decoded from q's own samples.",
)
_MOTION_PRIOR = flags.DEFINE_string(
    "motion_prior", "learned", "Where a new z is drawn from: learned or standard_normal."
)
_NUM_VIDEOS = flags.DEFINE_integer("num_videos", 0, "Test videos to look at; 0: all.")
_IMPORTANCE_SAMPLES = flags.DEFINE_integer(
    "importance_samples", 4, "Samples a video of the importance-weighted bound; 0: leave it out."
)
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "Videos at a time.")
_SEED = flags.DEFINE_integer("seed", 0, "Of everything that is drawn.")
_SHOW_SOURCE = flags.DEFINE_bool(
    "show_source", True, "Show real clips in the figures; otherwise their reconstructions."
)


def main(argv: list[str]) -> None:
    """Evaluates the run that the flags name and prints the paper's table."""
    del argv  # Flags only.
    start = time.monotonic()
    common.require(_WORKDIR)
    if _NUM_VIDEOS.value < 0:
        raise UserError(f"num_videos: expected at least 0, received {_NUM_VIDEOS.value}")
    common.load_tensorflow()
    from tf_dsae.evaluation import evaluation_report as report
    from tf_dsae.evaluation.collect import Protocol
    from tf_dsae.evaluation.evaluation_run import evaluate_run

    protocol = Protocol(
        reference=_REFERENCE.value,
        motion_prior=_MOTION_PRIOR.value,
        importance_samples=_IMPORTANCE_SAMPLES.value,
        batch_size=_BATCH_SIZE.value,
        seed=_SEED.value,
    )
    output = Path(_OUTPUT_DIR.value or Path(_WORKDIR.value) / "evaluation")
    evaluation = evaluate_run(
        _WORKDIR.value,
        output,
        protocol,
        judge_dir=_JUDGE_DIR.value,
        data_dir=_DATA_DIR.value,
        num_videos=_NUM_VIDEOS.value or None,
        show_source=_SHOW_SOURCE.value,
        judge_accuracy=_JUDGE_ACCURACY.value,
        source_changes=_SOURCE.settings(),
    )
    print(report.table_text(evaluation))
    print(f"wrote {output} in {time.monotonic() - start:.0f} s; open {output / 'report.html'}")


def run() -> None:
    """Entry point of the `evaluate` program."""
    common.run_main(main)


if __name__ == "__main__":
    run()
