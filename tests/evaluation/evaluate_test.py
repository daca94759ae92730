"""The whole evaluation of models that hold everything, or nothing, where it should be."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import small_config
from tests.evaluation.conftest import FRAMES, Mixed, PixelJudges, PixelModel, pixel_videos
from tf_dsae.core.errors import UserError
from tf_dsae.evaluation.collect import Generated, collect
from tf_dsae.evaluation.measure_model import check_factors, measure_model
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.models.dsae import DSAE
from tf_dsae.training.callbacks import CollapseWarning

QUIET = {"show_progress": False}


@pytest.fixture(scope="module")
def perfect(pixels) -> Evaluation:
    return measure_model(PixelModel(), pixels, PixelJudges(pixels), Protocol(batch_size=7), **QUIET)


def test_a_perfect_split_keeps_every_factor(perfect):
    assert set(perfect.table) == {"colour", "shade", "motion"}
    for row in perfect.table.values():
        assert row.disagreement == 0 and row.disagreement_ci == (0, 0)
        assert row.kl_recon < 0.01 < row.kl_random
    assert perfect.protocol.content_kept == {"colour": 1, "shade": 1}
    assert perfect.protocol.motion_kept == {"motion": 1}
    assert perfect.protocol.inception_score == pytest.approx(5, rel=1e-3)
    assert perfect.protocol.entropy_y == pytest.approx(np.log(5), rel=1e-3)
    assert perfect.collapsed == (False, False)


def test_a_mixed_model_keeps_what_it_should_not(pixels, judges):
    """Colour comes with z, drawn anew as colour 0: two videos of three change theirs."""
    found = measure_model(Mixed(), pixels, judges, Protocol(batch_size=7), **QUIET)
    assert found.table["colour"].disagreement == pytest.approx(2 / 3)
    assert found.table["shade"].disagreement == 0
    # The motion shows f's colour anew, class 0 or 1 by its grey: at most one motion in five stays.
    assert found.table["motion"].disagreement >= 0.8
    assert found.protocol.content_kept["colour"] == pytest.approx(1 / 3)
    low, high = found.table["colour"].disagreement_ci
    assert low < 2 / 3 < high


def test_probes_find_where_a_factor_is(perfect):
    probe = perfect.latents.probe
    assert probe["static"]["colour"] == probe["static"]["shade"] == 1
    assert probe["dynamic"]["motion"] == 1
    assert probe["dynamic"]["colour"] < 0.7 and probe["static"]["motion"] < 0.7
    assert probe["chance"] == pytest.approx({"colour": 1 / 3, "shade": 1 / 2, "motion": 1 / 5})


def test_terms_are_means_over_videos(perfect, pixels):
    videos, _ = pixel_videos(30)
    value = videos.sum((1, 2, 3, 4)).mean() / 255
    assert perfect.elbo == pytest.approx(
        {
            "elbo": value,
            "log_likelihood": value + 3,
            "static_kl": 1,
            "dynamic_kl": 2,
            "importance_weighted": value + 4,
        },
        rel=1e-5,
    )
    assert perfect.num_videos == 30 and perfect.dataset == "pixels"
    assert Evaluation.from_json(perfect.to_json()) == perfect


def test_information_adds_up(perfect):
    for part in perfect.information:
        assert part.mutual_information + part.aggregate_gap == pytest.approx(part.mean_kl)
    # Six characters, told apart for sure.
    assert perfect.information.static.mutual_information == pytest.approx(np.log(6), 0.05)


def test_every_video_is_looked_at_once_for_each_table_it_serves(pixels, judges):
    collected = collect(PixelModel(), pixels, judges, Protocol(), show_progress=False)
    assert judges.looked == 5 * 30
    assert set(collected.logits) == {"data", *Generated._fields} - {"reconstruction"}
    judges.looked = 0
    protocol = Protocol(reference="reconstruction", importance_samples=0)
    collected = collect(PixelModel(), pixels, judges, protocol, 8, show_progress=False)
    assert judges.looked == 6 * 8 and "reconstruction" in collected.logits
    assert collected.importance_weighted is None
    assert collected.codes.z_mean.shape == (8, FRAMES, 1)


def test_new_motions_come_from_the_prior_that_is_asked_for(pixels, judges):
    def motions(prior):
        protocol = Protocol(motion_prior=prior)
        collected = collect(PixelModel(), pixels, judges, protocol, show_progress=False)
        return collected.logits["content_kept"]["motion"].argmax(1)

    assert np.all(motions("learned") == 0)
    drawn = motions("standard_normal")
    assert set(drawn) >= {0, 4}  # Clipped to black or white, mostly.


def test_a_real_model_is_evaluated_as_a_function_of_the_seed(noise):
    model = DSAE(small_config(dynamic_posterior="full"), seed=1)
    data, judges = noise, PixelJudges(noise)
    found = [
        measure_model(model, data, judges, Protocol(seed=seed, batch_size=4), **QUIET)
        for seed in (3, 3, 4)
    ]
    assert found[0] == found[1]
    assert found[0].elbo != found[2].elbo
    terms = found[0].elbo
    assert terms["elbo"] == pytest.approx(
        terms["log_likelihood"] - terms["static_kl"] - terms["dynamic_kl"], rel=1e-5
    )
    scored = model.elbo(data.examples("test", range(data.num_test))["video"], seed=0).elbo
    assert terms["elbo"] == pytest.approx(float(np.mean(scored)), rel=1e-3)
    # A full posterior's z is judged at the f that it was drawn with.
    dynamic = found[0].information.dynamic
    assert dynamic.mutual_information > 0
    # One sample of 16 numbers in each of 30 videos: a standard error of about 0.6.
    assert dynamic.mean_kl == pytest.approx(terms["dynamic_kl"], abs=2.0)
    assert found[0].information.static.mean_kl == pytest.approx(terms["static_kl"], rel=1e-4)


def test_characters_are_what_all_static_factors_share(pixels):
    _, labels = pixel_videos(30)
    groups = pixels.cluster_labels(labels)
    assert len(set(groups)) == 6
    for group in set(groups):
        chosen = groups == group
        assert len(set(labels["colour"][chosen])) == len(set(labels["shade"][chosen])) == 1


def test_data_that_cannot_be_evaluated(pixels):
    with pytest.raises(UserError, match="pixels: expected factors with labels"):
        check_factors(dataclasses.replace(pixels, factors={}))
    with pytest.raises(UserError, match="as many test videos as motion has classes, 5, received 4"):
        check_factors(pixels, 4)
    with pytest.raises(UserError, match="of at least 2 classes of motion, received 1"):
        check_factors(pixels, 6)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"reference": "truth"}, "reference: expected one of data, reconstruction"),
        ({"motion_prior": "normal"}, "motion_prior: expected one of learned, standard_normal"),
        ({"importance_samples": -1}, "importance_samples: expected"),
        ({"batch_size": 0}, "batch_size: expected"),
        ({"seed": 2**31}, "seed: expected at most"),
    ],
)
def test_settings_that_are_none(settings, words):
    with pytest.raises(UserError, match=words):
        Protocol(**settings)


@pytest.mark.parametrize(("kl", "collapsed"), [(0.3, True), (0.499, True), (0.501, False)])
def test_training_warns_of_what_an_evaluation_calls_collapsed(
    kl, collapsed, pixels, judges, caplog
):
    class Model(PixelModel):
        def score_at(self, *arguments):
            terms = super().score_at(*arguments)
            return terms | {"static_kl": kl * tf.ones_like(terms["static_kl"])}

    evaluation = measure_model(Model(), pixels, judges, Protocol(importance_samples=0), **QUIET)
    assert evaluation.collapsed_latents == (["f"] if collapsed else [])
    logs = {"val_static_kl": kl, "val_dynamic_kl": 2.0}
    with caplog.at_level("WARNING"):
        CollapseWarning().on_epoch_end(0, logs)
    assert ("q(f | x) has collapsed" in caplog.text) is collapsed
    assert "q(z | x)" not in caplog.text
