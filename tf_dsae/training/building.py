"""A model ready to train, from settings."""

import keras
import tensorflow as tf

from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.recurrent import cudnn_layers
from tf_dsae.layers.weight_count import count_weights
from tf_dsae.methods.method import METHODS
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.training.optimizers import Muon

# Of means and scales, in every part that gives a distribution.
_OUTPUT_LAYERS = ("(^|/)head/",)


def build_model(
    model_config: ModelConfig, training: TrainingConfig, total_steps: int, accumulate_steps: int = 1
) -> DSAE:
    """Builds and compiles a model from resolved settings, for the strategy in scope."""
    if training.deterministic:
        tf.config.experimental.enable_op_determinism()  # Of the whole process, for good.
    num_replicas = tf.distribute.get_strategy().num_replicas_in_sync
    # TensorFlow cannot compile a step of several replicas.
    compiled = training.xla == "on" and num_replicas == 1
    policy = "mixed_bfloat16" if training.mixed_precision else "float32"
    count_weights(lambda: DSAE(model_config))  # Raises before memory is taken for too many.
    model = DSAE(model_config, seed=training.seed, dtype=policy)
    if compiled:  # XLA has no kernel for cuDNN's recurrence, which Keras would take on a GPU.
        for layer in cudnn_layers(model):
            layer.use_cudnn = False
    model.compile(
        optimizer=make_optimizer(training, total_steps),
        beta_f=training.beta_f,
        beta_z=training.beta_z,
        terms=METHODS[training.method].terms,
        total_steps=total_steps,
        num_samples=training.num_samples,
        views=training.views,
        accumulate_steps=accumulate_steps,
        seed=training.seed,
        jit_compile=compiled,
    )
    model.optimizer.build(model.trainable_variables)
    return model


def make_optimizer(training: TrainingConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """Adam or Muon, its learning rate warmed up linearly, then constant or a cosine to 0."""
    peak, warmup = training.learning_rate, training.warmup_steps
    final_fraction = 0.0 if training.learning_rate_decay == "cosine" else 1.0
    rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=peak / (warmup + 1) if warmup else peak,
        decay_steps=max(total_steps - warmup, 1),
        alpha=final_fraction,
        warmup_target=peak if warmup else None,
        warmup_steps=warmup,
    )
    if training.optimizer == "adam":
        return keras.optimizers.Adam(rate)
    product_dtype = "bfloat16" if training.mixed_precision else "float32"
    return Muon(rate, exclude_layers=_OUTPUT_LAYERS, product_dtype=product_dtype)
