"""Results of an evaluation: the one definition of evaluation.json, its reader and its writer."""

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import parse_json, read_json, write_json
from tf_dsae.core.typed_json import Count, Name, read_typed, to_plain
from tf_dsae.data.data_source import find_baselines
from tf_dsae.metrics.disagreement import Disagreement
from tf_dsae.metrics.information import Information
from tf_dsae.metrics.latent_scores import LatentScores

EVALUATION = "evaluation.json"
LATENTS = {"static": "f", "dynamic": "z"}


class JudgeScore(NamedTuple):
    """A judge's accuracy on real test videos, a fraction."""

    accuracy: float | None = None


class KeptFactors(NamedTuple):
    """The field's protocol: true labels, posterior means.

    content_kept, motion_kept: factor -> accuracy, f or z kept. The others are those of
    `tf_dsae.metrics.Inception`, of the first dynamic factor; None where there is none.
    """

    content_kept: dict[str, float] = {}
    motion_kept: dict[str, float] = {}
    inception_score: float | None = None
    entropy_y_given_x: float | None = None
    entropy_y: float | None = None

    @property
    def accuracies(self) -> dict[str, float]:
        """Factor -> accuracy, with f or z kept."""
        return {**self.content_kept, **self.motion_kept}


class LatentInformation(NamedTuple):
    """The mean KLs of f and of z, split; None of z_t that depend on each other, as mixed then."""

    static: Information
    dynamic: Information | None


class Collapsed(NamedTuple):
    """Whether the posteriors of f and of z collapsed on their priors."""

    static: bool = False
    dynamic: bool = False


class Baseline(NamedTuple):
    """A row of a published table; None for figures that it does not have."""

    disagreement: float
    kl_recon: float | None = None
    kl_random: float | None = None


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Measurements of one model: fractions in [0, 1], KLs and bounds in nats per video.

    Attributes:
      dataset, fingerprint: name of the data and digest of their source material.
      num_videos: test videos that were looked at.
      seed, reference, motion_prior, importance_samples, batch_size: settings of the protocol.
      elbo: term of the bound -> its mean over the videos; "importance_weighted" beside them.
      judges_digest: SHA-256 of the judges. judges: factor -> their accuracy on real videos.
      table: factor -> disagreement and KLs, as the 2019 paper's tables have them.
      protocol: accuracies against true labels, as the field reports them.
      latents: MIG, DCI, SAP and linear probes.
      information: the mean KLs, split; None in files without.
      collapsed: which posteriors collapsed on their priors.
      asked_videos, show_source: arguments of `tf_dsae.evaluate`.
      weights: SHA-256 of the model's weights.
      versions: package -> version.
      beta: "f" and "z" -> the schedule of its KL's weight.
      baselines: published table -> factor -> its row, of this data set only.

    Example:
      >>> evaluation.table["skin"].disagreement
      0.25
      >>> tf_dsae.Evaluation.from_json(evaluation.to_json()) == evaluation
      True
    """

    dataset: Name
    fingerprint: Name | None = None
    num_videos: Count
    seed: int | None = None
    reference: Name = "data"
    motion_prior: Name = "learned"
    importance_samples: int | None = None
    elbo: dict[str, float]
    judges_digest: Name | None = None
    judges: dict[str, JudgeScore]
    table: dict[str, Disagreement]
    protocol: KeptFactors
    latents: LatentScores
    information: LatentInformation | None = None
    collapsed: Collapsed = Collapsed()
    batch_size: int | None = None
    asked_videos: int | None = None
    show_source: bool = True
    weights: Name | None = None
    versions: dict[str, Name] = field(default_factory=dict)
    beta: dict[str, str | float] = field(default_factory=dict)
    baselines: dict[str, dict[str, Baseline]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values, needed in (
            ("elbo", self.elbo, ("elbo", "static_kl", "dynamic_kl")),
            ("latents.probe", self.latents.probe, ("static", "dynamic")),
        ):
            if missing := [key for key in needed if key not in values]:
                raise UserError(f"{name}.{missing[0]}: expected a value, found none")
        probe = self.latents.probe
        if set(probe["static"]) != set(probe["dynamic"]):
            raise UserError("latents.probe.dynamic: expected the factors of latents.probe.static")

    @classmethod
    def from_dict(cls, value: Any, name: str = "evaluation") -> "Evaluation":
        """Reads plain values from anyone, also those of version 0.1.

        UserError, which begins with `name`, where a part of `value` is missing or of another kind.

        Example:
          >>> tf_dsae.Evaluation.from_dict(evaluation.to_dict()).num_videos
          4
        """
        if isinstance(value, dict) and "baselines" not in value:
            dataset = value.get("dataset")
            known = find_baselines(dataset) if isinstance(dataset, str) else {}
            value = {**value, "baselines": known}
        return read_typed(cls, value, name, "evaluate again")

    @classmethod
    def from_json(cls, text: str) -> "Evaluation":
        """Reads the `text` of an evaluation.json; UserError for any other text.

        Example:
          >>> tf_dsae.Evaluation.from_json(evaluation.to_json()).dataset
          'black'
        """
        content = text.encode(errors="surrogatepass")
        return cls.from_dict(parse_json(content, "evaluation", f"an {EVALUATION}"))

    @classmethod
    def read(cls, path: str | os.PathLike) -> "Evaluation":
        """Reads an evaluation.json; `path` may also be its folder or that of its run.

        UserError where there is none, or it is another file.

        Example:
          >>> evaluation.write("evaluation.json")
          >>> tf_dsae.Evaluation.read("evaluation.json") == evaluation
          True
        """
        path = Path(path).expanduser()
        for place in (path / EVALUATION, path / "evaluation" / EVALUATION):
            if path.is_dir() and place.exists():
                path = place
                break
        if path.is_dir():
            raise UserError(
                f"{path}: expected an evaluated run, found no {EVALUATION} in it; bin/evaluate "
                f"--workdir={path} makes one"
            )
        value = read_json(path, f"an {EVALUATION} or the folder of an evaluated run")
        if not isinstance(value, dict) or not {"dataset", "elbo", "table"} <= set(value):
            raise UserError(f"{path}: expected an {EVALUATION}, received another file")
        return cls.from_dict(value, str(path))

    def write(self, path: str | os.PathLike) -> None:
        """Writes evaluation.json to `path`, whole or not at all.

        Example:
          >>> evaluation.write("evaluation.json")
        """
        write_json(path, self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as evaluation.json holds them.

        Example:
          >>> evaluation.to_dict()["elbo"]["static_kl"]
          2.0
        """
        return to_plain(self)

    def to_json(self) -> str:
        """The text of evaluation.json.

        Example:
          >>> '"num_videos": 4' in evaluation.to_json()
          True
        """
        return json.dumps(self.to_dict(), indent=1, allow_nan=False)

    def kept_latent(self, factor: str) -> str:
        """ "z" for a dynamic `factor`, "f" for a static one.

        Example:
          >>> evaluation.kept_latent("skin")
          'f'
        """
        return "z" if factor in self.protocol.motion_kept else "f"

    @property
    def collapsed_latents(self) -> list[str]:
        """Those of "f" and "z" whose posterior collapsed on its prior.

        Example:
          >>> evaluation.collapsed_latents
          []
        """
        return [name for latent, name in LATENTS.items() if getattr(self.collapsed, latent)]

    def show(self) -> None:
        """Displays the tables in a notebook; prints the paper's table elsewhere.

        Example:
          >>> evaluation.show()  # doctest: +ELLIPSIS
          Disagreement
          ...
        """
        from tf_dsae.evaluation.evaluation_report import show

        show(self)
