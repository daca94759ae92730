"""The kind of a data set's sequences and the shape of a frame."""

import dataclasses

from tf_dsae.core.checks import check_choice, check_positive, check_whole, quote
from tf_dsae.core.errors import UserError

KINDS = ("video", "audio", "series")


@dataclasses.dataclass(frozen=True)
class SequenceSpec:
    """The kind of a data set's sequences.

    Attributes:
      kind: "video", "audio" or "series".
      frame_shape: (H, W, C) of a video, in pixels and 1 or 3 channels; (D,) of others.
      channels: names of the D entries of a frame; None where they have none, as in a video.
      rate: frames per second; None if unknown.

    Raises:
      UserError: a value is out of its range, or the values do not go together.

    Example:
      >>> SequenceSpec("series", (2,), channels=("ax", "ay"), rate=50.0).frame_shape
      (2,)
    """

    kind: str
    frame_shape: tuple[int, ...]
    channels: tuple[str, ...] | None = None
    rate: float | None = None

    def __post_init__(self) -> None:
        check_choice("kind", self.kind, KINDS)
        expected = ("H", "W", "C") if self.kind == "video" else ("D",)
        if not isinstance(self.frame_shape, tuple) or len(self.frame_shape) != len(expected):
            raise UserError(
                f"frame_shape: expected [{', '.join(expected)}] for {self.kind}, received "
                f"{quote(self.frame_shape)}"
            )
        for size in self.frame_shape:
            check_whole("frame_shape", size, 1)
        if self.kind == "video" and self.frame_shape[-1] not in (1, 3):
            raise UserError(
                f"frame_shape: expected 1 or 3 channels of a video, received {self.frame_shape[-1]}"
            )
        if self.rate is not None:
            check_positive("rate", self.rate, "frames a second")
        names, count = self.channels, self.frame_shape[-1]
        if names is None:
            return
        are_names = isinstance(names, tuple) and all(isinstance(name, str) for name in names)
        if not are_names or len(set(names)) != count or "" in names:
            raise UserError(f"channels: expected {count} different names, received {quote(names)}")
