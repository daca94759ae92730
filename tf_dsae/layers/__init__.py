"""Keras layers that return TFP distributions; each builds itself from a ModelConfig.

The bases of the parts, the parts themselves, and the Gaussian head. Loads TensorFlow with the
first name that needs it.
"""

import importlib
from typing import Any

from tf_dsae.layers.registries import PARTS

_HOMES = {
    "AutoregressiveDynamicPosterior": "autoregressive",
    "ConvolutionalDecoder": "decoders",
    "ConvolutionalFrameEncoder": "frame_encoders",
    "Decoder": "parts",
    "DynamicPosterior": "parts",
    "DynamicPrior": "parts",
    "FactorisedDynamicPosterior": "dynamic_posteriors",
    "FrameEncoder": "parts",
    "FullDynamicPosterior": "dynamic_posteriors",
    "GaussianHead": "distributions",
    "LSTMDynamicPrior": "dynamic_priors",
    "Likelihood": "parts",
    "MeanStaticPosterior": "static_posteriors",
    "NormalLikelihood": "likelihoods",
    "Part": "parts",
    "RecurrentStaticPosterior": "static_posteriors",
    "StaticPosterior": "parts",
    "UnitNormalLikelihood": "likelihoods",
    "diagonal_normal": "distributions",
}

__all__ = ["PARTS", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
