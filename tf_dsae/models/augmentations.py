"""Random views of clips: other colours, an erased rectangle, frames chosen at random."""

from typing import NamedTuple

import tensorflow as tf

from tf_dsae.core.noise import Noise
from tf_dsae.models.views import Views

# The channels of a clip in other colours are between so many times as bright and so many.
_DARKEST, _BRIGHTEST = 0.4, 1.6
# Sides of an erased rectangle, as a share of the frame's.
_SHORTEST, _LONGEST = 0.3, 0.6


class ClipViews(NamedTuple):
    """What is seen of clips [B, T, ...].

    Attributes:
      static_frames: the frames that f's encoder sees, int32 [<= T], the same for all clips.
      likelihood_frames: the frames that the likelihood is of, int32 [<= T].
      dynamic_video: the clips as z's encoder sees them; None where that is as they are.
    """

    static_frames: tf.Tensor
    likelihood_frames: tf.Tensor
    dynamic_video: tf.Tensor | None


def draw_views(views: Views, video: tf.Tensor, noise: Noise) -> ClipViews:
    """Draws what is seen of clips [B, T, ...]; colours and rectangles are of videos in [0, 1].

    Example:
      >>> views = tf_dsae.Views(static_frames=2, likelihood_frames=4)
      >>> seen = draw_views(views, tf.zeros([3, 5, 8, 8, 1]), Noise.of(1))
      >>> seen.static_frames.shape, seen.likelihood_frames.shape, seen.dynamic_video is None
      (TensorShape([2]), TensorShape([4]), True)
    """
    static_noise, likelihood_noise, colour_noise, erasing_noise = noise.split(4)
    frames = video.shape[1] or tf.shape(video)[1]
    dynamic_video = video
    if views.colour_mixing:
        dynamic_video = mix_colours(dynamic_video, views.colour_mixing, colour_noise)
    if views.random_erasing:
        dynamic_video = random_erase(dynamic_video, views.random_erasing, erasing_noise)
    return ClipViews(
        choose_frames(frames, views.static_frames, static_noise),
        choose_frames(frames, views.likelihood_frames, likelihood_noise),
        None if dynamic_video is video else dynamic_video,
    )


def mix_colours(video: tf.Tensor, share: float, noise: Noise) -> tf.Tensor:
    """`share` of the videos [B, T, H, W, C] in [0, 1] in other colours, one change for a clip.

    A pixel's channels become random mixtures of them. The mixtures are rows of a matrix of uniform
    numbers, each row scaled to sum to between 0.4 and 1.6. What is brighter than 1 becomes 1, and
    black stays black.

    Example, a black frame and a white one:
      >>> video = tf.stack([tf.zeros([1, 4, 4, 3]), tf.ones([1, 4, 4, 3])], 1)
      >>> mixed = mix_colours(video, 1.0, Noise.of(1))
      >>> float(tf.reduce_max(mixed[:, 0])), bool(tf.reduce_all(mixed[:, 1] > 0.39))
      (0.0, True)
    """
    count, channels = tf.shape(video)[0], video.shape[-1]
    mixture_noise, sum_noise, share_noise = noise.split(3)
    mixture = mixture_noise.uniform(count, [channels, channels])
    sums = sum_noise.uniform(count, [channels, 1], _DARKEST, _BRIGHTEST)
    mixture *= sums / tf.reduce_sum(mixture, -1, keepdims=True)
    is_mixed = share_noise.uniform(count, [1, 1]) < share
    mixture = tf.where(is_mixed, mixture, tf.eye(channels))
    pixels = tf.reshape(video, [count, -1, channels])
    mixed = tf.minimum(tf.matmul(pixels, mixture, transpose_b=True), 1.0)
    return tf.reshape(mixed, tf.shape(video))


def random_erase(video: tf.Tensor, share: float, noise: Noise) -> tf.Tensor:
    """`share` of the videos [B, T, H, W, C] with a rectangle in one colour, one for a clip.

    Random erasing (Zhong et al. 2017, arXiv 1708.04896) with the same rectangle in every frame.
    Its middle is anywhere, and its sides are 0.3 to 0.6 of the frame's, less what lies outside.
    The channels of its colour are uniform in [0, 1].

    Example:
      >>> video = tf.zeros([2, 3, 16, 16, 1])
      >>> seen = random_erase(video, 1.0, Noise.of(1))
      >>> bool(tf.reduce_all(seen[:, 0] == seen[:, 2])), bool(tf.reduce_any(seen > 0))
      (True, True)
    """
    height, width, channels = video.shape[2:]
    numbers = noise.uniform(tf.shape(video)[0], [5 + channels])
    is_erased, y, x, tall, wide = tf.unstack(numbers[:, :5, tf.newaxis], axis=1)
    rows = _is_within(height, y, tall)[:, tf.newaxis, :, tf.newaxis, tf.newaxis]
    columns = _is_within(width, x, wide)[:, tf.newaxis, tf.newaxis, :, tf.newaxis]
    colour = numbers[:, tf.newaxis, tf.newaxis, tf.newaxis, 5:]
    is_hidden = rows & columns & (is_erased < share)[:, :, tf.newaxis, tf.newaxis, tf.newaxis]
    return tf.where(is_hidden, colour, video)


def _is_within(pixels: int, middle: tf.Tensor, extent: tf.Tensor) -> tf.Tensor:
    """Which of so many pixels in a line an interval covers; middle and extent [B, 1] in [0, 1]."""
    places = (tf.range(pixels, dtype=tf.float32) + 0.5) / pixels
    length = _SHORTEST + (_LONGEST - _SHORTEST) * extent
    return abs(places - middle) < length / 2


def choose_frames(num_frames: int | tf.Tensor, count: int, noise: Noise) -> tf.Tensor:
    """`count` of the frames 0..num_frames - 1, drawn without repetition, int32.

    All of them, in order, for a count of 0; all of them, too, where there are no more than `count`.

    Example:
      >>> sorted(choose_frames(3, 5, Noise.of(1)).numpy().tolist())
      [0, 1, 2]
    """
    if not count:
        return tf.range(num_frames)
    is_known = isinstance(num_frames, int)
    chosen = min(count, num_frames) if is_known else tf.minimum(count, num_frames)
    order = tf.random.stateless_uniform([num_frames], noise.seed)  # XLA has no stateless_shuffle.
    return tf.math.top_k(order, chosen).indices
