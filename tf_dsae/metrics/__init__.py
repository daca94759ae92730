"""Measures of a split into f and z: pure functions of arrays, for the latents of any model.

They know neither models nor data sets. Their libraries are imported on first use.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_dsae.metrics.bootstrap import bootstrap_intervals, resample_means
    from tf_dsae.metrics.disagreement import (
        Disagreement,
        VideoDisagreement,
        disagreement_per_video,
        measure_disagreement,
    )
    from tf_dsae.metrics.disentanglement import (
        DCI,
        FactorScore,
        LabelledCodes,
        LatentScores,
        chance_accuracy,
        dci_of_importances,
        linear_probe,
        measure_dci,
        measure_latents,
        mutual_information_gap,
        probe_matrix,
        separated_attribute_predictability,
    )
    from tf_dsae.metrics.inception import Inception, accuracy, balance_classes, measure_inception
    from tf_dsae.metrics.information import COLLAPSED_KL, Information, measure_information
    from tf_dsae.metrics.verification import equal_error_rate, verification_error

__all__ = [
    "COLLAPSED_KL",
    "DCI",
    "Disagreement",
    "FactorScore",
    "Inception",
    "Information",
    "LabelledCodes",
    "LatentScores",
    "VideoDisagreement",
    "accuracy",
    "balance_classes",
    "bootstrap_intervals",
    "chance_accuracy",
    "dci_of_importances",
    "disagreement_per_video",
    "equal_error_rate",
    "linear_probe",
    "measure_dci",
    "measure_disagreement",
    "measure_inception",
    "measure_information",
    "measure_latents",
    "mutual_information_gap",
    "probe_matrix",
    "resample_means",
    "separated_attribute_predictability",
    "verification_error",
]
_MODULES = (
    *("bootstrap", "disagreement", "disentanglement", "inception", "information"),
    "verification",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            home = importlib.import_module(f"tf_dsae.metrics.{module}")
            if hasattr(home, name):
                return globals().setdefault(name, getattr(home, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
