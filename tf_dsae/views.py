"""What the encoders and the likelihood see of a clip while a model is trained."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.checks import check_share, check_whole
from tf_dsae.replicas import BatchSlice

# A mixed picture's channels are between so many times as bright and so many.
_DARKEST, _BRIGHTEST = 0.4, 1.6


class Seen(NamedTuple):
    """Places of the frames that f's encoder sees and of those that the likelihood is of, int32
    [<= T] each, the same for all videos; and the videos in other colours, None where they are not.
    """

    static_frames: tf.Tensor
    likelihood_frames: tf.Tensor
    mixed: tf.Tensor | None


class Views(NamedTuple):
    """What is seen of a clip in training; by default all of it, as it is.

    The bound stays a bound, or an unbiased estimate of one: a posterior may see what it likes of x.

    Attributes:
      colour_mixing: share of the clips that z's encoder sees in other colours, see `mixed_colours`,
        so that z has no use for a colour, and f has. Observations are videos in [0, 1] then.
      static_frames: how many frames, drawn at random, f's encoder sees; 0, or T and more: all.
      likelihood_frames: how many frames, drawn at random, the likelihood is estimated from, for the
        time that decoding the others takes; 0, or T and more: all.

    Example:
      >>> tf_dsae.Views(colour_mixing=0.75, likelihood_frames=4).static_frames
      0
    """

    colour_mixing: float = 0.0
    static_frames: int = 0
    likelihood_frames: int = 0

    def of(self, video: tf.Tensor, seed: tf.Tensor, batch_slice: BatchSlice | None = None) -> Seen:
        """What is seen of videos [B, T, ...]; the seed, int32 [2], draws it.

        With a batch_slice, the videos are that slice of a batch.

        Example:
          >>> views = tf_dsae.Views(static_frames=2, likelihood_frames=4)
          >>> seen = views.of(tf.zeros([3, 5, 8, 8, 1]), tf.constant([0, 1]))
          >>> seen.static_frames.shape, seen.likelihood_frames.shape, seen.mixed is None
          (TensorShape([2]), TensorShape([4]), True)
        """
        static_seed, likelihood_seed, colour_seed = tf.unstack(tfp.random.split_seed(seed, 3))
        frames = video.shape[1] or tf.shape(video)[1]
        mixed = None
        if self.colour_mixing:
            mixed = mixed_colours(video, self.colour_mixing, colour_seed, batch_slice)
        return Seen(
            random_frames(frames, self.static_frames, static_seed),
            random_frames(frames, self.likelihood_frames, likelihood_seed),
            mixed,
        )

    def check(self) -> "Views":
        """Itself; raises UserError for a setting out of its range.

        Example:
          >>> tf_dsae.Views(static_frames=2).check()
          Views(colour_mixing=0.0, static_frames=2, likelihood_frames=0)
        """
        check_share("colour_mixing", self.colour_mixing)
        check_whole("static_frames", self.static_frames, 0, "frames")
        check_whole("likelihood_frames", self.likelihood_frames, 0, "frames")
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
