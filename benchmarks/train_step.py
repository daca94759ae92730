"""How fast training steps are, alone or against another checkout's in the same run.

For each preset and precision: milliseconds of a step as the preset trains, and videos per second.
With --baseline each checkout's step runs in a process of its own, and the two take turns, a block
of steps at a time, so that what else the machine does meets both. Printed are the medians over
blocks, and of the ratios of neighbouring blocks, by the clock and by processor time; below 1 this
checkout is faster.

  python benchmarks/train_step.py --presets=paper,sprites_drawn --batch_size=32
  git worktree add /tmp/before 8d98f0b && python benchmarks/train_step.py --baseline=/tmp/before
"""

import dataclasses
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parent.parent

from absl import app, flags  # noqa: E402

_PRESETS = flags.DEFINE_list("presets", None, "Presets to time; by default all.")
_PRECISIONS = flags.DEFINE_list("precisions", ["float32", "mixed_bfloat16"], "Keras policies.")
_BATCH_SIZE = flags.DEFINE_integer("batch_size", 0, "Videos a step; 0: the preset's.")
_NUM_FRAMES = flags.DEFINE_integer("num_frames", 8, "Frames a video.", lower_bound=1)
_SECONDS = flags.DEFINE_float("seconds", 1.5, "Seconds of a block of steps.", lower_bound=0.1)
_BLOCKS = flags.DEFINE_integer("blocks", 10, "Blocks of each checkout.", lower_bound=1)
_BASELINE = flags.DEFINE_string("baseline", None, "Another checkout, to compare with.")
_XLA = flags.DEFINE_bool("xla", False, "Compile the step with XLA.")
_CHECKOUT = flags.DEFINE_string("checkout", None, "Time this one when told on standard input.")


def answer(checkout: str) -> None:
    """Builds the step of the one preset, then times a block for each line of standard input.

    What it imports are names that version 0.1 has too.
    """
    sys.path.insert(0, checkout)
    import numpy as np
    import tensorflow as tf
    from timing import seconds_of_calls

    import tf_dsae
    from tf_dsae.training.building import build_model

    [name], [precision] = _PRESETS.value, _PRECISIONS.value
    if name in tf_dsae.PRESETS:
        preset = tf_dsae.PRESETS[name]
    else:  # Version 0.1 had one preset for both kinds of sprites.
        preset = tf_dsae.preset("sprites", name.replace("_", "/"))
    training = dataclasses.replace(preset.training, mixed_precision=precision != "float32")
    model = build_model(preset.model, training, total_steps=1000)
    batch_size = _BATCH_SIZE.value or training.batch_size
    shape = (batch_size, _NUM_FRAMES.value, *preset.model.frame_shape)
    videos = tf.constant(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    step = tf.function(model.train_step, jit_compile=_XLA.value)
    seconds_of_calls(lambda: step(videos)["elbo"].numpy(), 0, at_least=1)
    print(batch_size, flush=True)
    for _ in sys.stdin:
        start = time.process_time()
        times = seconds_of_calls(
            lambda: step(videos)["elbo"].numpy(), _SECONDS.value, warm_up=0, at_least=1
        )
        print(times.mean(), (time.process_time() - start) / len(times), flush=True)


class Worker:
    """A process that times the steps of a checkout when it is asked."""

    def __init__(self, checkout: str | Path, preset: str, precision: str):
        own = [
            f"--{flag}={value}"
            for flag, value in flags.FLAGS.flag_values_dict().items()
            if flag in ("batch_size", "num_frames", "seconds", "xla")
        ]
        command = [sys.executable, __file__, *own, f"--checkout={Path(checkout).resolve()}"]
        self.process = subprocess.Popen(
            [*command, f"--presets={preset}", f"--precisions={precision}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.batch_size = int(self.read()[0])

    def read(self) -> list[str]:
        line = self.process.stdout.readline()
        if not line:
            sys.exit("train_step: a checkout's step failed; what it said is above")
        return line.split()

    def time_block(self) -> tuple[float, float]:
        """Seconds of a step, (wall, processor)."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        wall, processor = self.read()
        return float(wall), float(processor)

    def stop(self) -> None:
        self.process.communicate()


def compare(preset: str, precision: str) -> str:
    """A row of the table."""
    checkouts = [ROOT, _BASELINE.value] if _BASELINE.value else [ROOT]
    workers = [Worker(checkout, preset, precision) for checkout in checkouts]
    blocks: list[list[tuple[float, float]]] = [[] for _ in workers]
    for place in range(_BLOCKS.value):
        # A B, then B A, so that neither is always the first.
        turns = list(zip(workers, blocks, strict=True))[:: -1 if place % 2 else 1]
        for worker, times in turns:
            times.append(worker.time_block())
    for worker in workers:
        worker.stop()
    walls = [statistics.median(wall for wall, _ in times) for times in blocks]
    batch_size = workers[0].batch_size
    row = f"{preset:13} {precision:15} {batch_size:5} {batch_size / walls[0]:9.1f}"
    row += "".join(f" {1e3 * wall:9.1f}" for wall in walls)
    if len(blocks) == 2:
        pairs = list(zip(*blocks, strict=True))
        for clock in (0, 1):
            row += (
                f" {statistics.median(ours[clock] / theirs[clock] for ours, theirs in pairs):9.3f}"
            )
    return row


def main(argv: list[str]) -> None:
    del argv  # Flags only.
    if _CHECKOUT.value:
        answer(_CHECKOUT.value)
        return
    sys.path.insert(0, str(ROOT))
    import tf_dsae

    head = "preset        precision       batch  videos/s   ms/step"
    print(head + "    before     ratio processor" * bool(_BASELINE.value), flush=True)
    for precision in _PRECISIONS.value:
        for name in _PRESETS.value or tf_dsae.PRESETS:
            print(compare(name, precision), flush=True)


if __name__ == "__main__":
    app.run(main)
