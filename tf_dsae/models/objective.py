"""What training maximises: the weighted bound less the weighted costs of added terms."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise, gather_replicas
from tf_dsae.core.schedules import Points, as_points
from tf_dsae.core.types import Latents, Posterior
from tf_dsae.models.variational_bound import ElboTerms

Weight = float | str | Points


class Step(NamedTuple):
    """What a term sees of a step: a replica's B sequences, and what the model made of them.

    Attributes:
      x: the sequences as the model takes them, [B, T, ...].
      mask: which frames are there, bool [B, T].
      posterior: q(f | x), and q(z | .) at the samples of f.
      latents: S samples of it, f [S, B, F] and z [S, B, T, Z].
      likelihood: p(x_t | z_t, f) at these samples, for the frames `frames`, batch [S, B, T'].
      frames: the frames that the likelihood is of, int32 [T'].
      model: the model, whose parts a term may call.
      noise: of this term; everything random is a function of it.
      training: False where held-out sequences are scored.

    Example:
      >>> tf_dsae.Step._fields[:4]
      ('x', 'mask', 'posterior', 'latents')
    """

    x: tf.Tensor
    mask: tf.Tensor
    posterior: Posterior
    latents: Latents
    likelihood: tfd.Distribution
    frames: tf.Tensor
    model: Any
    noise: Noise
    training: bool

    def gather(self, values: tf.Tensor) -> tf.Tensor:
        """Values [B, ...] of this replica's sequences joined with those of all replicas.

        Gradients pass to every replica. Held-out sequences are not gathered.

        Raises:
          UserError: the step takes its batch in several parts (`accumulate_steps`).

        Example, of held-out sequences:
          >>> step = tf_dsae.Step(*[None] * 8, training=False)
          >>> step.gather(tf.constant([1.0, 2.0])).numpy().tolist()
          [1.0, 2.0]
        """
        if not self.training:
            return values
        refuse_parts(self.model)
        return gather_replicas(values)


def refuse_parts(model: Any, name: str = "terms") -> None:
    """Raises UserError where a model takes its batch in parts, as a term needs the whole batch."""
    if model.accumulate_steps > 1:
        raise UserError(
            f"accumulate_steps: expected 1 with {name} that need the whole batch, received "
            f"{model.accumulate_steps}; leave it out, or leave them out"
        )


class Term:
    """A cost that is subtracted from the bound, times its weight.

    A subclass has a `name`, which is its key in the history, in metrics.csv and in curves, and
    `__call__(step)`, which returns the cost of every sequence, [B], or of the whole batch, [].
    Costs are in nats where they can be.

    Args:
      weight: a number of at least 0, ((step, value), ...) that is linear between steps, or a text
        such as "0:0,30%:1".

    Attributes:
      needs_batch: whether a cost [B] compares sequences with each other, so that a batch may not be
        taken in parts. A cost [] always does.

    Example:
      >>> class Sparse(tf_dsae.Term):
      ...     name = "sparse"
      ...     def __call__(self, step):
      ...         return tf.reduce_sum(abs(step.posterior.static.mean()), -1)
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> model.compile("adam", terms=[Sparse(weight=0.1)])
      >>> history = model.fit(np.zeros([2, 3, 64, 64, 3], np.uint8), verbose=0)
      >>> sorted(history.history)
      ['dynamic_kl', 'elbo', 'log_likelihood', 'sparse', 'static_kl']
    """

    name: str = ""
    needs_batch = False
    weight: Weight = 1.0

    def __init__(self, weight: Weight = 1.0):
        self.weight = weight

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        keras.saving.register_keras_serializable(cls.__module__)(cls)

    def __call__(self, step: Step) -> tf.Tensor:
        raise TypeError(f"{type(self).__name__} has no __call__(step); a term needs one")

    def get_config(self) -> dict[str, Any]:
        """The arguments that make it again; a subclass with other arguments adds them."""
        return {"weight": self.weight}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        return cls(**config)


# Columns, logs and figures of other things.
_TAKEN = ("epoch", "step", "seconds", "sequences_per_second", "loss", "importance_weighted", "beta")


def check_term(term: Any) -> None:
    """Raises UserError unless it is a Term whose name can be a column."""
    if not isinstance(term, Term):
        raise UserError(f"terms: expected objects of tf_dsae.Term, received {quote(term)}")
    name = term.name
    if (
        not isinstance(name, str)
        or not re.fullmatch(r"[a-z][a-z0-9_]{0,59}", name)
        or name in _TAKEN
        or name.startswith(("val_", "beta_"))
    ):
        raise UserError(
            "name: expected that of a term, of lower-case letters, digits and underscores, that no "
            f"other column has, received {quote(name)}; set another in class {type(term).__name__}"
        )


class Objective:
    """log_likelihood - beta_f static_kl - beta_z dynamic_kl - sum of weight * term.

    With beta_f = beta_z = beta and no terms, the beta-VAE of Leplae-Arthur and Nichani (2019),
    Section 6.

    Args:
      beta_f, beta_z: weights of the KLs of f and z, each a number of at least 0,
        ((step, value), ...), linear between the steps, or a text such as "0:0,300:1".
      terms: what else is subtracted, of different names.
      total_steps: of the run, for schedules with percentages.

    Attributes:
      names: of the bound's terms and of the added ones, as history and tables have them.

    Raises:
      UserError: a weight makes no sense, or two terms have one name.

    Example:
      >>> Objective(beta_f=6.0).weights(step=0)["static_kl"].numpy()
      np.float32(6.0)
    """

    def __init__(
        self,
        beta_f: Weight = 1.0,
        beta_z: Weight = 1.0,
        terms: Sequence[Term] = (),
        total_steps: int | None = None,
    ):
        self.terms = tuple(terms)
        for term in self.terms:
            check_term(term)
        self.names = (*ElboTerms._fields, *(term.name for term in self.terms))
        if len(set(self.names)) < len(self.names):
            raise UserError(f"terms: expected different names, received {', '.join(self.names)}")
        weights = {"static_kl": beta_f, "dynamic_kl": beta_z}
        weights |= {term.name: term.weight for term in self.terms}
        called = {"static_kl": "beta_f", "dynamic_kl": "beta_z"}
        self.schedules = {
            name: as_points(weight, called.get(name, f"weight of {name}"), total_steps)
            for name, weight in weights.items()
        }

    def weights(self, step: int | tf.Tensor) -> dict[str, tf.Tensor]:
        """The weight of every cost at an optimiser step, float32 [].

        Example:
          >>> round(float(Objective(beta_z="0:1,10:3").weights(step=5)["dynamic_kl"]), 3)
          2.0
        """
        return {name: piecewise_linear(of, step) for name, of in self.schedules.items()}

    def evaluate_terms(self, step: Step) -> dict[str, tf.Tensor]:
        """The added terms of a step by name, [B] or [] each; raises UserError for another shape.

        Example, of none:
          >>> Objective().evaluate_terms(step=None)
          {}
        """
        values = {}
        for place, term in enumerate(self.terms):
            value = tf.cast(term(step._replace(noise=step.noise.fold_in(place))), tf.float32)
            if value.shape.rank not in (0, 1):
                raise UserError(
                    f"{term.name}: expected a cost for every sequence, [B], or for the batch, [], "
                    f"received the shape {value.shape}; sum over the other axes"
                )
            if value.shape.rank == 0 and step.training:
                refuse_parts(step.model, term.name)
            values[term.name] = value
        return values

    def combine(
        self, values: Mapping[str, tf.Tensor], step: int | tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """(what is maximised for every sequence, [B], and for the batch, []).

        Args:
          values: of the bound and of the terms, by name.
          step: optimiser steps taken.

        Example:
          >>> values = {"log_likelihood": [-3.0], "static_kl": [1.0], "dynamic_kl": [0.5]}
          >>> values = {name: tf.constant(value) for name, value in values.items()}
          >>> Objective(beta_f=2.0).combine(values, step=0)[0].numpy().tolist()
          [-5.5]
        """
        per_sequence, of_batch = values["log_likelihood"], tf.zeros([])
        for name, weight in self.weights(step).items():
            if values[name].shape.rank:
                per_sequence -= weight * values[name]
            else:
                of_batch -= weight * values[name]
        return per_sequence, of_batch


def piecewise_linear(points: Points, step: int | tf.Tensor) -> tf.Tensor:
    """The schedule's value at `step`, float32 []; constant before the first and after the last.

    Example, half way from 1 to 5:
      >>> float(piecewise_linear(((0.0, 1.0), (10.0, 5.0)), 5))
      3.0
    """
    step = tf.cast(step, tf.float32)
    steps, values = np.asarray(points, np.float32).T
    value = tf.constant(values[0])
    for left, right, low, high in zip(steps, steps[1:], values, values[1:], strict=False):
        fraction = tf.clip_by_value((step - left) / (right - left), 0.0, 1.0)
        value += (high - low) * fraction
    return value
