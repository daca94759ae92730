"""A method: what is learned. Its parts, its views, its terms, and the order in which it learns."""

import dataclasses
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tf_dsae.core.checks import check_choice, check_text, quote
from tf_dsae.core.errors import UserError
from tf_dsae.core.registry import Registry
from tf_dsae.core.schedules import as_points, check_schedule
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.models.views import Views, as_views

if TYPE_CHECKING:
    from tf_dsae.models.objective import Term, Weight


@dataclasses.dataclass(frozen=True)
class Method:
    """What is learned, whatever the sizes and the budget, which a preset says.

    Attributes:
      summary: what it adds and costs, in a line.
      parts: settings of ModelConfig, such as {"static_posterior": "mean"}.
      views: what is seen of a clip in training.
      terms: costs that are subtracted from the bound, see `tf_dsae.Term`.
      beta_f, beta_z: weights of the KLs of f and z, numbers or schedules as text.
    """

    summary: str
    parts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    views: Views = Views()
    terms: "Sequence[Term]" = ()
    beta_f: str = "1"
    beta_z: str = "1"

    def settings(self) -> dict[str, Any]:
        """What it says of a TrainingConfig, but for its name."""
        return {"beta_f": self.beta_f, "beta_z": self.beta_z, **vars(self.views)}


DEFAULT = Method(
    "colours and rectangles hidden from z, random frames for f, z before f",
    parts={"static_posterior": "mean"},
    views=Views(colour_mixing=0.75, static_frames=2, likelihood_frames=4, random_erasing=0.75),
    # First z alone learns, so that the motion is not in f. Then f is cheap, so that what stays
    # moves there. Last, z is cheap again, which pulls leftover motion out of f.
    beta_f="0:30,750/25%:30,760/26%:1,60%:1,80%:0.1",
    beta_z="0:1,750/25%:1,760/26%:3,2250/50%:3,2700/58%:1.5,60%:1.5,80%:0.2",
)
DSVAE = Method("the bound alone, with constant weights (Li and Mandt 2018)")

METHODS = Registry("method", {"default": DEFAULT, "dsvae": DSVAE})


def register_method(
    name: str,
    *,
    parts: Mapping[str, Any] | None = None,
    views: Views | Mapping[str, Any] | None = None,
    terms: "Sequence[Term]" = (),
    schedule: "Weight | Mapping[str, Weight]" = "1",
    summary: str = "",
) -> Method:
    """Adds a method, which `--method=NAME` and `tf_dsae.train(..., method=NAME)` then train.

    Args:
      name: of the method.
      parts: settings of ModelConfig by name, such as {"static_posterior": "mean"}.
      views: what is seen of a clip in training; by default all of it.
      terms: costs that are subtracted from the bound; their weights may be schedules as text.
      schedule: weight of both KLs, a number, ((step, value), ...) or a text; or {"beta_f": ...,
        "beta_z": ...}.
      summary: what it adds and costs, in a line.

    Returns:
      The method.

    Raises:
      UserError: a setting that there is none of, one that makes no sense, or a name that is taken.
      A part is looked up when it is used, so that it may be registered later.

    Example:
      >>> method = tf_dsae.register_method(
      ...     "short_f", parts={"static_size": 4}, views={"static_frames": 1}, schedule=6
      ... )
      >>> method.beta_f
      '6'
    """
    check_text("summary", summary)
    sizes = [field.name for field in dataclasses.fields(ModelConfig)]
    for setting in parts or {}:
        check_choice("parts", setting, sizes)
    if isinstance(views, Mapping):
        views = dict(views)
    if not isinstance(schedule, Mapping):
        schedule = {"beta_f": schedule, "beta_z": schedule}
    betas = {}
    for key, weight in schedule.items():
        check_choice("schedule", key, ("beta_f", "beta_z"))
        betas[key] = _as_text(weight, key)
    method = Method(summary, dict(parts or {}), as_views(views), _checked(terms), **betas)
    METHODS.add(name, method, sys._getframe(1).f_globals.get("__name__", ""))
    return method


def _as_text(weight: Any, name: str) -> str:
    """A weight or schedule as settings have it."""
    if isinstance(weight, str):
        check_schedule(weight, name)
        return weight
    points = as_points(weight, name)
    if len(points) == 1:
        return f"{points[0][1]:g}"
    return ",".join(f"{step:g}:{value:g}" for step, value in points)


def _checked(terms: Any) -> "tuple[Term, ...]":
    if not isinstance(terms, Sequence):
        raise UserError(f"terms: expected [tf_dsae.Term, ...], received {quote(terms)}")
    if terms:  # Who has some has loaded TensorFlow for them.
        from tf_dsae.models.objective import check_term

        for term in terms:
            check_term(term)
    return tuple(terms)
