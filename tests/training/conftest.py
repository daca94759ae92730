"""A data set in memory, small enough to train on in seconds."""

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import C, H, T, W
from tf_dsae.data.prepared import EncodedSplit, PreparedDataset

SIZES = {"train": 10, "test": 6}


def moving_squares(count: int, seed: int) -> np.ndarray:
    """uint8 [count, T, H, W, C]: a square of some colour that moves some way."""
    rng = np.random.default_rng(seed)
    videos = np.zeros((count, T, H, W, C), np.uint8)
    for video in videos:
        colour, top, left = rng.integers(80, 256, C), rng.integers(0, 8), rng.integers(0, 8)
        for t, frame in enumerate(video):
            frame[top + t : top + t + 6, left + 2 * t : left + 2 * t + 6] = colour
    return videos


@pytest.fixture(scope="session")
def squares() -> PreparedDataset:
    """Videos of moving squares, 10 to train on and 6 held out."""
    splits = {}
    for split, count in SIZES.items():
        encoded = [video.tobytes() for video in moving_squares(count, len(splits))]
        splits[split] = EncodedSplit(tf.constant(encoded), {"colour": np.arange(count)})
    return PreparedDataset(
        name="squares",
        fingerprint="0123",
        video_shape=(T, H, W, C),
        num_train=SIZES["train"],
        num_test=SIZES["test"],
        factors={"colour": tuple(map(str, range(SIZES["train"])))},
        load_split=splits.__getitem__,
        decode=lambda text: tf.reshape(tf.io.decode_raw(text, tf.uint8), [T, H, W, C]),
    )
