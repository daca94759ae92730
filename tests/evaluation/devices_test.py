"""Several devices take batches in turn and find what one does."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
from tests.conftest import small_config
from tests.training.conftest import make_squares
from tf_dsae.evaluation.collect import _twin, collect
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.evaluation.judge import Judges, JudgeSettings, make_judges
from tf_dsae.models.dsae import DSAE

data, settings = make_squares(), JudgeSettings(channels=(4, 8), kernel_sizes=(4, 4), strides=(2, 2))
judges = Judges(data, make_judges(data.factors, data.video_shape[1:], settings), settings, {})
model = DSAE(small_config(dynamic_posterior="full"), seed=1)
names = [device.name for device in tf.config.list_logical_devices("CPU")]
assert len(names) == 2
with tf.device(names[1]):
    assert all(v.value.device.endswith("CPU:1") for v in _twin(model).variables)
# 6 test videos in batches of 2: two for the first device, one for the second.
found = [
    collect(model, data, judges, Protocol(batch_size=2), None, False, devices)
    for devices in ([], names)
]
parts = [tf.nest.flatten(each) for each in found]
assert len(parts[0]) == len(parts[1]) > 15
for one, both in zip(*parts, strict=True):
    np.testing.assert_allclose(both, one, rtol=1e-4, atol=1e-5)
print("same")
"""


def test_two_devices_find_what_one_does():
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0 and done.stdout.strip() == "same", done.stderr
