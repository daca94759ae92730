"""Settings of what the encoders and the likelihood see of a clip while a model is trained."""

import dataclasses
from typing import Any

from tf_dsae.core.checks import check_choice, check_share, check_whole, later_setting, quote
from tf_dsae.core.errors import UserError


@dataclasses.dataclass(frozen=True)
class Views:
    """What is seen of a clip in training; by default all of it, as it is.

    The bound stays a bound, or an unbiased estimate of one: a posterior may see any part of x.

    Attributes:
      colour_mixing: share of the clips that z's encoder sees in other colours, so that colours are
        left to f; see `tf_dsae.models.augmentations.mix_colours`.
      static_frames: how many frames, drawn at random, f's encoder sees; 0, or T and more: all.
      likelihood_frames: how many frames, drawn at random, the likelihood is estimated from, which
        saves the time of decoding the others; 0, or T and more: all.
      random_erasing: share of the clips that z's encoder sees with a rectangle erased, so that what
        is seen in one place only, such as a shape of hair, is left to f; see
        `tf_dsae.models.augmentations.random_erase`.

    Raises:
      UserError: a setting is out of its range.

    Example:
      >>> tf_dsae.Views(colour_mixing=0.75, likelihood_frames=4).static_frames
      0
    """

    colour_mixing: float = later_setting(0.0)
    static_frames: int = later_setting(0)
    likelihood_frames: int = later_setting(0)
    random_erasing: float = later_setting(0.0)

    def __post_init__(self) -> None:
        check_share("colour_mixing", self.colour_mixing)
        check_whole("static_frames", self.static_frames, 0, "frames")
        check_whole("likelihood_frames", self.likelihood_frames, 0, "frames")
        check_share("random_erasing", self.random_erasing)


VIEWS = tuple(field.name for field in dataclasses.fields(Views))


def as_views(views: Any) -> Views:
    """Views, None for all of a clip, or what JSON makes of them.

    Example:
      >>> as_views({"static_frames": 2}) == tf_dsae.Views(static_frames=2)
      True
    """
    if isinstance(views, list) and 3 <= len(views) <= len(VIEWS):  # As version 0.1 saved them.
        return Views(*views)
    if isinstance(views, dict):
        for name in views:
            check_choice("views", name, VIEWS)
        return Views(**views)
    if views is not None and not isinstance(views, Views):
        raise UserError(f"views: expected tf_dsae.Views(...) or None, received {quote(views)}")
    return views or Views()
