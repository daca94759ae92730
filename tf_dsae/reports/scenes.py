"""The content of a model's pictures before they are drawn: labelled videos and texts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

Strips = Sequence[Sequence[tuple[str, np.ndarray]]]
Columns = Sequence[Sequence[tuple[str, np.ndarray | None]]]
_MOVING = 3  # Videos to a side of the table of swaps; more make a large file.
# Name -> title, caption, alternative text.
WORDS = {
    "data_sample": (
        "Held-out videos",
        "Videos that training never saw, chosen to differ from each other in every factor.",
        "Held-out videos, each of one content in one motion.",
    ),
    "swap": (
        "Swaps: the content of the first video, the motion of the second",
        "Moving: a row keeps the f of the clip at its left, a column the z of the clip above it. A "
        "row should show one content, such as a character, a column one motion.",
        "A table of videos: those of a row share the content at its left, those of a column the "
        "motion above it.",
    ),
    "reconstruction": (
        "Held-out videos and their reconstructions",
        "What passes through f and z: each video is decoded from its posterior means.",
        "Held-out videos, each with its reconstruction below.",
    ),
    "prior_f": (
        "z kept, f drawn from its prior: the same motion, a new content",
        "z is that of the clip above, f is drawn from N(0, I). Where f holds what stays and z what "
        "moves, the motion is kept and the content is another.",
        "Videos, each with one of the same z and a new f below.",
    ),
    "prior_z": (
        "f kept, z drawn from its prior: the same content, a new motion",
        "f is that of the clip above, z is rolled out from the learned prior. The content should "
        "stay; everything that changes was in z.",
        "Videos, each with one of the same f and a new z below.",
    ),
    "sample": (
        "f and z drawn from their priors",
        "New videos of no source: f is drawn from N(0, I), z is rolled out from the learned prior.",
        "Videos that the model made from its priors alone.",
    ),
    "interpolate_f": (
        "From one content to another: f in a straight line, z kept",
        "The number is the weight of the second video's f; z is that of the first, so the motion "
        "should stay on the way.",
        "Videos in which one content turns into another while the motion stays.",
    ),
    "interpolate_z": (
        "From one motion to another: z in a straight line, f kept",
        "The number is the weight of the second video's z; f is that of the first, so the "
        "content should stay on the way.",
        "Videos in which one motion turns into another while the content stays.",
    ),
}


class Pictures(NamedTuple):
    """A model's videos for the figures, float32 [N, T, H, W, C] in [0, 1].

    source, reconstruction: the same N videos. swaps [N, N, ...]: content i with motion j.
    prior_f: z of the source, f drawn anew. prior_z: f of the source, z rolled out anew.
    sample: both drawn anew.
    """

    source: np.ndarray
    reconstruction: np.ndarray
    swaps: np.ndarray
    prior_f: np.ndarray
    prior_z: np.ndarray
    sample: np.ndarray


# Equal if reconstructions are shown in place of source clips.
_WITHOUT_SOURCE = {
    "data_sample": (
        "Held-out videos, as the model shows them",
        "Reconstructions of videos that training never saw, chosen to differ in every factor.",
        "Reconstructed videos, each of one content in one motion.",
    ),
    "reconstruction": (
        "Reconstructions of held-out videos",
        "What passes through f and z: each video is decoded from its posterior means.",
        "Reconstructions of held-out videos.",
    ),
}


def words(name: str, show_source: bool) -> tuple[str, str, str]:
    """Title, caption and alternative text of a picture."""
    return WORDS[name] if show_source else _WITHOUT_SOURCE.get(name, WORDS[name])


class Scene(NamedTuple):
    """A picture before it is drawn: rows (label, video [T, H, W, C]) in groups.

    groups: as strips, one under the other. columns: as moving clips, side by side.
    """

    name: str
    title: str
    caption: str
    alt: str
    groups: Strips
    columns: Columns


def scenes(made: Pictures, show_source: bool) -> list[Scene]:
    """Reconstructions, swaps and what comes from the priors."""
    source = made.source if show_source else made.reconstruction
    video = "video" if show_source else "reconstruction"

    def beside(label: str, clips: np.ndarray) -> Strips:
        return [[(video, clip), (label, row)] for clip, row in zip(source, clips, strict=True)]

    reconstructions = beside("reconstruction", made.reconstruction)
    if not show_source:
        reconstructions = [group[:1] for group in reconstructions]
    groups = {
        "reconstruction": reconstructions,
        "prior_f": beside("new f", made.prior_f),
        "sample": [[(f"sample {k + 1}", clip)] for k, clip in enumerate(made.sample)],
        "prior_z": beside("new z", made.prior_z),
    }
    drawn = [Scene(name, *words(name, show_source), rows, rows) for name, rows in groups.items()]
    return [drawn[0], Scene("swap", *WORDS["swap"], *_swaps(source, made.swaps)), *drawn[1:]]


def _swaps(source: np.ndarray, swaps: np.ndarray) -> tuple[Strips, Columns]:
    """Strips of some swaps of N videos, and a moving table of all swaps of the first."""
    following = [(k, (k + 1) % len(source)) for k in range(len(source))]
    strips = [
        [("f from", source[a]), ("z from", source[b]), ("swap", swaps[a, b])] for a, b in following
    ]
    count = min(len(source), _MOVING)
    columns = [[("", None), *((f"f {k + 1}", clip) for k, clip in enumerate(source[:count]))]]
    for b in range(count):
        column = [(f"f {a + 1}, z {b + 1}", swaps[a, b]) for a in range(count)]
        columns.append([(f"z {b + 1}", source[b]), *column])
    return strips, columns


def data_scene(sample: np.ndarray, show_source: bool) -> Scene:
    """Videos [N, T, H, W, C] as they are, or as the model shows them."""
    rows = [(f"video {k + 1}", clip) for k, clip in enumerate(sample)]
    across = min(len(rows), 4)
    return Scene(
        "data_sample",
        *words("data_sample", show_source),
        [[row] for row in rows],
        [rows[column::across] for column in range(across)],
    )


def interpolation_scenes(ends: np.ndarray, f_path: np.ndarray, z_path: np.ndarray) -> list[Scene]:
    """Two videos [2, T, H, W, C] and the way from one to the other, in f and in z."""
    first, second = ("first", ends[0]), ("second", ends[1])
    drawn = []
    for name, clips in (("interpolate_f", f_path), ("interpolate_z", z_path)):
        weights = np.linspace(0, 1, len(clips))
        rows = [(f"{weight:.2g}", clip) for weight, clip in zip(weights, clips, strict=True)]
        half = -(-len(rows) // 2)
        columns = [[first, second], *(rows[k::half] for k in range(half))]
        drawn.append(Scene(name, *WORDS[name], [[first, second], rows], columns))
    return drawn
