"""What the encoders and the likelihood see of a clip while a model is trained."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.core.checks import check_share, check_whole
from tf_dsae.core.noise import BatchSlice

# A mixed picture's channels are between so many times as bright and so many.
_DARKEST, _BRIGHTEST = 0.4, 1.6
# Sides of an erased rectangle, of the frame's own.
_SHORTEST, _LONGEST = 0.3, 0.6


class Seen(NamedTuple):
    """Places of the frames that f's encoder sees and of those that the likelihood is of, int32
    [<= T] each, the same for all videos; and the videos as z's encoder sees them, None where that
    is as they are.
    """

    static_frames: tf.Tensor
    likelihood_frames: tf.Tensor
    dynamic_video: tf.Tensor | None


class Views(NamedTuple):
    """What is seen of a clip in training; by default all of it, as it is.

    The bound stays a bound, or an unbiased estimate of one: a posterior may see what it likes of x.

    Attributes:
      colour_mixing: share of the clips that z's encoder sees in other colours, see `mixed_colours`,
        so that z has no use for a colour, and f has. Observations are videos in [0, 1] then.
      static_frames: how many frames, drawn at random, f's encoder sees; 0, or T and more: all.
      likelihood_frames: how many frames, drawn at random, the likelihood is estimated from, for the
        time that decoding the others takes; 0, or T and more: all.
      random_erasing: share of the clips that z's encoder sees with a rectangle hidden, see
        `erased`, so that z has little use for what is seen in one place only, such as a shape of
        hair, and f has more. Observations are videos in [0, 1] then.

    Example:
      >>> tf_dsae.Views(colour_mixing=0.75, likelihood_frames=4).static_frames
      0
    """

    colour_mixing: float = 0.0
    static_frames: int = 0
    likelihood_frames: int = 0
    random_erasing: float = 0.0

    def of(self, video: tf.Tensor, seed: tf.Tensor, batch_slice: BatchSlice | None = None) -> Seen:
        """What is seen of videos [B, T, ...]; the seed, int32 [2], draws it.

        With a batch_slice, the videos are that slice of a batch.

        Example:
          >>> views = tf_dsae.Views(static_frames=2, likelihood_frames=4)
          >>> seen = views.of(tf.zeros([3, 5, 8, 8, 1]), tf.constant([0, 1]))
          >>> seen.static_frames.shape, seen.likelihood_frames.shape, seen.dynamic_video is None
          (TensorShape([2]), TensorShape([4]), True)
        """
        static_seed, likelihood_seed, *seeds = tf.unstack(tfp.random.split_seed(seed, 4))
        frames = video.shape[1] or tf.shape(video)[1]
        dynamic_video = None
        if self.colour_mixing:
            dynamic_video = mixed_colours(video, self.colour_mixing, seeds[0], batch_slice)
        if self.random_erasing:
            before = video if dynamic_video is None else dynamic_video
            dynamic_video = erased(before, self.random_erasing, seeds[1], batch_slice)
        return Seen(
            random_frames(frames, self.static_frames, static_seed),
            random_frames(frames, self.likelihood_frames, likelihood_seed),
            dynamic_video,
        )

    def check(self) -> "Views":
        """Itself; raises UserError for a setting out of its range.

        Example:
          >>> tf_dsae.Views(static_frames=2).check()
          Views(colour_mixing=0.0, static_frames=2, likelihood_frames=0, random_erasing=0.0)
        """
        check_share("colour_mixing", self.colour_mixing)
        check_whole("static_frames", self.static_frames, 0, "frames")
        check_whole("likelihood_frames", self.likelihood_frames, 0, "frames")
        check_share("random_erasing", self.random_erasing)
        return self


def mixed_colours(
    video: tf.Tensor, share: float, seed: tf.Tensor, batch_slice: BatchSlice | None = None
) -> tf.Tensor:
    """`share` of the videos [B, T, H, W, C] in [0, 1] in other colours, one change for a clip.

    A pixel's channels become random mixtures of them: rows of a matrix of uniform numbers, scaled
    to sum to between 0.4 and 1.6; what is brighter than 1 becomes 1. Black stays black.

    Example, a black frame and a white one:
      >>> video = tf.stack([tf.zeros([1, 4, 4, 3]), tf.ones([1, 4, 4, 3])], 1)
      >>> mixed = mixed_colours(video, 1.0, tf.constant([0, 1]))
      >>> float(tf.reduce_max(mixed[:, 0])), bool(tf.reduce_all(mixed[:, 1] > 0.39))
      (0.0, True)
    """
    here, channels = tf.shape(video)[0], video.shape[-1]
    videos = batch_slice.total if batch_slice else here
    mixture_seed, sum_seed, share_seed = tf.unstack(tfp.random.split_seed(seed, 3))
    mixture = tf.random.stateless_uniform([videos, channels, channels], mixture_seed)
    sums = tf.random.stateless_uniform([videos, channels, 1], sum_seed, _DARKEST, _BRIGHTEST)
    mixture *= sums / tf.reduce_sum(mixture, -1, keepdims=True)
    is_mixed = tf.random.stateless_uniform([videos, 1, 1], share_seed) < share
    mixture = tf.where(is_mixed, mixture, tf.eye(channels))
    if batch_slice:
        mixture = batch_slice.of(mixture, here)
    pixels = tf.reshape(video, [here, -1, channels])
    mixed = tf.minimum(tf.matmul(pixels, mixture, transpose_b=True), 1.0)
    return tf.reshape(mixed, tf.shape(video))


def erased(
    video: tf.Tensor, share: float, seed: tf.Tensor, batch_slice: BatchSlice | None = None
) -> tf.Tensor:
    """`share` of the videos [B, T, H, W, C] with a rectangle in one colour, one for a clip.

    Random erasing (Zhong et al. 2017, arXiv 1708.04896), the same in every frame. Its middle is
    anywhere, its sides are 0.3 to 0.6 of the frame's, less what lies outside, its channels
    anything in [0, 1].

    Example:
      >>> video = tf.zeros([2, 3, 16, 16, 1])
      >>> seen = erased(video, 1.0, tf.constant([0, 1]))
      >>> bool(tf.reduce_all(seen[:, 0] == seen[:, 2])), bool(tf.reduce_any(seen > 0))
      (True, True)
    """
    here, (height, width, channels) = tf.shape(video)[0], video.shape[2:]
    videos = batch_slice.total if batch_slice else here
    numbers = tf.random.stateless_uniform([videos, 5 + channels], seed)
    if batch_slice:
        numbers = batch_slice.of(numbers, here)
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


def random_frames(num_frames: int | tf.Tensor, count: int, seed: tf.Tensor) -> tf.Tensor:
    """`count` of the places 0..num_frames - 1 at random, without repetition; all for a count of 0.

    All of them, too, where there are no more than `count`.

    Example:
      >>> sorted(random_frames(3, 5, tf.constant([0, 1])).numpy().tolist())
      [0, 1, 2]
    """
    if not count:
        return tf.range(num_frames)
    is_known = isinstance(num_frames, int)
    shown = min(count, num_frames) if is_known else tf.minimum(count, num_frames)
    order = tf.random.stateless_uniform([num_frames], seed)  # XLA has no stateless_shuffle.
    return tf.math.top_k(order, shown).indices
