"""Learning all three parameters with q, and bias against the length of the sequences."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_dsae.config import check_whole
from tf_dsae.linear_gaussian import exact, families
from tf_dsae.linear_gaussian.bound import exact_elbo
from tf_dsae.linear_gaussian.peaks import peak
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.settings import FAMILIES, TRUE_PARAMETERS, Parameters
from tf_dsae.linear_gaussian.training import train
from tf_dsae.optimizer import Adam

# A latent is pruned when less than this share of the variance of x is left to it.
PRUNED_SHARE = 0.01
_PATH_POINTS = 100


def learn_jointly(
    truth: Parameters = TRUE_PARAMETERS,
    num_sequences: int = 50,
    num_frames: int = 3,
    dimensions: int = 2,
    steps: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Gradient ascent in q and the parameters from the truth, by every family of q.

    Variational learning drifts to where its bound is tight; the exact family, which has no gap,
    shows what the same data say by themselves.

    Returns:
      The settings, and for each of `families`: path, the parameters over the steps; fitted, their
      last values; log_likelihood, elbo, static_kl and dynamic_kl there, means over the sequences,
      nats per sequence; share of x's variance that f, z and the noise have, mean over time;
      pruned, the latents among "f" and "z" that are left less than PRUNED_SHARE; limit, where the
      ascent ends with infinite data and the best q at every step.
    """
    process = LinearGaussianProcess(truth, num_frames, dimensions)
    x = process.sample(num_sequences, seed=(seed, 1)).numpy()
    limits = ascend_optimal(truth, families.expected_moments(truth, num_frames, dimensions), steps)
    free = [family for family in FAMILIES if family != "amortised"]
    learned = _learn(["amortised"], truth, x, steps, seed) | _learn(free, truth, x, steps, seed)
    return {
        "truth": truth._asdict(),
        "num_sequences": num_sequences,
        "num_frames": num_frames,
        "dimensions": dimensions,
        "seed": seed,
        "steps": steps,
        "families": {
            family: learned[family] | {"limit": limits[family]._asdict()} for family in FAMILIES
        },
    }


def _learn(names: list[str], truth: Parameters, x, steps: int, seed: int) -> dict[str, Any]:
    """Of families that can be trained side by side."""
    start = Parameters(*(np.full(len(names), sigma) for sigma in truth))
    repeated = np.repeat(x[np.newaxis], len(names), 0)
    trained = train(names, start, repeated, steps, seed, learn_parameters=True)
    shown = np.unique(np.linspace(0, steps - 1, _PATH_POINTS).round().astype(int))
    learned = {}
    for index, name in enumerate(names):
        path = trained.path[shown, index].T.tolist()
        q = exact.GaussianPosterior(*(values[index] for values in trained.posterior))
        learned[name] = {
            "path": {"step": (shown + 1).tolist(), **dict(zip(truth._fields, path, strict=True))},
            **_describe(Parameters(*(float(s[index]) for s in trained.parameters)), x, q),
        }
    return learned


def _describe(fitted: Parameters, x: np.ndarray, q: exact.GaussianPosterior) -> dict[str, Any]:
    terms = exact_elbo(fitted, x, q)
    share = variance_shares(fitted, x.shape[1])
    return {
        "fitted": fitted._asdict(),
        "log_likelihood": float(tf.reduce_mean(exact.log_likelihood(fitted, x))),
        **{
            name: float(tf.reduce_mean(getattr(terms, name)))
            for name in ("elbo", "static_kl", "dynamic_kl")
        },
        "share": share,
        "pruned": [latent for latent in ("f", "z") if share[latent] < PRUNED_SHARE],
    }


def variance_shares(parameters: Parameters, num_frames: int) -> dict[str, float]:
    """The shares of x's variance, mean over time, that f, z and the noise have."""
    sigma_f, sigma_z, sigma_x = (float(sigma) for sigma in parameters)
    parts = {"f": sigma_f**2, "z": sigma_z**2 * (num_frames + 1) / 2, "noise": sigma_x**2}
    return {name: part / sum(parts.values()) for name, part in parts.items()}


def ascend_optimal(
    start: Parameters, moments: tf.Tensor, steps: int, learning_rate: float = 0.02
) -> dict[str, Parameters]:
    """Where ascent on each family's best bound, in the parameters' logarithms, ends."""
    logs = np.repeat(np.log(np.asarray(start, np.float64))[np.newaxis], len(FAMILIES), 0)
    logs = keras.Variable(logs, dtype="float64")
    optimizer = Adam(keras.optimizers.schedules.CosineDecay(learning_rate, steps), beta_2=0.99)
    optimizer.build([logs])

    def advance(step):
        with tf.GradientTape() as tape:
            values = tf.convert_to_tensor(logs)
            tape.watch(values)
            rows = [Parameters(*tf.unstack(row)) for row in tf.unstack(tf.exp(values))]
            bounds = [
                families.optimal_elbo(family, row, moments)
                for family, row in zip(FAMILIES, rows, strict=True)
            ]
            loss = -tf.add_n(bounds)
        optimizer.apply_gradients([(tape.gradient(loss, values), logs)])
        return [step + 1]

    @tf.function(autograph=False)
    def loop():
        return tf.while_loop(lambda step: step < steps, advance, [tf.constant(0)])

    loop()
    return {
        family: Parameters(*row.tolist())
        for family, row in zip(FAMILIES, np.exp(logs.numpy()), strict=True)
    }


def peaks_by_length(
    lengths: Sequence[int] = (3, 5, 8, 16),
    truth: Parameters = TRUE_PARAMETERS,
    dimensions: int = 2,
) -> dict[str, Any]:
    """Where each family's best bound peaks over each parameter alone, with infinite data.

    Returns:
      truth, dimensions, num_frames (the lengths T) and peaks: {parameter: {family: [a peak for
      every T]}}.
    """
    for length in lengths:
        check_whole("num_frames", length, 1)
    peaks = {
        name: {
            family: [_peak(name, family, truth, length, dimensions) for length in lengths]
            for family in FAMILIES
        }
        for name in Parameters._fields
    }
    return {
        "truth": truth._asdict(),
        "dimensions": dimensions,
        "num_frames": list(lengths),
        "peaks": peaks,
    }


def _peak(name: str, family: str, truth: Parameters, num_frames: int, dimensions: int) -> float:
    moments = families.expected_moments(truth, num_frames, dimensions)

    def curve(parameters):
        return families.optimal_elbo(family, parameters, moments).numpy()

    return peak(curve, truth, name, num_frames)
