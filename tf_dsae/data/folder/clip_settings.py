"""How files become clips."""

import dataclasses
from typing import Any

from tf_dsae.core.checks import MAX_SIDE, check_choice, check_whole, from_dict, is_number, quote
from tf_dsae.core.errors import UserError

RESIZE_MODES = ("crop", "pad")
MAX_FRAMES = 10_000  # Of one clip; also the longest stride and hop.
MAX_CLIP_BYTES = 2**30  # A TFRecord holds no more than twice as much.


@dataclasses.dataclass(frozen=True)
class ClipSettings:
    """How files become clips.

    Attributes:
      frame_size: (height, width) of a frame, pixels.
      channels: 1 for grey, by luma, or 3 for colour.
      resize_mode: keeps the aspect ratio; "crop" takes the centre, "pad" adds black.
      num_frames: T, frames of a clip.
      stride: every stride-th frame of a file is taken.
      hop: frames of a file between the starts of clips; 0 for num_frames * stride, so that clips
        do not overlap.
      test_fraction: of the files that are held out, above 0 and below 1.
      dynamic_factors: columns of labels.csv that describe the motion. When a folder is opened,
        default names without a column are ignored, and other names without a column are refused.

    Raises:
      UserError: where a setting is out of its range.

    Example:
      >>> clips = tf_dsae.ClipSettings(frame_size=(48, 64), num_frames=5, stride=2)
    """

    frame_size: tuple[int, int] = (64, 64)
    channels: int = 3
    resize_mode: str = "crop"
    num_frames: int = 8
    stride: int = 1
    hop: int = 0
    test_fraction: float = 0.2
    dynamic_factors: tuple[str, ...] = ("action", "motion")

    def __post_init__(self) -> None:
        if not isinstance(self.frame_size, tuple) or len(self.frame_size) != 2:
            raise UserError(
                f"frame_size: expected (height, width), received {quote(self.frame_size)}"
            )
        for side in self.frame_size:
            check_whole("frame_size", side, 1, "pixel", MAX_SIDE)
        if not any(self.channels is value for value in (1, 3)):
            raise UserError(
                f"channels: expected 1 for grey or 3 for colour, received {quote(self.channels)}"
            )
        check_choice("resize_mode", self.resize_mode, RESIZE_MODES)
        for name, least in (("num_frames", 1), ("stride", 1), ("hop", 0)):
            check_whole(name, getattr(self, name), least, largest=MAX_FRAMES)
        if self.num_frames * self.frame_bytes > MAX_CLIP_BYTES:
            raise UserError(
                f"num_frames: expected a clip of at most {MAX_CLIP_BYTES / 1e6:.0f} MB, received "
                f"{self.num_frames} frames of {self.frame_bytes / 1e6:.1f} MB; take fewer or "
                "smaller frames"
            )
        if not is_number(self.test_fraction) or not 0 < self.test_fraction < 1:
            raise UserError(
                "test_fraction: expected a number above 0 and below 1, received "
                f"{quote(self.test_fraction)}"
            )
        names = self.dynamic_factors
        if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
            raise UserError(f"dynamic_factors: expected names of columns, received {quote(names)}")

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame.

        Example:
          >>> clips.frame_bytes
          9216
        """
        return self.frame_size[0] * self.frame_size[1] * self.channels

    @property
    def span(self) -> int:
        """Frames of a file from the first to the last of a clip.

        Example:
          >>> clips.span
          9
        """
        return (self.num_frames - 1) * self.stride + 1

    @property
    def clip_hop(self) -> int:
        """Frames of a file between the starts of clips.

        Example:
          >>> clips.clip_hop
          10
        """
        return self.hop or self.num_frames * self.stride

    @property
    def clip_shape(self) -> tuple[int, int, int, int]:
        """(T, H, W, C) in frames, pixels, pixels, channels.

        Example:
          >>> clips.clip_shape
          (5, 48, 64, 3)
        """
        return (self.num_frames, *self.frame_size, self.channels)

    @classmethod
    def from_dict(cls, settings: Any) -> "ClipSettings":
        """The inverse of `dataclasses.asdict`, also after JSON; UserError for anything else.

        Takes settings of version 0.1 too, which called resize_mode "fit".

        Example:
          >>> tf_dsae.ClipSettings.from_dict(dataclasses.asdict(clips)) == clips
          True
        """
        if isinstance(settings, dict) and "fit" in settings and "resize_mode" not in settings:
            settings = {"resize_mode" if k == "fit" else k: v for k, v in settings.items()}
        return from_dict(cls, "clip settings", settings)
