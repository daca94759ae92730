"""A run of its own process: what needs devices that are set up before TensorFlow starts.

python -m tests.training.process '{"workdir": ..., "devices": 2, "distribute": "mirrored", ...}'
"""

import dataclasses
import json
import os
import signal
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import pytest
import tensorflow as tf

from tests.conftest import small_config
from tests.training.conftest import SETTINGS, leave_out_figures, make_squares
from tf_dsae.core.errors import UserError
from tf_dsae.training import Stopped, callbacks, make_strategy, run_training


def end_at(step: int, number: int) -> None:
    """Has this process sent a signal at the end of a step."""
    finite = callbacks.FiniteTerms.on_train_batch_end

    def signalled(self, batch, logs=None):
        finite(self, batch, logs)
        if self.checkpoints.step == step:
            os.kill(os.getpid(), number)

    callbacks.FiniteTerms.on_train_batch_end = signalled


def main() -> None:
    asked = json.loads(sys.argv[1])
    leave_out_figures(pytest.MonkeyPatch())
    if asked.get("devices"):
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * asked["devices"],
        )
    if asked.get("end_at"):
        end_at(asked["end_at"], signal.Signals[asked["signal"]])
    training = dataclasses.replace(SETTINGS, **asked.get("training", {}))
    try:
        strategy = make_strategy(asked["distribute"])
        run_training(
            make_squares(),
            small_config(),
            training,
            asked["workdir"],
            tensorboard=False,
            show=True,
            strategy=strategy,
            **asked.get("options", {}),
        )
    except (UserError, Stopped) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print("replicas", strategy.num_replicas_in_sync)


if __name__ == "__main__":
    main()
