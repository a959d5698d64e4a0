"""The parts that are timed, as tests: they check what comes out, and with ``--benchmark-enable`` also the clock."""

from typing import Any

import numpy as np
import pytest

import simcore as sc
from benchmarks import case_a, coma, errors, measure
from benchmarks.__main__ import alone_table, compared_table, floor_table, stage_table
from benchmarks.case_b import recipe
from benchmarks.cases import CASES, DEFAULT
from benchmarks.workers import PEERS, installed, peer_worker, simcore_worker
from simcore.plan import plan

SHAPES = {
    "a": [(28, 28, 1), ()],
    "b": [(51, 51, 1)],
    "c": [(64, 64, 2), (2,)],
    "d": [(128, 128, 1), (128, 128, 1)],
    "e128": [(128, 128, 1), (128, 128, 56)],
    "e256": [(256, 256, 1), (256, 256, 56)],
    "f_few": [(256, 256, 1), (256, 256, 1)],
    "f_many": [(256, 256, 1), (256, 256, 1)],
    "hologram64": [(64, 64, 1)],
    "hologram256": [(256, 256, 1)],
    "psf_scalar": [(32, 64, 64, 1)],
    "psf_vectorial": [(32, 64, 64, 1)],
}


@pytest.mark.parametrize("name", CASES)
def test_case(name: str, benchmark: Any) -> None:
    arrays = benchmark(CASES[name].recipe(0.05).render, count=2, seed=1)
    assert [array.shape for array in arrays.values()] == [(2, *shape) for shape in SHAPES[name]]
    assert all(np.isfinite(array).all() and not np.array_equal(array[0], array[1]) for array in arrays.values())


def test_case_a_stretches_as_much_as_it_shrinks() -> None:
    arrays = case_a.recipe().render(count=2048, seed=1)
    images, digits = arrays["image"], np.load(case_a.stand_ins())["x_train"] / 255
    assert images.min() >= 0 and images.max() <= 1
    assert len({image.tobytes() for image in images}) == 2048
    np.testing.assert_allclose(images.mean(), digits.mean(), rtol=0.1)


def test_case_b_is_normalized() -> None:
    images = recipe().render(count=16, seed=1)["image"]
    lowest, highest = images.min(axis=(1, 2, 3)), images.max(axis=(1, 2, 3))
    assert np.all((lowest >= 0) & (lowest < 0.2) & (highest >= 0.8) & (highest <= 1))


def test_case_f_counts_its_cells() -> None:
    label = CASES["f_few"].recipe(0.05).render(count=8, seed=1, outputs=["label"])["label"]
    assert np.all((label.sum(axis=(1, 2, 3)) > 2) & (label.sum(axis=(1, 2, 3)) < 9.001))


def test_draws(benchmark: Any) -> None:
    case = recipe()
    drawn = benchmark(plan, case, 1, np.arange(1024), ["image"])
    particle = next(feature for feature in case.walk(["image"]).features.values() if isinstance(feature, sc.MieSphere))
    radius = drawn.value(particle.radius)
    assert radius.shape == (1024,) and 1 <= radius.min() < 1.01 and 1.99 < radius.max() < 2


def test_mie_coefficients(benchmark: Any) -> None:
    size = np.linspace(5, 15, 256)
    a, b = benchmark(sc.mie.coefficients, size, 1.2)
    np.testing.assert_allclose(np.abs(a - 0.5), 0.5, rtol=0, atol=1e-12, err_msg="without absorption, on a circle")
    assert a.shape == b.shape


def test_mie_amplitudes(benchmark: Any) -> None:
    s1, s2 = benchmark(sc.mie.amplitudes, 10.0, 1.2, np.linspace(-1, 1, 1000))
    assert s1.shape == s2.shape == (1000,) and s1[-1] == pytest.approx(s2[-1])


def test_our_worker_renders_when_told_to() -> None:
    with simcore_worker("b", DEFAULT) as ours:
        assert 0 < ours.seconds(2) < 60 and 0 < ours.seconds(1) < 60


# One case of each script and of each part of it; `make bench` runs them all.
@pytest.mark.parametrize("name", ["d", "hologram64", "psf_scalar"])
def test_a_peer_renders_what_we_render(name: str) -> None:
    case = CASES[name]
    if not installed(case.peer):
        pytest.skip(f"{PEERS[case.peer][0]} is installed by `make bench` only")
    with peer_worker(name) as theirs:
        assert 0 < theirs.seconds(1) < 60
        _, scenes = errors.scenes(case, 1, DEFAULT)
        assert theirs.images(scenes).shape[1:] == SHAPES[name][0]


def test_an_error_is_what_conventions_do_not_explain() -> None:
    image = np.random.default_rng(1).random((4, 4)).repeat(8, axis=0).repeat(8, axis=1)[..., None]
    smooth = sc.kernels.gaussian_blur(image[None].astype(np.float32), np.full(1, 2.0))[0]
    inverted = 5 - 2 * np.roll(smooth, (1, -1), axis=(0, 1))
    assert errors.largest_error(smooth, inverted, lit=True) < 2e-3
    dented = inverted.copy()
    dented[16, 16] += 0.2
    assert errors.largest_error(smooth, dented, lit=True) == pytest.approx(0.1, rel=0.1)


def test_coma_is_as_exact_as_asked() -> None:
    assert coma.largest_error(128, scenes=1) < 5e-4


def test_the_tables_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "typical", lambda call: (call(), 1e-3)[1])
    monkeypatch.setattr(measure, "peer_worker", lambda name: simcore_worker(name, DEFAULT))
    monkeypatch.setattr(errors, "of_the_peer", lambda case, worker: 0.2)
    stages, floor = measure.stages(0.05), measure.floor()
    assert sum(row["share"] for row in stages["rows"]) == pytest.approx(1)
    assert {"draws", "brightfield", "poissonnoise"} <= {row["stage"].replace("_", "").lower() for row in stages["rows"]}
    peer = measure.against_the_peer("c", 2, (16, 16))
    assert peer["tolerance"] == {"default": DEFAULT, "peer": 0.1}
    assert 0.02 < peer["at"]["default"]["ratio"] < 50
    monkeypatch.setattr(measure, "IMAGES", 1)
    alone = measure.alone("e256_coma", 1)
    assert 0 < alone["milliseconds"] <= alone["largest"]
    tables = stage_table(stages), floor_table(floor), compared_table({"c": peer}), alone_table({"e256_coma": alone})
    assert [table.row_count > 0 for table in tables] == [True] * 4
