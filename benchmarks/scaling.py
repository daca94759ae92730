"""How the time of a training step grows: with batch size, frames, frame size and replicas.

Each is varied alone, the others at the first value of their lists; the exponent of each is the
slope of log time against log size, by least squares over the whole list. What of a step does not
depend on the batch (the optimiser, mostly) is the intercept of a line through the times of the
batch sizes; more replicas do not make it shorter. Replicas are logical CPU
devices, or GPUs where there are any, which share the batch of the first value. Bytes are those that
the replicas sum in a step: one float32 gradient of every weight, and a handful of numbers.

  python benchmarks/scaling.py --preset=sprites_drawn
"""

import dataclasses
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from absl import app, flags  # noqa: E402
from timing import seconds_of_calls  # noqa: E402

from tf_dsae.methods.presets import PRESETS  # noqa: E402
from tf_dsae.models.dsae import DSAE  # noqa: E402
from tf_dsae.training.building import build_model  # noqa: E402
from tf_dsae.training.cluster import batches  # noqa: E402
from tf_dsae.training.devices import has_gpu, resolve_devices  # noqa: E402

_PRESET = flags.DEFINE_enum("preset", "sprites_drawn", list(PRESETS), "Model and optimiser.")
_BATCH_SIZES = flags.DEFINE_list("batch_sizes", [8, 4, 16, 32], "Videos a step.")
_FRAMES = flags.DEFINE_list("frames", [8, 4, 16, 32], "T, frames a video.")
_SIDES = flags.DEFINE_list("sides", [64, 48, 96, 128], "Height and width of a frame, pixels.")
_REPLICAS = flags.DEFINE_list("replicas", [1, 2], "Devices that share a step.")
_SECONDS = flags.DEFINE_float("seconds", 5.0, "To time each setting for.", lower_bound=0.1)

# Replicas add their places in the batch [R] and five sums to the gradients.
_SUMS = 5


@dataclasses.dataclass(frozen=True)
class Size:
    """One step's batch size, frames, side and replicas."""

    batch_size: int
    frames: int
    side: int
    replicas: int


def make_devices(count: int) -> list[str]:
    """Names of so many devices; logical CPUs, if there is no GPU. Before TensorFlow starts."""
    if not has_gpu():
        cpu = tf.config.list_physical_devices("CPU")[0]
        parts = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(cpu, parts)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return [device.name for device in devices][:count]


def strategy_of(devices: list[str]) -> tf.distribute.Strategy:
    """One device, or replicas on all of them."""
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy(devices)


def built(size: Size, devices: list[str]) -> DSAE:
    """The preset's model for frames of a size, its training step compiled as bin/train does."""
    preset = PRESETS[_PRESET.value]
    channels = preset.model.frame_shape[2]
    config = dataclasses.replace(preset.model, frame_shape=(size.side, size.side, channels))
    with strategy_of(devices[: size.replicas]).scope():
        model = build_model(config, resolve_devices(preset.training), total_steps=1000)
    model.make_train_function()
    return model


def seconds_a_step(size: Size, devices: list[str]) -> tuple[float, DSAE]:
    """The median over what fits into --seconds, after two steps that build the graph."""
    model = built(size, devices)
    shape = (size.batch_size // size.replicas, size.frames, *model.config.frame_shape)
    video = np.random.default_rng(0).integers(0, 256, shape, np.uint8)

    def make(context: tf.distribute.InputContext | None) -> tf.data.Dataset:
        del context  # Every replica has the same videos.
        return tf.data.Dataset.from_tensors({"video": video}).repeat()

    iterator = iter(batches(model.distribute_strategy, make))
    times = seconds_of_calls(
        lambda: float(model.train_function(iterator)["elbo"]), _SECONDS.value, at_least=1
    )
    return float(np.median(times)), model


def exponent(sizes: list[int], times: list[float]) -> float:
    """The slope of log time against log size."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


def main(argv: list[str]) -> None:
    """Measures what the flags name and prints a table for each size that is varied."""
    del argv  # Flags only.
    lists = {
        "batch_size": list(map(int, _BATCH_SIZES.value)),
        "frames": list(map(int, _FRAMES.value)),
        "side": list(map(int, _SIDES.value)),
        "replicas": list(map(int, _REPLICAS.value)),
    }
    devices = make_devices(max(lists["replicas"]))
    base = Size(**{name: values[0] for name, values in lists.items()})
    print(f"{_PRESET.value}: {dataclasses.asdict(base)} where not varied")
    model = None
    for name, values in lists.items():
        times = []
        for value in values:
            seconds, model = seconds_a_step(dataclasses.replace(base, **{name: value}), devices)
            times.append(seconds)
            print(f"{name} {value}: {1000 * seconds:.1f} ms a step", flush=True)
        if len(values) == 1:
            continue
        print(f"{name}: time grows with exponent {exponent(values, times):.2f}", flush=True)
        if name == "batch_size":
            fixed = np.polynomial.Polynomial.fit(values, times, 1)(0)
            print(f"{name}: {1000 * fixed:.1f} ms of a step do not depend on it", flush=True)
    gradients = sum(4 * int(np.prod(variable.shape)) for variable in model.trainable_variables)
    replicas = max(lists["replicas"])
    print(
        f"all-reduce: {gradients + 4 * (_SUMS + replicas)} bytes a step, of which gradients "
        f"{gradients}; in a ring of R replicas each sends 2 (R - 1) / R of them"
    )


if __name__ == "__main__":
    app.run(main)
