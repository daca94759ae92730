"""How fast training steps are, against what the machine's matrix products allow.

For each preset and precision, in one run: videos per second of the training step, as the preset
trains; the floating-point operations of a step (those of its matrix products and convolutions,
forward, backward and in the optimiser, counted from the layers' shapes); and the fraction of the
machine's matrix product rate, measured in that precision just before and just after, that the step
reaches.

  python benchmarks/train_step.py --presets=paper,sprites --batch_size=32
"""

import dataclasses
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import keras  # noqa: E402
import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from absl import app, flags  # noqa: E402
from operations import step_operations  # noqa: E402

from tf_dsae.methods.presets import PRESETS, preset  # noqa: E402
from tf_dsae.training.building import build_model  # noqa: E402

_PRESETS = flags.DEFINE_list("presets", list(PRESETS), "Presets to time.")
_PRECISIONS = flags.DEFINE_list("precisions", ["float32", "mixed_bfloat16"], "Keras policies.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 32, "Videos a step.", lower_bound=1)
_NUM_FRAMES = flags.DEFINE_integer("num_frames", 8, "Frames a video.", lower_bound=1)
_SECONDS = flags.DEFINE_float("seconds", 6.0, "Seconds to time each for.", lower_bound=0.1)
_MATRIX_SIZE = flags.DEFINE_integer("matrix_size", 4096, "Rows of the matrices.", lower_bound=1)
_XLA = flags.DEFINE_bool("xla", False, "Compile the step with XLA.")


def seconds_per_call(function, seconds: float) -> float:
    """Median seconds of a call, after two calls that do not count."""
    times = []
    for _ in range(2):
        function()
    while sum(times) < seconds or len(times) < 5:
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def matrix_rate(dtype: str, seconds: float) -> float:
    """Floating-point operations per second of a large square matrix product."""
    matrix = tf.cast(tf.random.normal([_MATRIX_SIZE.value] * 2), dtype)
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)[0]))
    return 2 * _MATRIX_SIZE.value**3 / seconds_per_call(lambda: product().numpy(), seconds)


def time_preset(name: str, precision: str) -> tuple[float, int]:
    """Seconds and floating-point operations of a training step."""
    of_preset = preset(name, "sprites/lpc")
    training = dataclasses.replace(of_preset.training, mixed_precision=precision != "float32")
    model = build_model(of_preset.model, training, total_steps=1000)
    shape = (_BATCH_SIZE.value, _NUM_FRAMES.value, *model.config.frame_shape)
    videos = tf.constant(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    step = tf.function(model.train_step, jit_compile=_XLA.value)
    seconds = seconds_per_call(lambda: step(videos)["elbo"].numpy(), _SECONDS.value)
    return seconds, step_operations(model, *shape[:2])


def main(argv: list[str]) -> None:
    del argv  # Flags only.
    print(f"batch {_BATCH_SIZE.value}, {_NUM_FRAMES.value} frames, XLA {_XLA.value}")
    print(
        "preset    precision       videos/s  ms/step  GFLOP/step  GFLOP/s  matrix GFLOP/s  fraction"
    )
    for precision in _PRECISIONS.value:
        dtype = keras.DTypePolicy(precision).compute_dtype
        for name in _PRESETS.value:
            before = matrix_rate(dtype, 1.0)
            seconds, operations = time_preset(name, precision)
            rate = (before + matrix_rate(dtype, 1.0)) / 2
            print(
                f"{name:9} {precision:15} {_BATCH_SIZE.value / seconds:8.1f} {seconds * 1e3:8.1f} "
                f"{operations / 1e9:11.1f} {operations / seconds / 1e9:8.1f} {rate / 1e9:15.1f} "
                f"{operations / seconds / rate:9.1%}",
                flush=True,
            )


if __name__ == "__main__":
    app.run(main)
