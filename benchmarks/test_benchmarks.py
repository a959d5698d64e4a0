"""The parts that are timed, as tests: they check what comes out, and with ``--benchmark-enable`` also the clock."""

from typing import Any

import numpy as np
import pytest

import simcore as sc
from benchmarks import case_a, measure
from benchmarks.__main__ import floor_table, peer_table, stage_table
from benchmarks.case_b import recipe
from benchmarks.workers import PEER, PEER_ENVIRONMENT, deeptrack_worker, simcore_worker
from simcore.plan import plan


def test_case_b(benchmark: Any) -> None:
    images = benchmark(recipe().render, count=16, seed=1)["image"]
    assert images.shape == (16, 51, 51, 1)
    lowest, highest = images.min(axis=(1, 2, 3)), images.max(axis=(1, 2, 3))
    assert np.all((lowest >= 0) & (lowest < 0.2) & (highest >= 0.8) & (highest <= 1))


def test_case_a(benchmark: Any) -> None:
    arrays = benchmark(case_a.recipe().render, count=2048, seed=1)
    images, digits = arrays["image"], np.load(case_a.stand_ins())["x_train"] / 255
    assert images.shape == (2048, 28, 28, 1) and images.min() >= 0 and images.max() <= 1
    assert arrays["label"].shape == (2048,) and len({image.tobytes() for image in images}) == 2048
    np.testing.assert_allclose(
        images.mean(), digits.mean(), rtol=0.1, err_msg="the maps stretch as much as they shrink"
    )


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


def test_both_workers_take_turns() -> None:
    for case in "ab":
        with simcore_worker(case) as ours:
            assert 0 < ours.seconds(2) < 60 and 0 < ours.seconds(1) < 60
    if not (PEER_ENVIRONMENT / PEER).exists():
        pytest.skip("DeepTrack is installed by `make bench` only")
    for case in "ab":
        with deeptrack_worker(case) as theirs:
            assert 0 < theirs.seconds(1) < 60


def test_the_tables_can_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "typical", lambda call: (call(), 1e-3)[1])
    monkeypatch.setattr(measure, "deeptrack_worker", simcore_worker)
    stages, floor = measure.stages(0.05), measure.floor()
    peer = measure.against_the_peer(2, {"simcore": 2, "deeptrack": 2})
    assert sum(row["share"] for row in stages["rows"]) == pytest.approx(1)
    assert {"draws", "brightfield", "poissonnoise"} <= {row["stage"].replace("_", "").lower() for row in stages["rows"]}
    assert 0.05 < peer["ratio"] < 20
    tables = stage_table(stages), floor_table(floor), peer_table({"package": PEER} | peer)
    assert all(table.row_count > 1 for table in tables)
