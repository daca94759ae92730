"""The Gaussian head, and the closed-form KLs against Monte Carlo and TFP."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.layers.distributions import (
    MIN_STDDEV,
    GaussianHead,
    diagonal_normal,
    fold_leading,
    standard_normal,
    unfold_leading,
)

tfd = tfp.distributions


def random_normal(shape, seed) -> tfd.Distribution:
    rng = np.random.default_rng(seed)
    loc, scale = rng.normal(size=shape), rng.uniform(0.3, 1.7, size=shape)
    return diagonal_normal(tf.constant(loc, tf.float32), tf.constant(scale, tf.float32))


def test_kl_against_numpy_tfp_and_monte_carlo():
    q, p = random_normal((3, 4), 1), random_normal((3, 4), 2)
    closed = tfd.kl_divergence(q, p).numpy()
    m, s, n, r = (x.numpy() for x in (q.mean(), q.stddev(), p.mean(), p.stddev()))
    by_hand = np.sum(np.log(r / s) + (s**2 + (m - n) ** 2) / (2 * r**2) - 0.5, -1)
    np.testing.assert_allclose(closed, by_hand, rtol=1e-5)
    dense = tfd.kl_divergence(
        tfd.MultivariateNormalDiag(q.mean(), q.stddev()),
        tfd.MultivariateNormalDiag(p.mean(), p.stddev()),
    )
    np.testing.assert_allclose(closed, dense, rtol=1e-5)
    samples = q.sample(200_000, seed=(1, 2))
    ratios = q.log_prob(samples) - p.log_prob(samples)
    error = np.std(ratios, 0) / np.sqrt(200_000)
    assert np.all(np.abs(np.mean(ratios, 0) - closed) < 5 * error)


def test_head_is_a_softplus_of_its_dense_layer():
    head = GaussianHead(4)
    features = tf.random.stateless_normal([3, 5, 6], (0, 1))
    q = head(features)
    assert q.event_shape == [4] and q.batch_shape == [3, 5]
    loc, raw = np.split(features.numpy() @ head.dense.kernel.numpy() + head.dense.bias, 2, -1)
    np.testing.assert_allclose(q.mean(), loc, atol=1e-5)
    expected = MIN_STDDEV + np.log1p(np.exp(raw + np.log(np.e - 1)))
    np.testing.assert_allclose(q.stddev(), expected, rtol=1e-5)


def test_head_of_one_scale_learns_it_for_all_inputs():
    head = GaussianHead(4, constant_scale=True)
    features = tf.random.stateless_normal([3, 5, 6], (0, 1))
    q = head(features)
    assert q.event_shape == [4] and q.batch_shape == [3, 5]
    head.raw_scale.assign([-2.0, 0.0, 0.5, 3.0])
    q = head(features)
    loc = features.numpy() @ head.dense.kernel.numpy() + head.dense.bias
    np.testing.assert_allclose(q.mean(), loc, atol=1e-5)
    scale = MIN_STDDEV + np.log1p(np.exp(np.array([-2.0, 0.0, 0.5, 3.0]) + np.log(np.e - 1)))
    np.testing.assert_allclose(q.stddev(), np.broadcast_to(scale, (3, 5, 4)), rtol=1e-5)


def test_head_stays_float32_and_positive_in_mixed_precision():
    head = GaussianHead(2, dtype="mixed_bfloat16")
    head.build((None, 3))
    head.dense.bias.assign([0.0, 0.0, -1e4, 1e4])
    q = head(tf.zeros([1, 3]))
    assert q.dtype == tf.float32
    assert q.stddev().numpy()[0, 0] == np.float32(MIN_STDDEV)
    assert np.all(np.isfinite(tfd.kl_divergence(q, standard_normal(2))))


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_folding_and_back(leading):
    x = tf.reshape(tf.range(int(np.prod(leading)) * 20), [*leading, 4, 5])
    folded = fold_leading(x, 2)
    assert folded.shape == [int(np.prod(leading)), 4, 5]
    np.testing.assert_array_equal(unfold_leading(folded, x, 2), x)


def test_folding_keeps_what_is_known_in_a_graph():
    @tf.function(input_signature=[tf.TensorSpec([None, None, 6])])
    def graph(x):
        folded = fold_leading(x, 1)
        assert folded.shape.as_list() == [None, 6]
        back = unfold_leading(folded[:, :2], x, 1)
        assert back.shape.as_list() == [None, None, 2]
        return back

    assert graph(tf.zeros([2, 3, 6])).shape == [2, 3, 2]
    assert keras.saving.get_registered_object("tf_dsae>GaussianHead") is GaussianHead
