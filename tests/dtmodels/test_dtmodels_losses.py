"""Losses and metrics against their formulas in NumPy, and by name as a training file gives them."""

import keras
import numpy as np
import pytest

from dtmodels.errors import ConfigurationError
from dtmodels.losses import PerExample, WeightedBinaryCrossentropy, discriminator_loss, generator_loss
from dtmodels.metrics import CountingError, EuclideanError, StructuralSimilarity
from dtmodels.named import loss_of, metrics_of, optimizer_of


@pytest.fixture
def masks():
    generator = np.random.default_rng(1)
    true = (generator.uniform(size=(3, 5, 4, 2)) < 0.3).astype(np.float32)
    return true, generator.uniform(0.01, 0.99, true.shape).astype(np.float32)


def number(value):
    return float(keras.ops.convert_to_numpy(value))


@pytest.mark.parametrize("positive", [1, 10, 0.5])
def test_weighted_cross_entropy_weights_are_not_normalised(masks, positive):
    true, predicted = masks
    terms = positive * true * np.log(predicted) + (1 - true) * np.log(1 - predicted)
    loss = loss_of({"weighted_binary_crossentropy": {"positive": positive}})
    assert number(loss(true, predicted)) == pytest.approx(-terms.mean(), rel=1e-5)
    if positive == 1:
        assert number(loss(true, predicted)) == pytest.approx(
            number(keras.ops.mean(loss_of("bce")(true, predicted))), rel=1e-5
        )


def test_weighted_cross_entropy_of_certain_errors_is_finite():
    loss = WeightedBinaryCrossentropy(10)
    assert number(loss(np.ones((1, 1)), np.zeros((1, 1)))) == pytest.approx(-10 * np.log(1e-30), rel=1e-4)
    assert number(loss(np.zeros((1, 1)), np.ones((1, 1)))) == pytest.approx(-np.log(1e-7), rel=0.2)


def test_weighted_cross_entropy_keeps_its_slope_where_a_network_says_nothing():
    """At a logit of -25 (1e-11) the slope is k (p - 1): one step of 0.1 with k = 10 moves the bias by 1."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, activation="sigmoid")])
    model.layers[-1].set_weights([np.zeros((1, 1)), np.array([-25.0])])
    model.compile(keras.optimizers.SGD(0.1), loss=WeightedBinaryCrossentropy(10))
    model.fit(np.zeros((1, 1)), np.ones((1, 1)), verbose=0)
    assert model.layers[-1].get_weights()[1][0] == pytest.approx(-24, abs=1e-4)


@pytest.mark.parametrize("named", ["binary_crossentropy", {"weighted_binary_crossentropy": {"positive": 5}}, "mae"])
def test_one_weight_for_each_example_of_images(masks, named):
    """In Keras' own way of evaluating, where the weights of a batch are (example,)."""
    true, predicted = masks
    weights = np.array([0.5, 0.0, 2.0], np.float32)
    inputs = keras.Input(predicted.shape[1:])
    model = keras.Model(inputs, keras.layers.Activation("linear")(inputs))
    model.compile(loss=PerExample(loss_of(named)))
    each = [number(keras.ops.mean(loss_of(named)(true[k : k + 1], predicted[k : k + 1]))) for k in range(3)]
    told = model.evaluate(predicted, true, sample_weight=weights, batch_size=3, verbose=0)
    assert told == pytest.approx(np.mean(weights * each), rel=1e-5)
    assert model.evaluate(predicted, true, verbose=0) == pytest.approx(np.mean(each), rel=1e-5)


def test_example_weights_are_kept(masks):
    true, predicted = masks
    weights = np.array([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    loss = WeightedBinaryCrossentropy(5)
    assert number(loss(true, predicted, weights)) * 3 == pytest.approx(number(loss(true[:1], predicted[:1])), rel=1e-5)


def test_focal_cross_entropy(masks):
    true, predicted = masks
    loss = loss_of({"binary_focal_crossentropy": {"gamma": 3.0, "alpha": 0.4, "apply_class_balancing": True}})
    right = np.where(true == 1, predicted, 1 - predicted)
    expected = -np.where(true == 1, 0.4, 0.6) * (1 - right) ** 3 * np.log(right)
    assert number(loss(true, predicted)) == pytest.approx(expected.mean(), rel=1e-5)


def test_dice(masks):
    true, predicted = masks
    whole = 1 - 2 * (true * predicted).sum() / (true.sum() + predicted.sum())
    assert number(loss_of("dice")(true, predicted)) == pytest.approx(whole, rel=1e-5)
    axes = (1, 2, 3)
    each = 1 - 2 * (true * predicted).sum(axis=axes) / (true.sum(axis=axes) + predicted.sum(axis=axes))
    loss = loss_of({"dice": {"axis": [1, 2, 3]}})
    assert number(loss(true, predicted)) == pytest.approx(each.mean(), rel=1e-5)


def test_least_squares_of_generator_and_discriminator():
    real, fake = np.random.default_rng(2).normal(size=(2, 4, 3, 3, 1))
    assert number(generator_loss(fake)) == pytest.approx(((1 - fake) ** 2).mean())
    assert number(discriminator_loss(real, fake)) == pytest.approx((fake**2).mean() + ((1 - real) ** 2).mean())
    half = np.full_like(real, 0.5)
    assert number(discriminator_loss(half, half)) == 0.5


def test_euclidean_error_and_distance():
    true, predicted = np.random.default_rng(3).normal(size=(2, 7, 2))
    metric = EuclideanError()
    metric.update_state(true, predicted)
    expected = np.hypot(*(true - predicted).T).mean()
    assert number(metric.result()) == pytest.approx(expected, rel=1e-5)
    assert number(loss_of("euclidean_distance")(true, predicted)) == pytest.approx(expected, rel=1e-5)


def test_counting_error():
    true, predicted = np.random.default_rng(4).uniform(size=(2, 6, 5, 4, 1))
    metric = CountingError()
    for part in (slice(0, 4), slice(4, 6)):
        metric.update_state(true[part], predicted[part])
    expected = np.abs(predicted.sum(axis=(1, 2, 3)) - true.sum(axis=(1, 2, 3))).mean()
    assert number(metric.result()) == pytest.approx(expected, rel=1e-5)


def test_structural_similarity_against_scikit_image():
    skimage = pytest.importorskip("skimage.metrics", reason="scikit-image is not installed")
    generator = np.random.default_rng(5)
    true = generator.uniform(-1, 1, (3, 20, 17, 2)).astype(np.float32)
    predicted = (0.7 * true + 0.3 * generator.normal(size=true.shape)).astype(np.float32)
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 2.0}
    expected = [
        skimage.structural_similarity(a, b, channel_axis=-1, **options) for a, b in zip(true, predicted, strict=True)
    ]
    [metric] = metrics_of([{"structural_similarity": {"data_range": 2.0}}])
    metric.update_state(true, predicted)
    assert number(metric.result()) == pytest.approx(np.mean(expected), abs=1e-5)
    metric.reset_state()
    metric.update_state(true, true)
    assert number(metric.result()) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    "kind", [PerExample, WeightedBinaryCrossentropy, StructuralSimilarity, CountingError, EuclideanError]
)
def test_they_come_back_from_their_configuration(kind):
    known = {WeightedBinaryCrossentropy: {"positive": 3.0}, StructuralSimilarity: {"data_range": 2.0}}
    arguments = {**known, PerExample: {"loss": WeightedBinaryCrossentropy(4.0)}}.get(kind, {})
    made = kind(**arguments)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
    assert type(again) is kind
    assert again.get_config() == made.get_config()


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("weighted", "fit.loss: 'weighted'; unknown; known: .*mean_absolute_error"),
        ({"weighted": {}}, "unknown; known: .*binary_focal_crossentropy.*weighted_binary_crossentropy"),
        ({"weighted_binary_crossentropy": {"positive": 0}}, "positive: 0; must be a number above 0"),
        ({"weighted_binary_crossentropy": {"negative": 2}}, "negative"),
        ({"weighted_binary_crossentropy": {"name": {"class_name": "Lambda"}}}, "fit.loss.* must be numbers, words"),
        ({"dice": {"dtype": {"module": "os", "class_name": "system"}}}, "must be numbers, words"),
    ],
)
def test_losses_that_cannot_be(named, message):
    with pytest.raises(ConfigurationError, match=message):
        loss_of(named)


def test_metrics_and_optimizers_by_name():
    assert metrics_of(["accuracy"]) == ["accuracy"]
    [counting, f1] = metrics_of(["counting_error", {"f1_score": {"average": "macro"}}])
    assert isinstance(counting, CountingError)
    assert isinstance(f1, keras.metrics.F1Score)
    with pytest.raises(ConfigurationError, match="fit.metrics: 'acuracy'"):
        metrics_of(["acuracy"])
    with pytest.raises(ConfigurationError, match=r"fit.optimizer.* must be numbers"):
        optimizer_of({"adam": {"learning_rate": {"class_name": "CosineDecay"}}})
