"""A run of its own process: what needs devices that are set up before TensorFlow starts.

python -m tests.training.process '{"workdir": ..., "devices": 2, "distribute": "mirrored", ...}'
"""

import dataclasses
import json
import os
import signal
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf

from tests.conftest import small_config
from tests.training.conftest import SETTINGS, make_squares
from tf_dsae.errors import UserError
from tf_dsae.training import callbacks, make_strategy, train


def kill_at(step: int) -> None:
    """Has this process killed at the end of a step."""
    finite = callbacks.FiniteTerms.on_train_batch_end

    def dying(self, batch, logs=None):
        finite(self, batch, logs)
        if self.checkpoints.step == step:
            os.kill(os.getpid(), signal.SIGKILL)

    callbacks.FiniteTerms.on_train_batch_end = dying


def main() -> None:
    asked = json.loads(sys.argv[1])
    if asked.get("devices"):
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * asked["devices"],
        )
    if asked.get("kill_at"):
        kill_at(asked["kill_at"])
    training = dataclasses.replace(SETTINGS, **asked.get("training", {}))
    try:
        strategy = make_strategy(asked["distribute"])
        train(
            make_squares(),
            small_config(),
            training,
            asked["workdir"],
            tensorboard=False,
            show=True,
            strategy=strategy,
            **asked.get("options", {}),
        )
    except UserError as error:
        sys.exit(f"UserError: {error}")
    print("replicas", strategy.num_replicas_in_sync)


if __name__ == "__main__":
    main()
