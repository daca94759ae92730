"""What every test starts from: quiet libraries, and small models of odd sizes."""

import gc
import json
import os
import socket

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import pytest

from tf_dsae.layers.model_config import ModelConfig

# Sizes that are all different, so that a swapped axis fails.
B, T, H, W, C, F, Z = 3, 5, 20, 26, 3, 7, 4


def small_config(**changes) -> ModelConfig:
    """A model of H x W x C frames whose sizes are all different."""
    settings = {
        "frame_shape": (H, W, C),
        "static_size": F,
        "dynamic_size": Z,
        "encoder_channels": (6, 8),
        "encoder_kernel_sizes": (4, 3),
        "encoder_strides": (2, 2),
        "decoder_channels": (9, 6),
        "static_hidden_size": 11,
        "dynamic_hidden_size": 13,
        "prior_size": 10,
    }
    return ModelConfig(**{**settings, **changes})


def clusters() -> list[dict[str, str]]:
    """The environments of two processes on this machine that share a training."""
    with socket.socket() as first, socket.socket() as second:
        for each in (first, second):
            each.bind(("127.0.0.1", 0))
        workers = [f"127.0.0.1:{each.getsockname()[1]}" for each in (first, second)]
    tasks = [{"type": "worker", "index": index} for index in range(2)]
    return [
        {"TF_CONFIG": json.dumps({"cluster": {"worker": workers}, "task": task})} for task in tasks
    ]


@pytest.fixture(autouse=True, scope="module")
def collect_less():
    """What a module leaves behind is not walked again: it is millions of objects by the end."""
    yield
    gc.collect()
    gc.freeze()


@pytest.fixture
def videos() -> np.ndarray:
    """uint8 [B, T, H, W, C]."""
    return np.random.default_rng(0).integers(0, 256, (B, T, H, W, C), np.uint8)
