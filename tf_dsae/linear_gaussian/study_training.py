"""Gradient ascent on the bounds of many models side by side, in one compiled program."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_dsae.core.checks import check_positive, check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.types import Shape, TensorLike
from tf_dsae.linear_gaussian.autoencoders import ProcessModel, make_autoencoder
from tf_dsae.linear_gaussian.exact import GaussianPosterior
from tf_dsae.linear_gaussian.process import as_observations, as_parameters
from tf_dsae.linear_gaussian.study_settings import Parameters

# Samples of q a sequence and step, where a family's bound is estimated by sampling.
NUM_SAMPLES = 4


class Trained(NamedTuple):
    """Results of training G models: float64, in the given order.

    posterior: q of every sequence, mean [G, N, D, 1 + T], scale_tril [G, N, D, 1 + T, 1 + T].
    parameters: of the process, each [G]: the given ones, or what they became.
    path: the parameters after every step, [steps, G, 3], sigma_f, sigma_z and sigma_x.
    """

    posterior: GaussianPosterior
    parameters: Parameters
    path: np.ndarray


class _Ensemble:
    """Autoencoders of one class side by side, every weight with a leading axis G.

    The code of the autoencoder handles one model. `tf.vectorized_map` runs it for all, with a slice
    of the stacked weights in place of its own.

    Args:
      autoencoders: G of them, the same one any number of times.
      log_sigmas: of the process of each, [G, 3].
      learned: whether training moves log_sigmas too.
    """

    def __init__(self, autoencoders: Sequence[ProcessModel], log_sigmas: np.ndarray, learned: bool):
        self.autoencoder = autoencoders[0]
        values = {id(one): [weight.numpy() for weight in one.weights] for one in autoencoders}
        self.weights = []
        for place, weight in enumerate(self.autoencoder.weights):
            stacked = np.stack([values[id(one)][place] for one in autoencoders])
            if weight is self.autoencoder.log_sigmas:
                stacked = log_sigmas.astype(np.float32)
                self.log_sigmas = place
            self.weights.append(keras.Variable(stacked))
        self.learned = learned
        trainable = {id(weight) for weight in self.autoencoder.trainable_weights}
        self.trained = [
            place
            for place, weight in enumerate(self.autoencoder.weights)
            if id(weight) in trainable or (learned and place == self.log_sigmas)
        ]

    @property
    def variables(self) -> list[keras.Variable]:
        """What training moves."""
        return [self.weights[place] for place in self.trained]

    def map(
        self,
        function: Callable[[ProcessModel, tf.Tensor], Any],
        weights: list[tf.Tensor],
        x: tf.Tensor,
    ) -> Any:
        """function(autoencoder, x of one model) for all, its tensors with a leading axis G."""

        def of_one(inputs: tuple[list[tf.Tensor], tf.Tensor]) -> Any:
            values, sequences = inputs
            mapping = list(zip(self.autoencoder.weights, values, strict=True))
            with keras.StatelessScope(state_mapping=mapping):
                return function(self.autoencoder, sequences)

        return tf.vectorized_map(of_one, (weights, x))

    def ascend(
        self,
        optimizer: keras.optimizers.Optimizer,
        x: tf.Tensor,
        seed: tf.Tensor,
        parameters_move: tf.Tensor,
    ) -> None:
        """One step of all; their sum's gradient is that of each."""
        with tf.GradientTape() as tape:
            weights = [tf.convert_to_tensor(weight) for weight in self.weights]
            tape.watch(weights)
            # The same noise for all, so that their bounds can be compared.
            bounds = self.map(
                lambda model, sequences: tf.reduce_mean(
                    model.elbo(sequences, seed, NUM_SAMPLES).elbo
                ),
                weights,
                x,
            )
            loss = -tf.reduce_sum(bounds)
        gradients = tape.gradient(loss, weights)
        if self.learned:
            # Adam stands still at zeros.
            gradients[self.log_sigmas] *= tf.cast(parameters_move, tf.float32)
        moved = [gradients[place] for place in self.trained]
        optimizer.apply_gradients(zip(moved, self.variables, strict=True))


def _run(advance: Callable, steps: int, path_shape: Shape) -> np.ndarray:
    """Goes from (step, path) to (step + 1, path) for `steps` steps; exp of the path, float64."""

    # Conversion of control flow that is none would take longer than the training.
    @tf.function(autograph=False, jit_compile=True)
    def loop() -> tf.Tensor:
        path = tf.TensorArray(tf.float32, steps, element_shape=path_shape)
        _, path = tf.while_loop(lambda step, _: step < steps, advance, (tf.constant(0), path))
        return path.stack()

    return np.exp(loop().numpy().astype(np.float64))


def train(
    family: str | Sequence[str],
    parameters: Parameters,
    x: TensorLike,
    steps: int,
    seed: int = 0,
    learn_parameters: bool = False,
    learning_rate: float | None = None,
) -> Trained:
    """Trains a q for each of G pairs of parameters and data, by the objective of every model.

    Every model has the same start and noise as when it is trained alone, and so the same end. The
    optimiser is Adam; its learning rate falls to zero as a cosine.

    Args:
      family: one of FAMILIES; or one for each of G, none or all of them "amortised".
      parameters: each [G].
      x: [G, N, T, D].
      steps: of gradient ascent.
      seed: of initial weights and noise.
      learn_parameters: after a quarter of the steps the process' parameters move too, from the
        given ones.
      learning_rate: Adam's, at its start; None: what the families need alone.

    Raises:
      UserError: an unknown family, or steps or the learning rate is not positive.
    """
    check_whole("steps", steps, 1)
    x = tf.cast(as_observations(x), tf.float32)
    if x.shape.rank != 4:
        raise UserError(f"x: expected [G, N, T, D], received {x.shape}")
    count, num_sequences, num_frames, dimensions = x.shape
    parameters = Parameters(*(sigma.numpy() for sigma in as_parameters(parameters)))
    names = [family] * count if isinstance(family, str) else list(family)
    if len(names) != count or {sigma.shape for sigma in parameters} != {(count,)}:
        raise UserError(
            f"parameters: expected {count} of each and a family for each, as x has data, received "
            f"{parameters.sigma_f.shape} and {len(names)}"
        )
    if learning_rate is None:
        # Without sampling noise the steps can be long.
        learning_rate = 0.1 if "amortised" in names else 0.3
    check_positive("learning_rate", learning_rate)
    made = {
        name: make_autoencoder(name, num_sequences, num_frames, dimensions, seed)
        for name in set(names)
    }
    log_sigmas = np.log(np.stack(parameters, -1))
    ensemble = _Ensemble([made[name] for name in names], log_sigmas, learn_parameters)
    schedule = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(schedule, beta_2=0.99)
    optimizer.build(ensemble.variables)

    place = ensemble.log_sigmas

    def advance(step: tf.Tensor, path: tf.TensorArray) -> tuple[tf.Tensor, tf.TensorArray]:
        noise = tf.random.experimental.stateless_fold_in(tf.constant([seed, 0], tf.int32), step)
        ensemble.ascend(optimizer, x, noise, parameters_move=step >= steps // 4)
        return step + 1, path.write(step, tf.convert_to_tensor(ensemble.weights[place]))

    path = _run(advance, steps, log_sigmas.shape)
    gaussians = ensemble.map(
        lambda model, sequences: tuple(model.gaussian(sequences)),
        [tf.convert_to_tensor(weight) for weight in ensemble.weights],
        x,
    )
    posterior = GaussianPosterior(*(tf.cast(values, tf.float64) for values in gaussians))
    if learn_parameters:
        parameters = Parameters(*path[-1].T)
    return Trained(posterior, parameters, path)
