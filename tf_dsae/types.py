"""Named groups of values that travel between modules."""

from typing import Any, NamedTuple


class Posterior(NamedTuple):
    """q(f | x) and q(z_1:T | .): TFP distributions.

    static: event [F], batch [B]. dynamic: event [Z], batch [B, T], or [S, B, T] given S samples
    of f that it depends on.
    """

    static: Any
    dynamic: Any


class Latents(NamedTuple):
    """static: f [..., B, F]. dynamic: z [..., B, T, Z]. Both float32."""

    static: Any
    dynamic: Any
