"""Measures how well a trained run splits static content (f) from motion (z).

Judges, classifiers of the true factors, look at real videos and at videos made with one half of
the latents kept and the other drawn anew. Leaves tables (evaluation.json, evaluation.md), pictures
(figures/) and one page with everything (report.html). Example:

  evaluate --workdir=runs/sprites-drawn-sprites_drawn
"""

import time
from pathlib import Path

from absl import flags

from tf_dsae.cli import common, shared_flags
from tf_dsae.evaluation.evaluation_files import check_judge_dir, check_output
from tf_dsae.evaluation.protocol import MIN_ACCURACY, Protocol
from tf_dsae.runs.run_config import read_finished_run, source_of

_WORKDIR = shared_flags.define_workdir()
_OUTPUT_DIR = shared_flags.define_output_dir(None, "Default: evaluation in --workdir.")
_JUDGE_DIR = shared_flags.define_judge_dir()
_JUDGE_ACCURACY = flags.DEFINE_float(
    "judge_accuracy",
    MIN_ACCURACY,
    "Fraction of the test videos that every judge must name right; lower it for factors of your "
    "own that are hard to see.",
    lower_bound=0.0,
    upper_bound=1.0,
)
_DATA_DIR = shared_flags.define_data_dir()
_SOURCE = shared_flags.SourceFlags(("sheets_dir", "video_dir", "dynamic_factors"), "as in training")
_PROTOCOL = shared_flags.define_fields(
    Protocol,
    {
        "reference": "What generated videos are compared with: data, the real video, or "
        "reconstruction, the video decoded from q's own samples.",
        "motion_prior": "Where a new z is drawn from: learned or standard_normal.",
        "importance_samples": "Samples a video of the importance-weighted bound; 0: leave it out.",
        "batch_size": "Videos at a time.",
        "seed": shared_flags.SEED,
    },
)
_NUM_VIDEOS = shared_flags.define_num_videos()
_SHOW_SOURCE = shared_flags.define_show_source()


def main() -> None:
    """Evaluates the run that the flags name and prints the paper's table."""
    start = time.monotonic()
    common.require(_WORKDIR)
    protocol = Protocol(**common.values(_PROTOCOL))
    run = read_finished_run(_WORKDIR.value)
    changes = _SOURCE.settings()
    source_of(run).with_settings(**changes).check()
    output = Path(_OUTPUT_DIR.value or Path(_WORKDIR.value) / "evaluation")
    check_output(output)
    if _JUDGE_DIR.value:
        check_judge_dir(_JUDGE_DIR.value)
    common.load_tensorflow()
    from tf_dsae.evaluation.evaluation_run import evaluate as evaluate_run

    evaluation = evaluate_run(
        _WORKDIR.value,
        output_dir=output,
        protocol=protocol,
        show_progress=True,
        judge_dir=_JUDGE_DIR.value,
        data_dir=_DATA_DIR.value,
        num_videos=_NUM_VIDEOS.value or None,
        show_source=_SHOW_SOURCE.value,
        judge_accuracy=_JUDGE_ACCURACY.value,
        source_changes=changes,
    )
    evaluation.show()
    print(f"wrote {output} in {time.monotonic() - start:.0f} s; open {output / 'report.html'}")


run = common.program(main)
