"""Measures of a split into f and z: pure functions of arrays, for the latents of any model.

They know neither models nor data sets. Their libraries are imported on first use.
"""

import importlib
from typing import Any

_HOMES = {
    "bootstrap": ("bootstrap_intervals", "resample_means"),
    "disagreement": (
        *("Disagreement", "VideoDisagreement", "disagreement_per_video", "measure_disagreement"),
    ),
    "disentanglement": (
        *("FactorScore", "dci_of_importances", "measure_dci", "measure_latents"),
        *("mutual_information_gap", "separated_attribute_predictability"),
    ),
    "inception": ("Inception", "accuracy", "balance_classes", "measure_inception"),
    "information": ("COLLAPSED_KL", "Information", "measure_information"),
    "latent_scores": ("DCI", "LabelledCodes", "LatentScores"),
    "probes": ("chance_accuracy", "linear_probe", "probe_matrix"),
    "verification": ("equal_error_rate", "verification_error"),
}

__all__ = sorted(name for names in _HOMES.values() for name in names)


def __getattr__(name: str) -> Any:
    for module, names in _HOMES.items():
        if name in names:
            home = importlib.import_module(f"tf_dsae.metrics.{module}")
            return globals().setdefault(name, getattr(home, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
