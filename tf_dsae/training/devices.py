"""Abilities of the machine: GPU, bfloat16."""

import dataclasses
from pathlib import Path

import tensorflow as tf

from tf_dsae.methods.training_config import TrainingConfig

# As Linux names the instructions on x86-64 and on Arm.
_BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16", "bf16"}
_CPU_FACTS = Path("/proc/cpuinfo")


def has_gpu() -> bool:
    """Whether TensorFlow sees a GPU."""
    return bool(tf.config.list_physical_devices("GPU"))


def multiplies_bfloat16() -> bool:
    """Whether the training device has bfloat16 arithmetic; without it, bfloat16 is slow."""
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        capability = tf.config.experimental.get_device_details(gpus[0]).get("compute_capability")
        return capability is not None and capability >= (8, 0)
    try:
        words = set(_CPU_FACTS.read_text().split())
    except OSError:
        return False
    return bool(words & _BFLOAT16_FLAGS)


def resolve_devices(training: TrainingConfig) -> TrainingConfig:
    """The settings with the machine's choices filled in."""
    xla = {"auto": "on" if has_gpu() else "off"}.get(training.xla, training.xla)
    mixed = training.mixed_precision
    if mixed is None:
        mixed = multiplies_bfloat16()
    return dataclasses.replace(training, xla=xla, mixed_precision=mixed)
