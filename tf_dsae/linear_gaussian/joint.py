"""Learning of all three parameters together with q, and bias by the length of the sequences."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tf_dsae.core.checks import check_whole
from tf_dsae.linear_gaussian import exact, families
from tf_dsae.linear_gaussian.bound import exact_elbo
from tf_dsae.linear_gaussian.peaks import peak
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_results import AscentPath, Joint, JointFit, Lengths, Sigmas
from tf_dsae.linear_gaussian.study_settings import (
    FAMILIES,
    STEPS,
    TOLERANCE,
    TRUE_PARAMETERS,
    Parameters,
)
from tf_dsae.linear_gaussian.study_training import train

# A latent is pruned when its share of x's variance is below this fraction of its true share.
PRUNED = 0.1
_PATH_POINTS = 100
_LIMIT_STEPS = 1000
_LEARNING_RATE = 0.1


def learn_jointly(
    truth: Parameters = TRUE_PARAMETERS,
    num_sequences: int = 50,
    num_frames: int = 3,
    dimensions: int = 2,
    steps: int = STEPS,
    seed: int = 0,
) -> Joint:
    """Gradient ascent in q and the parameters from the truth, by every family of q.

    Variational learning drifts towards parameters with a tight bound; the exact family, which has
    no gap, shows the likelihood's own peak on the same data. For the first quarter of the steps
    only q is trained. Ascent starts at the truth, and a bound may have higher peaks elsewhere.
    """
    check_whole("steps", steps, 1)
    process = LinearGaussianProcess(truth, num_frames, dimensions)
    x = process.sample(num_sequences, seed=(seed, 1)).numpy()
    limits = ascend_optimal(truth, families.expected_moments(truth, num_frames, dimensions))
    free = [family for family in FAMILIES if family != "amortised"]
    learned = _learn(["amortised"], truth, x, steps, seed) | _learn(free, truth, x, steps, seed)
    return Joint(
        truth=Sigmas(*truth),
        num_sequences=num_sequences,
        num_frames=num_frames,
        dimensions=dimensions,
        seed=seed,
        steps=steps,
        families={
            family: learned[family]._replace(
                pruned=tuple(find_pruned(Parameters(*learned[family].fitted), truth, num_frames)),
                limit=Sigmas(*limits[family]),
            )
            for family in FAMILIES
        },
    )


def _learn(
    names: list[str], truth: Parameters, x: np.ndarray, steps: int, seed: int
) -> dict[str, JointFit]:
    """Of families that can be trained side by side."""
    start = Parameters(*(np.full(len(names), sigma) for sigma in truth))
    repeated = np.repeat(x[np.newaxis], len(names), 0)
    trained = train(names, start, repeated, steps, seed, True, _LEARNING_RATE)
    chosen = np.unique(np.linspace(0, steps - 1, _PATH_POINTS).round().astype(int))
    learned = {}
    for index, name in enumerate(names):
        sigmas = [tuple(values) for values in trained.path[chosen, index].T.tolist()]
        path = AscentPath(tuple((chosen + 1).tolist()), *sigmas)
        q = exact.GaussianPosterior(*(values[index] for values in trained.posterior))
        fitted = Sigmas(*(float(sigma[index]) for sigma in trained.parameters))
        learned[name] = _describe(name, path, fitted, x, q)
    return learned


def _describe(
    family: str, path: AscentPath, fitted: Sigmas, x: np.ndarray, q: exact.GaussianPosterior
) -> JointFit:
    """The description of a fit, without pruned latents and the limit."""
    parameters = Parameters(*fitted)
    terms = exact_elbo(parameters, x, q)
    means = {
        name: float(tf.reduce_mean(getattr(terms, name)))
        for name in ("elbo", "static_kl", "dynamic_kl")
    }
    best = float(families.optimal_elbo(family, parameters, families.sample_moments(x)))
    return JointFit(
        path=path,
        fitted=fitted,
        log_likelihood=float(tf.reduce_mean(exact.log_likelihood(parameters, x))),
        **means,
        optimal_elbo=best,
        converged=means["elbo"] >= best - TOLERANCE,
        share=variance_shares(parameters, x.shape[1]),
        pruned=(),
        limit=fitted,
    )


def find_pruned(fitted: Parameters, truth: Parameters, num_frames: int) -> list[str]:
    """The latents, "f" and "z", whose share of x's variance is less than PRUNED of the truth's."""
    now, then = (variance_shares(sigmas, num_frames) for sigmas in (fitted, truth))
    return [latent for latent in ("f", "z") if now[latent] < PRUNED * then[latent]]


def variance_shares(parameters: Parameters, num_frames: int) -> dict[str, float]:
    """The shares of x's variance, mean over time, that f, z and the noise have."""
    sigma_f, sigma_z, sigma_x = (float(sigma) for sigma in parameters)
    parts = {"f": sigma_f**2, "z": sigma_z**2 * (num_frames + 1) / 2, "noise": sigma_x**2}
    return {name: part / sum(parts.values()) for name, part in parts.items()}


def ascend_optimal(
    start: Parameters,
    moments: tf.Tensor,
    steps: int = _LIMIT_STEPS,
    learning_rate: float = 0.04,
) -> dict[str, Parameters]:
    """Where ascent on each family's best bound, in the parameters' logarithms, ends.

    A parameter that goes to zero slows down near it. It counts as 0 if a value close to zero has a
    better bound than the end of the ascent.
    """
    logs = np.repeat(np.log(np.asarray(start, np.float64))[np.newaxis], len(FAMILIES), 0)
    logs = keras.Variable(logs, dtype="float64")
    rate = keras.optimizers.schedules.CosineDecay(learning_rate, steps)
    optimizer = keras.optimizers.Adam(rate, beta_2=0.99)
    optimizer.build([logs])

    def advance(step: tf.Tensor) -> list[tf.Tensor]:
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
    def loop() -> list[tf.Tensor]:
        return tf.while_loop(lambda step: step < steps, advance, [tf.constant(0)])

    loop()
    return {
        family: _snap(family, Parameters(*row.tolist()), start, moments)
        for family, row in zip(FAMILIES, np.exp(logs.numpy()), strict=True)
    }


def _snap(family: str, found: Parameters, start: Parameters, moments: tf.Tensor) -> Parameters:
    """`found` with 0 for a small parameter whose bound is no worse next to zero."""
    reached = families.optimal_elbo(family, found, moments)
    for name, from_ in start._asdict().items():
        value = getattr(found, name)
        nearer = found._replace(**{name: min(1e-4 * from_, value)})
        if value < 0.1 * from_ and families.optimal_elbo(family, nearer, moments) >= reached:
            found = found._replace(**{name: 0.0})
            break  # The other parameters' bounds are of positive ones.
    return found


def peaks_by_length(
    lengths: Sequence[int] = (3, 5, 8, 16),
    truth: Parameters = TRUE_PARAMETERS,
    dimensions: int = 2,
) -> Lengths:
    """Where each family's best bound peaks over one parameter, T by T, with infinite data."""
    for length in lengths:
        check_whole("num_frames", length, 1)
    check_whole("dimensions", dimensions, 1)
    peaks = {
        name: {
            family: tuple(_peak(name, family, truth, length, dimensions) for length in lengths)
            for family in FAMILIES
        }
        for name in Parameters._fields
    }
    return Lengths(Sigmas(*truth), dimensions, tuple(lengths), peaks)


def _peak(name: str, family: str, truth: Parameters, num_frames: int, dimensions: int) -> float:
    moments = families.expected_moments(truth, num_frames, dimensions)

    def curve(parameters: Parameters) -> np.ndarray:
        return families.optimal_elbo(family, parameters, moments).numpy()

    return float(peak(curve, truth, name, num_frames))
