"""The sweep: log-likelihood and bounds over one parameter, the others at the truth."""

from collections.abc import Callable, Sequence

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian import exact, families
from tf_dsae.linear_gaussian.bound import exact_elbo
from tf_dsae.linear_gaussian.peaks import peak
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_results import (
    Limit,
    LimitBound,
    LimitPeaks,
    OptimalBound,
    PanelResult,
    Peaks,
)
from tf_dsae.linear_gaussian.study_settings import FAMILIES, STEPS, TOLERANCE, Panel, Parameters
from tf_dsae.linear_gaussian.study_training import Trained, train
from tf_dsae.metrics.bootstrap import resample_means

_RESAMPLES = 1000


def run_panels(panels: Sequence[Panel], steps: int = STEPS) -> list[PanelResult]:
    """Trains q at every grid value of every panel, side by side, and says where curves peak.

    Args:
      panels: of one posterior, num_sequences, num_frames and dimensions.
      steps: of gradient ascent for every q.

    Returns:
      The result of each panel.

    Raises:
      UserError: panels that cannot be trained together.
    """
    shapes = {(p.posterior, p.num_sequences, p.num_frames, p.dimensions, p.seed) for p in panels}
    if len(shapes) != 1:
        raise UserError(
            f"panels: expected at least one, all of one posterior, num_sequences, num_frames, "
            f"dimensions and seed, received {sorted(shapes)}"
        )
    observed = [sample_data(panel) for panel in panels]
    trained = _train(panels, observed, steps)
    results, start = [], 0
    for panel, x in zip(panels, observed, strict=True):
        stop = start + len(panel.grid)
        q = exact.GaussianPosterior(*(values[start:stop] for values in trained.posterior))
        results.append(_measure(panel, x, q, steps))
        start = stop
    return results


def sample_data(panel: Panel) -> np.ndarray:
    """Samples x [N, T, D] at a panel's truth, a function of the seed and the panel's parameters."""
    process = LinearGaussianProcess(panel.true_parameters, panel.num_frames, panel.dimensions)
    place = Parameters._fields.index(panel.parameter)
    key = np.random.SeedSequence([panel.seed, place, round(1e6 * panel.truth)])
    seed = key.generate_state(2).astype(np.int32)
    return process.sample(panel.num_sequences, seed).numpy()


def _train(panels: Sequence[Panel], observed: Sequence[np.ndarray], steps: int) -> Trained:
    parameters = Parameters(
        *(np.concatenate(values) for values in zip(*(p.at(p.grid) for p in panels), strict=True))
    )
    x = np.concatenate(
        [np.repeat(x[np.newaxis], len(p.grid), 0) for p, x in zip(panels, observed, strict=True)]
    )
    return train(panels[0].posterior, parameters, x, steps, panels[0].seed)


def _mean(values: np.ndarray) -> tuple[float, ...]:
    return tuple(np.mean(values, -1).tolist())


def _standard_error(values: np.ndarray) -> tuple[float | None, ...]:
    """The standard error of the mean over sequences, the last axis; unknown for one sequence."""
    values = np.asarray(values)
    count = values.shape[-1]
    if count == 1:
        return (None,) * len(values)
    return tuple((np.std(values, -1, ddof=1) / np.sqrt(count)).tolist())


def bias_interval(
    log_likelihood: np.ndarray, elbo: np.ndarray, grid: Sequence[float], seed: int
) -> tuple[float, float]:
    """95% percentile interval of the ELBO's peak less the likelihood's, resampling sequences.

    Args:
      log_likelihood, elbo: [V, N], of every grid value and sequence; q is not trained again.
    """
    curves = np.concatenate([elbo, log_likelihood]).T
    means = resample_means(curves, np.arange(len(curves)), _RESAMPLES, seed)
    peaks = [np.asarray(grid)[curve.argmax(1)] for curve in np.split(means, 2, axis=1)]
    low, high = np.quantile(peaks[0] - peaks[1], [0.025, 0.975]).tolist()
    return low, high


def _measure(panel: Panel, x: np.ndarray, q: exact.GaussianPosterior, steps: int) -> PanelResult:
    at_each = panel.at(np.asarray(panel.grid)[:, np.newaxis])
    log_likelihood = exact.log_likelihood(at_each, x).numpy()
    elbo = exact_elbo(at_each, x, q).elbo.numpy()
    moments = families.sample_moments(x)
    limit = families.expected_moments(panel.true_parameters, panel.num_frames, panel.dimensions)
    optimal = {name: _optimal(panel, name, moments, limit) for name in FAMILIES}
    own = optimal[panel.posterior]
    likelihood_limit = _limit(
        panel, lambda parameters: families.mean_log_likelihood(parameters, limit)
    )
    fixed = {
        name: value
        for name, value in panel.true_parameters._asdict().items()
        if name != panel.parameter
    }
    return PanelResult(
        **vars(panel),
        fixed=fixed,
        steps=steps,
        log_likelihood=_mean(log_likelihood),
        log_likelihood_standard_error=_standard_error(log_likelihood),
        elbo=_mean(elbo),
        elbo_standard_error=_standard_error(elbo),
        gap_standard_error=_standard_error(log_likelihood - elbo),
        optimal_elbo=own.elbo,
        argmax=Peaks(
            log_likelihood=_best(panel, _mean(log_likelihood)),
            elbo=_best(panel, _mean(elbo)),
            optimal_elbo=own.argmax,
        ),
        bias_ci=bias_interval(log_likelihood, elbo, panel.grid, panel.seed),
        converged=tuple((np.mean(elbo, -1) >= np.array(own.elbo) - TOLERANCE).tolist()),
        expected=Limit(
            log_likelihood=likelihood_limit.elbo,
            optimal_elbo=own.expected.elbo,
            argmax=LimitPeaks(likelihood_limit.argmax, own.expected.argmax),
        ),
        optimal=optimal,
    )


def _best(panel: Panel, values: Sequence[float]) -> float:
    return panel.grid[int(np.argmax(values))]


def _optimal(panel: Panel, family: str, moments: tf.Tensor, limit: tf.Tensor) -> OptimalBound:
    """A family's best bound over the grid, in data and in the limit, and where each peaks."""
    elbo = families.optimal_elbo(family, panel.at(panel.grid), moments).numpy()
    expected = _limit(panel, lambda parameters: families.optimal_elbo(family, parameters, limit))
    return OptimalBound(tuple(elbo.tolist()), _best(panel, elbo), expected)


def _limit(panel: Panel, curve: Callable[[Parameters], tf.Tensor]) -> LimitBound:
    """A curve of the limit over the grid, and its peak on and off it."""
    truth, name = panel.true_parameters, panel.parameter
    return LimitBound(
        tuple(curve(panel.at(panel.grid)).numpy().tolist()),
        float(peak(lambda values: curve(values).numpy(), truth, name, panel.num_frames)),
    )
