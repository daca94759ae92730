"""What training shows of a clip: colours, rectangles, frames, and a bound that stays one."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import B, C, H, T, W, small_config
from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise
from tf_dsae.models.augmentations import choose_frames, draw_views, mix_colours, random_erase
from tf_dsae.models.dsae import DSAE
from tf_dsae.models.views import Views
from tf_dsae.training.optimizers import Muon

NOISE = Noise.of([4, 2])


def dim_videos(count, channels=C):
    """float32 in [0, 1/4], so that no mixture of three channels times 1.6 is cut off at 1."""
    shape = (count, T, H, W, channels)
    return np.random.default_rng(0).uniform(0, 0.25, shape).astype(np.float32)


@pytest.mark.parametrize("channels", [1, 3])
def test_mixed_clips_are_one_matrix_away(channels):
    video = dim_videos(40, channels)
    mixed = mix_colours(tf.constant(video), 1.0, NOISE).numpy()
    matrices = []
    for before, after in zip(
        video.reshape(40, -1, channels), mixed.reshape(40, -1, channels), strict=True
    ):
        matrix, *_ = np.linalg.lstsq(before, after, rcond=None)
        np.testing.assert_allclose(before @ matrix, after, atol=1e-5)
        matrices.append(matrix.T)
    sums = np.stack(matrices).sum(-1)
    assert np.min(matrices) > -1e-4 and sums.min() > 0.399 and sums.max() < 1.601
    assert sums.std() > 0.2 and np.std(matrices, 0).min() > 0.1  # Each clip, row: its own.


def test_mixed_colours_stay_in_range_and_black_stays_black():
    video = tf.concat([tf.ones([30, 1, 2, 2, 3]), tf.zeros([30, 1, 2, 2, 3])], 1)
    mixed = mix_colours(video, 1.0, NOISE).numpy()
    assert mixed.max() == 1.0 and mixed[:, 0].min() >= 0.399
    assert not mixed[:, 1].any()


def test_share_of_mixed_clips():
    video = dim_videos(1)[:, :1, :2, :2].repeat(4000, 0)
    mixed = mix_colours(tf.constant(video), 0.3, NOISE).numpy()
    changed = np.abs(mixed - video).max((1, 2, 3, 4)) > 1e-6
    assert 0.27 < changed.mean() < 0.33


def test_erased_rectangles():
    """One for a clip, in all frames, of one colour; sides and middles as described."""
    video = np.full((500, T, 40, 60, C), -1.0, np.float32)
    seen = random_erase(tf.constant(video), 1.0, NOISE).numpy()
    np.testing.assert_array_equal(seen, seen[:, :1].repeat(T, 1))
    hidden = seen[:, 0] >= 0
    np.testing.assert_array_equal(hidden, hidden[..., :1].repeat(C, -1))
    hidden = hidden[..., 0]
    rows, columns = hidden.any(2), hidden.any(1)
    np.testing.assert_array_equal(hidden, rows[:, :, None] & columns[:, None])
    for one, shown in zip(seen[:, 0], hidden, strict=True):
        assert len(np.unique(one[shown], axis=0)) == 1
    # A side of l loses l^2 / 8 at each edge, on average over middles anywhere.
    lengths = np.linspace(0.3, 0.6, 1001)
    expected = np.mean(lengths - lengths**2 / 4)
    for covered in (rows, columns):
        assert 0.14 < covered.mean(1).min() and covered.mean(1).max() < 0.63
        assert abs(covered.mean() - expected) < 0.02
        assert 0.8 < covered.mean(0)[len(covered[0]) // 2] / lengths.mean() < 1.2
    colours = np.stack([one[shown][0] for one, shown in zip(seen[:, 0], hidden, strict=True)])
    assert abs(colours.mean(0) - 0.5).max() < 0.06 and colours.std(0).min() > 0.26
    # Height, width, middles and channels are drawn apart.
    middles = [covered.argmax(1) + covered.sum(1) / 2 for covered in (rows, columns)]
    numbers = np.stack([rows.sum(1), columns.sum(1), *middles, *colours.T])
    assert abs(np.corrcoef(numbers) - np.eye(len(numbers))).max() < 0.2


def test_a_clip_in_other_colours_may_be_erased_too():
    video = dim_videos(4)
    views = [Views(colour_mixing=1.0, random_erasing=share) for share in (0.0, 1.0)]
    mixed, both = (
        draw_views(one, tf.constant(video), NOISE).dynamic_video.numpy() for one in views
    )
    hidden = np.any(both != mixed, (1, 4))
    expected = np.broadcast_to(hidden[:, None, ..., None], both.shape)
    np.testing.assert_array_equal(both != mixed, expected)
    assert hidden.any((1, 2)).all() and not hidden.all((1, 2)).any()
    assert (abs(mixed - video) > 1e-3).any((1, 2, 3, 4)).all()


def test_share_of_erased_clips_and_their_slices():
    video = tf.zeros([4000, 1, 8, 10, 1])
    seen = random_erase(video, 0.3, NOISE)
    changed = np.any(seen, (1, 2, 3, 4))
    assert 0.27 < changed.mean() < 0.33
    part = random_erase(video[1000:1500], 0.3, NOISE._replace(start=1000, total=4000))
    np.testing.assert_array_equal(part, seen[1000:1500])


def test_random_frames_are_uniform_and_never_twice():
    drawn = np.array([choose_frames(T, 2, Noise.of([k, 1])) for k in range(600)])
    assert (drawn[:, 0] != drawn[:, 1]).all()
    shares = np.bincount(drawn.ravel(), minlength=T) / drawn.size
    assert abs(shares - 1 / T).max() < 0.05
    assert choose_frames(T, T + 3, NOISE).shape == [T]


def test_nothing_is_hidden_by_default():
    seen = draw_views(Views(), tf.constant(dim_videos(B)), NOISE)
    assert seen.dynamic_video is None
    for frames in (seen.static_frames, seen.likelihood_frames):
        assert frames.numpy().tolist() == list(range(T))


def test_views_are_drawn_apart():
    """Of 5 frames, 2 for f and 2 for the likelihood are the same ones in a tenth of the draws."""
    views = Views(static_frames=2, likelihood_frames=2)
    drawn = [draw_views(views, tf.zeros([1, T, 1]), Noise.of([k, 0])) for k in range(300)]
    same = [set(a.numpy()) == set(b.numpy()) for a, b, _ in drawn]
    assert 0.04 < np.mean(same) < 0.17


@pytest.mark.parametrize(
    "views",
    [
        {"colour_mixing": -0.1},
        {"static_frames": -1},
        {"likelihood_frames": "2"},
        {"random_erasing": 1.1},
    ],
)
def test_views_out_of_range(views):
    with pytest.raises(UserError, match="expected .*received"):
        Views(**views)


def test_views_saved_before_there_was_erasing():
    model = DSAE(small_config(), seed=0)
    model.compile("adam", views=[0.5, 2, 3])
    assert model.views == Views(0.5, 2, 3)


@pytest.mark.parametrize("views", [3, [0.5], [0.5, 2, 3, 0.5, 1], "all"])
def test_other_things_are_no_views(views):
    with pytest.raises(UserError, match="views: expected tf_dsae.Views"):
        DSAE(small_config(), seed=0).compile("adam", views=views)


def viewing(posterior="factorised", **views) -> DSAE:
    model = DSAE(small_config(dynamic_posterior=posterior, static_posterior="mean"), seed=1)
    model.compile("adam", views=Views(**views), seed=3)
    return model


def test_likelihood_of_some_frames_has_no_bias(videos):
    """At posteriors without spread, so that frames alone are random."""
    model = viewing(likelihood_frames=2)
    for encoder in (model.static_encoder, model.dynamic_encoder):
        dense = encoder.head.dense
        dense.kernel.assign(dense.kernel * np.repeat([1.0, 0.0], dense.units // 2))
        dense.bias.assign(np.repeat([0.0, -20.0], dense.units // 2).astype(np.float32))
    whole = model.elbo(videos, seed=0)
    bound = tf.function(model.training_elbo)
    some = [bound(videos, tf.constant(k)).log_likelihood for k in range(200)]
    error = np.std(some, 0) / len(some) ** 0.5
    assert np.std(some, 0).min() > 1.0
    assert (abs(np.mean(some, 0) - whole.log_likelihood.numpy()) < 4 * error).all()
    np.testing.assert_allclose(model.training_elbo(videos, 0).static_kl, whole.static_kl, rtol=1e-5)


@pytest.mark.parametrize("views", [{"colour_mixing": 1.0}, {"random_erasing": 1.0}])
@pytest.mark.parametrize("posterior", ["factorised", "full"])
def test_only_the_encoder_of_z_sees_a_changed_clip(videos, posterior, views):
    model = viewing(posterior, **views)
    plain, seen = model.elbo(videos, seed=0), model.training_elbo(videos, seed=0)
    np.testing.assert_allclose(seen.static_kl, plain.static_kl, rtol=1e-5)
    assert abs(seen.dynamic_kl - plain.dynamic_kl).numpy().min() > 1e-4


def test_the_likelihood_is_of_the_true_clip(videos):
    """With a decoder that is grey whatever it is given, colours of the target alone count."""
    model = viewing(colour_mixing=1.0, random_erasing=1.0)
    last = model.decoder.convolutions[-1]
    last.kernel.assign(tf.zeros_like(last.kernel))
    seen, plain = model.training_elbo(videos, seed=0), model.elbo(videos, seed=0)
    np.testing.assert_allclose(seen.log_likelihood, plain.log_likelihood, rtol=1e-6)
    errors = videos / 255.0 - 0.5
    expected = -0.5 * (errors**2 + np.log(2 * np.pi)).sum((1, 2, 3, 4))
    np.testing.assert_allclose(seen.log_likelihood, expected, rtol=1e-5)


def test_some_frames_are_the_posterior_of_f_alone(videos):
    """q(f) of one frame shown is that of one of the frames."""
    model = viewing(static_frames=1)
    seen = model.training_elbo(videos, seed=0)
    one_by_one = np.stack([model.elbo(videos[:, t : t + 1], 0).static_kl for t in range(T)])
    assert (abs(one_by_one - seen.static_kl.numpy()).max(1) < 1e-4).sum() == 1


def test_more_frames_than_there_are_is_all(videos):
    """Of one sample and a clip of one frame too."""
    model = viewing(static_frames=T + 2, likelihood_frames=T)
    for clip in (videos, videos[:, :1]):
        for mixing in (0.0, 1e-9):
            model.views = Views(mixing, T + 2, T)
            seen = model.training_elbo(clip, seed=0)
            np.testing.assert_allclose(seen.static_kl, model.elbo(clip, 0).static_kl, rtol=1e-5)
            assert np.isfinite(seen.elbo).all()


@pytest.mark.parametrize("posterior", ["factorised", "full"])
def test_several_samples_are_averaged(videos, posterior):
    """All frames shown, so that the samples alone are random."""
    model = viewing(posterior, likelihood_frames=T)

    def spread() -> np.ndarray:
        bound = tf.function(model.training_elbo)
        found = [bound(videos, tf.constant(k)).log_likelihood for k in range(40)]
        assert found[0].shape == [B]
        return np.std(found, 0)

    one = spread()
    model.num_samples = 9
    assert (spread() < 0.6 * one).all()


def test_clips_of_a_length_that_is_not_known(videos):
    model = viewing(colour_mixing=0.75, static_frames=2, likelihood_frames=3, random_erasing=0.5)
    anyhow = tf.function(
        model.training_elbo,
        input_signature=[
            tf.TensorSpec([None, None, H, W, C], tf.uint8),
            tf.TensorSpec([], tf.int32),
        ],
    )
    for clip in (videos, videos[:2, :4], videos[:, :2]):
        expected = model.training_elbo(clip, seed=3)
        for found, value in zip(anyhow(clip, 3), expected, strict=True):
            np.testing.assert_allclose(found, value, rtol=1e-5)


def test_a_model_that_was_not_compiled_sees_everything(videos):
    model = DSAE(small_config(), seed=1)
    np.testing.assert_array_equal(model.training_elbo(videos, 0).elbo, model.elbo(videos, 0).elbo)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_views_train_in_a_graph(videos, jit_compile):
    model = viewing(colour_mixing=0.75, static_frames=2, likelihood_frames=3, random_erasing=0.5)
    model.compile(Muon(0.01), views=model.views, seed=3, jit_compile=jit_compile)
    alike = np.zeros_like(videos) + videos[:1, :1]
    before = tf.reduce_mean(model.elbo(alike, seed=0).elbo)
    model.fit({"video": alike}, epochs=25, batch_size=B, verbose=0)
    assert tf.reduce_mean(model.elbo(alike, seed=0).elbo) > before + 10


def test_views_survive_saving(videos, tmp_path):
    model = viewing(colour_mixing=0.75, static_frames=2, likelihood_frames=3, random_erasing=0.5)
    model.fit(videos, batch_size=B, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.views == model.views
    # It goes on as the first would have.
    for one in (model, again):
        one.fit(videos, epochs=2, batch_size=B, shuffle=False, verbose=0)
    for mine, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
