"""Training: one function that turns settings and data into a folder with a model."""

from tf_dsae.training.callbacks import Stopped
from tf_dsae.training.cluster import make_strategy
from tf_dsae.training.train_model import train
from tf_dsae.training.training_run import check_before_data, run_training

__all__ = ["Stopped", "check_before_data", "make_strategy", "run_training", "train"]
