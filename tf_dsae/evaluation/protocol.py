"""Settings of an evaluation, checked without TensorFlow."""

import dataclasses

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError

MIN_ACCURACY = 0.995  # Fraction of the test videos that every judge must name right.
REFERENCES = ("data", "reconstruction")
MOTION_PRIORS = ("learned", "standard_normal")


@dataclasses.dataclass(frozen=True)
class Protocol:
    """How videos are generated and compared.

    Attributes:
      reference: the video to compare a generated one with: "data", the real one, or
        "reconstruction", decoded from q's own samples (2019 paper, Sections 5.4 and 4).
      motion_prior: distribution of a new z, "learned", p(z_t | z_<t), or "standard_normal".
      importance_samples: samples of q for each video's importance-weighted bound; 0 leaves it out.
      batch_size: videos at a time.
      seed: of everything that is drawn.

    Raises:
      UserError: an unknown choice, or a number out of range.
    """

    reference: str = "data"
    motion_prior: str = "learned"
    importance_samples: int = 4
    batch_size: int = 32
    seed: int = 0

    def __post_init__(self) -> None:
        for name, choices in (("reference", REFERENCES), ("motion_prior", MOTION_PRIORS)):
            given = getattr(self, name)
            if given not in choices:
                raise UserError(f"{name}: expected one of {', '.join(choices)}, received {given!r}")
        check_whole("importance_samples", self.importance_samples, 0)
        check_whole("batch_size", self.batch_size, 1, "video")
        check_whole("seed", self.seed, 0)
        if self.seed > 2**31 - 1:
            raise UserError(f"seed: expected at most {2**31 - 1}, received {self.seed}")
