"""Seconds that importing takes, in fresh processes, against the libraries underneath.

  python benchmarks/imports.py --rounds=5

One round starts a process for each: TensorFlow, Keras and TensorFlow Probability alone;
`import tf_dsae`, which loads TensorFlow with the first name that needs it; and `import tf_dsae`
with every public name touched. Medians over rounds, of the wall's clock and of the processor's,
which other work disturbs less, and their ratios to the first; one round before them fills the
disk's cache and is left out.
"""

import statistics
import subprocess
import sys
from pathlib import Path

from absl import app, flags

ROOT = Path(__file__).resolve().parent.parent
_ROUNDS = flags.DEFINE_integer("rounds", 5, "Processes of each kind.", lower_bound=1)
_WARM_UP = flags.DEFINE_bool("warm_up", True, "One more round first, which is left out.")
CASES = {
    "tensorflow, keras, tensorflow_probability": (
        "import tensorflow, keras, tensorflow_probability"
    ),
    "tf_dsae": "import tf_dsae",
    "tf_dsae, every public name": (
        "import tf_dsae\nfor name in tf_dsae.__all__: getattr(tf_dsae, name)"
    ),
}
_CLOCK = """import time
wall, processor = time.perf_counter(), time.process_time()
{}
print(time.perf_counter() - wall, time.process_time() - processor)"""


def seconds(statement: str) -> tuple[float, float]:
    """(wall, processor) of a statement in a process of its own, without the interpreter's start."""
    command = [sys.executable, "-c", _CLOCK.format(statement)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    wall, processor = done.stdout.split()[-2:]
    return float(wall), float(processor)


def main(argv: list[str]) -> None:
    del argv
    left_out = int(_WARM_UP.value)  # It fills the disk's cache.
    rounds = [
        {name: seconds(text) for name, text in CASES.items()}
        for _ in range(_ROUNDS.value + left_out)
    ]
    medians = {
        name: [
            statistics.median(clock)
            for clock in zip(*(r[name] for r in rounds[left_out:]), strict=True)
        ]
        for name in CASES
    }
    least = next(iter(medians.values()))
    print(f"{'':45}{'wall':>10}{'ratio':>8}{'processor':>12}{'ratio':>8}")
    for name, (wall, processor) in medians.items():
        print(
            f"{name:45}{wall:8.2f} s{wall / least[0]:8.2f}"
            f"{processor:10.2f} s{processor / least[1]:8.2f}"
        )


if __name__ == "__main__":
    app.run(main)
