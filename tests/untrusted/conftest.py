"""A run's folder that nobody trained, small enough to be made in no time."""

import pytest

from tests.conftest import small_config
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.run_config import RunConfig, write_config
from tf_dsae.runs.weights import save_weights


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A folder with config.json and model.weights.h5 that `load` takes."""
    folder = tmp_path_factory.mktemp("whole")
    write_config(folder, RunConfig(small_config(), TrainingConfig(), {}))
    save_weights(folder, DSAE(small_config(), seed=1))
    return folder
