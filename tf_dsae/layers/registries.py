"""The parts of a model by kind and name. Names are known here before TensorFlow loads."""

from tf_dsae.core.registry import Registry

_HERE = __name__.rpartition(".")[0]


def _registry(kind: str, **own: str) -> Registry:
    return Registry(kind, {name: f"{_HERE}.{place}" for name, place in own.items()})


_RECURRENT = "static_posteriors:RecurrentStaticPosterior"
PARTS = {
    registry.kind: registry
    for registry in (
        _registry("frame_encoder", convolutional="frame_encoders:ConvolutionalFrameEncoder"),
        _registry(
            "static_posterior",
            lstm=_RECURRENT,
            bidirectional_lstm=_RECURRENT,
            gru=_RECURRENT,
            mean="static_posteriors:MeanStaticPosterior",
        ),
        _registry(
            "dynamic_posterior",
            factorised="dynamic_posteriors:FactorisedDynamicPosterior",
            full="dynamic_posteriors:FullDynamicPosterior",
            autoregressive="autoregressive:AutoregressiveDynamicPosterior",
        ),
        _registry("dynamic_prior", lstm="dynamic_priors:LSTMDynamicPrior"),
        _registry("decoder", convolutional="decoders:ConvolutionalDecoder"),
        _registry(
            "likelihood",
            unit_normal="likelihoods:UnitNormalLikelihood",
            normal="likelihoods:NormalLikelihood",
        ),
    )
}
