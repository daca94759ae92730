"""The signatures of an exported model, and the functions behind them."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import tensorflow as tf

from tf_dsae.export.request_checks import check_request
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.models.variational_bound import ElboTerms

# A few bytes may ask for any number of frames. gRPC clients take answers of 4 MB unless told
# otherwise, so nobody misses more than this, and a mistyped count does not take the server down.
_LARGEST_ANSWER = 2**28


class Value(NamedTuple):
    """A tensor that goes in or comes out.

    shape: sizes; a letter is any size of at least 1, the same in all of a signature's inputs.
    meaning: with the unit or the range.
    """

    name: str
    dtype: str
    shape: tuple[int | str, ...]
    meaning: str

    def spec(self) -> tf.TensorSpec:
        """The value as a tf.TensorSpec; letters are None."""
        sizes = [None if isinstance(size, str) else size for size in self.shape]
        return tf.TensorSpec(sizes, self.dtype, self.name)


class Signature(NamedTuple):
    """Inputs, outputs, and the purpose in one sentence."""

    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    meaning: str


def largest_draw(config: ModelConfig) -> int:
    """num_videos x num_frames that one request may draw: 256 MiB of float32 frames."""
    height, width, channels = config.frame_shape
    return max(1, _LARGEST_ANSWER // (4 * height * width * channels))


def signatures(
    config: ModelConfig, terms: Sequence[str] = ElboTerms._fields
) -> dict[str, Signature]:
    """Every signature of an exported model of this architecture and objective, by name."""
    given = Value("video", "uint8", ("B", "T", *config.frame_shape), "videos, 0 to 255")
    content = Value("content", "uint8", ("B", "S", *config.frame_shape), "videos, 0 to 255")
    made = Value("video", "float32", ("B", "T", *config.frame_shape), "videos, 0 to 1")
    f = Value("f", "float32", ("B", config.static_size), "what stays, N(0, 1) a priori")
    z = Value("z", "float32", ("B", "T", config.dynamic_size), "what moves, frame by frame")
    seed = Value("seed", "int32", (2,), "of everything that is drawn")
    draw = (
        seed,
        Value("num_videos", "int32", (), "B, at least 1"),
        Value("num_frames", "int32", (), "T, at least 1"),
    )
    reconstruct = Signature((given,), (made,), "Videos decoded from their posterior means.")
    return {
        "serving_default": reconstruct,
        "reconstruct": reconstruct,
        "encode": _encode(given, f, z),
        "decode": Signature((f, z), (made,), "The videos of given f and z."),
        "swap": Signature(
            (content, given._replace(name="motion")),
            (made,),
            "Videos with the f of content and the z of motion, both posterior means.",
        ),
        "sample_prior": Signature(draw, (f, z), "New f and z from their priors."),
        "generate": Signature(draw, (made,), "New videos from the priors of f and z."),
        "score": _score(given, seed, terms),
    }


def _encode(given: Value, f: Value, z: Value) -> Signature:
    posterior = tuple(
        value._replace(name=f"{value.name}_{short}", meaning=f"{long} of q({value.name} | video)")
        for value in (f, z)
        for short, long in (("mean", "mean"), ("stddev", "standard deviation"))
    )
    meaning = "The posterior of videos: static f and dynamic z."
    return Signature((given,), posterior, meaning)


def _score(given: Value, seed: Value, names: Sequence[str]) -> Signature:
    meanings = {
        "elbo": "lower bound on log p(video): log_likelihood - both KLs, nats per video",
        "log_likelihood": "log p(video | f, z) at one sample of the posterior, nats per video",
        "static_kl": "KL of q(f | video) from p(f), nats per video",
        "dynamic_kl": "KL of q(z | video) from p(z) along that sample, nats per video",
    }
    outputs = tuple(
        Value(name, "float32", ("B",), meanings.get(name, "a cost that training added"))
        for name in names
    )
    meaning = "The model's bound on the log-likelihood of videos, and its terms."
    return Signature((given, seed), outputs, meaning)


def concrete_functions(model: DSAE) -> dict[str, Any]:
    """The signatures as TensorFlow's concrete functions by name, with checks of requests.

    Bad values and sizes raise tf.errors.InvalidArgumentError with the name of the input, the
    expected value and the received one.
    """
    table, answers = signatures(model.config, model.objective.names), _answers(model)
    made = {name: _concrete(model, table[name], answer) for name, answer in answers.items()}
    return {"serving_default": made["reconstruct"], **made}


def _concrete(
    model: DSAE, signature: Signature, answer: Callable[..., dict[str, tf.Tensor]]
) -> Any:
    def checked(**request: tf.Tensor) -> dict[str, tf.Tensor]:
        return answer(**check_request(signature.inputs, request, largest_draw(model.config)))

    specs = {value.name: value.spec() for value in signature.inputs}
    return tf.function(checked, autograph=False).get_concrete_function(**specs)


def _answers(model: DSAE) -> dict[str, Callable[..., dict[str, tf.Tensor]]]:
    """The function of each signature, for checked requests."""

    def encode(video: tf.Tensor) -> dict[str, tf.Tensor]:
        f, z = model.encode(video)
        return {
            "f_mean": f.mean(),
            "f_stddev": f.stddev(),
            "z_mean": z.mean(),
            "z_stddev": z.stddev(),
        }

    def sample_prior(
        seed: tf.Tensor, num_videos: tf.Tensor, num_frames: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        f, z = model.sample_prior(num_videos, num_frames, seed)
        return {"f": f, "z": z}

    return {
        "reconstruct": lambda video: {"video": model.reconstruct(video)},
        "encode": encode,
        "decode": lambda f, z: {"video": model.decode(f, z).mean()},
        "swap": lambda content, motion: {"video": model.swap(content, motion)},
        "sample_prior": sample_prior,
        "generate": lambda seed, num_videos, num_frames: {
            "video": model.generate(num_videos, num_frames, seed)
        },
        "score": model.score,
    }
