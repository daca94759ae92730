"""What the encoders and the likelihood see of a clip while a model is trained."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.checks import check_share, check_whole

# A mixed picture's channels are between so many times as bright and so many.
_DARKEST, _BRIGHTEST = 0.4, 1.6


class Seen(NamedTuple):
    """What f's encoder sees, [B, <= T, H, W, C], z's, [B, T, H, W, C], and the frames' places that
    the likelihood is of, int32 [<= T].
    """

    static: tf.Tensor
    dynamic: tf.Tensor
    frames: tf.Tensor


class Views(NamedTuple):
    """What is seen of a clip in training; by default all of it, as it is.

    The bound stays a bound, or an unbiased estimate of one: a posterior may see what it likes of x.

    Attributes:
      colour_mixing: share of the clips that z's encoder sees in other colours, see `mixed_colours`,
        so that z has no use for a colour, and f has.
      static_frames: how many frames, drawn at random, f's encoder sees; 0: all.
      likelihood_frames: how many frames, drawn at random, the likelihood is estimated from, for the
        time that decoding the others takes; 0: all.

    Example:
      >>> tf_dsae.Views(colour_mixing=0.75, likelihood_frames=4).static_frames
      0
    """

    colour_mixing: float = 0.0
    static_frames: int = 0
    likelihood_frames: int = 0

    def of(self, video: tf.Tensor, seed: tf.Tensor) -> "Seen":
        """What is seen of videos [B, T, H, W, C] in [0, 1]; the same frames of all of them.

        Example:
          >>> views = tf_dsae.Views(static_frames=2, likelihood_frames=4)
          >>> seen = views.of(tf.zeros([3, 5, 8, 8, 1]), tf.constant([0, 1]))
          >>> seen.static.shape, seen.dynamic.shape, seen.frames.shape
          (TensorShape([3, 2, 8, 8, 1]), TensorShape([3, 5, 8, 8, 1]), TensorShape([4]))
        """
        static_seed, colour_seed, frame_seed = tf.unstack(tfp.random.split_seed(seed, 3))
        frames = video.shape[1]
        static = dynamic = video
        if 0 < self.static_frames < frames:
            static = tf.gather(
                video, random_frames(frames, self.static_frames, static_seed), axis=1
            )
        if self.colour_mixing:
            dynamic = mixed_colours(video, self.colour_mixing, colour_seed)
        shown = random_frames(frames, self.likelihood_frames or frames, frame_seed)
        return Seen(static, dynamic, shown)

    def check(self) -> "Views":
        """Itself; raises UserError for a setting out of its range."""
        check_share("colour_mixing", self.colour_mixing)
        check_whole("static_frames", self.static_frames, 0, "frames")
        check_whole("likelihood_frames", self.likelihood_frames, 0, "frames")
        return self


def mixed_colours(video: tf.Tensor, share: float, seed: tf.Tensor) -> tf.Tensor:
    """`share` of the videos [B, T, H, W, C] in [0, 1] in other colours, one change for a clip.

    A pixel's channels become random mixtures of them: rows of a matrix of uniform numbers, scaled
    to sum to between 0.4 and 1.6; what is brighter than 1 becomes 1. Black stays black.

    Example, a white pixel whose two channels are grey by chance alone:
      >>> mixed_colours(tf.ones([1, 1, 1, 1, 3]), 1.0, tf.constant([0, 1])).shape
      TensorShape([1, 1, 1, 1, 3])
    """
    videos, channels = tf.shape(video)[0], video.shape[-1]
    mixture_seed, sum_seed, share_seed = tf.unstack(tfp.random.split_seed(seed, 3))
    mixture = tf.random.stateless_uniform([videos, channels, channels], mixture_seed)
    sums = tf.random.stateless_uniform([videos, channels, 1], sum_seed, _DARKEST, _BRIGHTEST)
    mixture *= sums / tf.reduce_sum(mixture, -1, keepdims=True)
    is_mixed = tf.random.stateless_uniform([videos, 1, 1], share_seed) < share
    mixture = tf.where(is_mixed, mixture, tf.eye(channels))
    pixels = tf.reshape(video, [videos, -1, channels])
    mixed = tf.minimum(tf.matmul(pixels, mixture, transpose_b=True), 1.0)
    return tf.reshape(mixed, tf.shape(video))


def random_frames(num_frames: int, count: int, seed: tf.Tensor) -> tf.Tensor:
    """`count` of the frames' places 0..num_frames - 1 without repetition, or all where fewer.

    Example:
      >>> sorted(random_frames(3, 5, tf.constant([0, 1])).numpy().tolist())
      [0, 1, 2]
    """
    shuffled = tf.random.experimental.stateless_shuffle(tf.range(num_frames), seed)
    return shuffled[: min(count, num_frames)]
