"""Measures the likelihood study: every value side by side, against one value after the other.

  python benchmarks/likelihood_sweep.py [--steps=1000] [--eager_steps=100]

Prints the seconds of the default panels as they ship, one compiled program, building it included;
of the same panels as plain Keras models, trained one after the other in eager mode, from
--eager_steps steps of one value of each panel; and of the whole default command, from its start.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from absl import flags  # noqa: E402

from tf_dsae.cli import common  # noqa: E402

_STEPS = flags.DEFINE_integer("steps", 1000, "Steps of every training.")
_EAGER_STEPS = flags.DEFINE_integer("eager_steps", 100, "Steps to measure in eager mode.")
_COMMAND = flags.DEFINE_bool("command", True, "Measure the whole command too.")


def seconds_of_an_eager_step(panel) -> float:
    """Of one autoencoder of the panel's middle value, by its own train_step."""
    import keras
    import numpy as np

    from tf_dsae.linear_gaussian.autoencoders import make_autoencoder
    from tf_dsae.linear_gaussian.study_training import NUM_SAMPLES
    from tf_dsae.linear_gaussian.sweep import sample_data

    x = sample_data(panel).astype(np.float32)
    model = make_autoencoder(panel.posterior, *x.shape)
    parameters = panel.at(panel.grid[len(panel.grid) // 2])
    model.log_sigmas.assign(np.log(np.array(parameters)))
    model.compile(keras.optimizers.Adam(0.1), num_samples=NUM_SAMPLES)
    model.optimizer.build(model.trainable_variables)
    model.train_step(x)
    start = time.perf_counter()
    for _ in range(_EAGER_STEPS.value):
        model.train_step(x)
    return (time.perf_counter() - start) / _EAGER_STEPS.value


def main() -> None:
    """Measures what the flags name."""
    common.load_tensorflow()
    from tf_dsae.linear_gaussian.study_settings import default_panels
    from tf_dsae.linear_gaussian.sweep import run_panels

    panels = default_panels()
    values = sum(len(panel.grid) for panel in panels)
    start = time.perf_counter()
    run_panels(panels, _STEPS.value)
    together = time.perf_counter() - start
    print(f"{values} trainings of {_STEPS.value} steps")
    print(f"side by side, building included:   {together:9.1f} s")
    step = sum(map(seconds_of_an_eager_step, panels)) / len(panels)
    eager = step * _STEPS.value * values
    print(f"one after the other, eager:        {eager:9.1f} s at {1e3 * step:.2f} ms a step")
    print(f"times faster:                      {eager / together:9.0f}")
    if _COMMAND.value:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            program = [sys.executable, str(ROOT / "bin" / "likelihood")]
            subprocess.run([*program, f"--output_dir={folder}"], check=True, capture_output=True)
        print(f"bin/likelihood, start to figures:  {time.perf_counter() - start:9.1f} s")


if __name__ == "__main__":
    common.program(main)()
