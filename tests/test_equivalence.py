"""The fast path equals the plain path: whatever block, thread, company or instruction level, the same bytes."""

import numpy as np
import pytest
from drawn import drawn
from hypothesis import given
from hypothesis import strategies as st
from recipes import localization

import simcore as sc
from simcore import kernels
from simcore.render import even_blocks

RECIPE = localization(shape=(21, 23), wavelengths=2)
COUNT, SEED = 24, 77
PLAIN = None


def plain() -> dict[str, np.ndarray]:
    """One example after the other, alone, one output after the other."""
    global PLAIN  # noqa: PLW0603
    if PLAIN is None:
        PLAIN = {
            name: np.concatenate([RECIPE.render(indices=[i], seed=SEED, outputs=[name])[name] for i in range(COUNT)])
            for name in RECIPE.outputs
        }
    return PLAIN


@drawn(15)
@given(
    block=st.integers(1, 40),
    threads=st.integers(1, 3),
    indices=st.lists(st.integers(0, COUNT - 1), min_size=1, max_size=30),
    outputs=st.lists(st.sampled_from(sorted(RECIPE.outputs)), min_size=1, unique=True),
)
def test_blocks_threads_and_company_change_no_byte(block, threads, indices, outputs):
    arrays = RECIPE.render(indices=indices, seed=SEED, outputs=outputs, block=block, threads=threads)
    for name in outputs:
        assert arrays[name].tobytes() == plain()[name][indices].tobytes()


@given(count=st.integers(0, 5000), most=st.integers(1, 1024), threads=st.integers(1, 64))
def test_threads_share_the_examples_evenly(count, most, threads):
    size = even_blocks(count, most, threads)
    blocks = -(-count // size)
    assert 1 <= size <= most
    assert blocks * size - count < size
    # As few rounds as the largest blocks allow; no thread idles in one that others have much work in.
    assert size <= 16 or blocks <= threads * -(-count // (most * threads))


@pytest.mark.parametrize("block", [None, 1, 7])
def test_arrays_that_are_given_are_filled_whatever_they_held(block):
    indices = [3, 0, 5, 5, 11]
    out = {name: np.full_like(plain()[name][indices], 1) for name in RECIPE.outputs}
    arrays = RECIPE.render(indices=indices, seed=SEED, block=block, out=out)
    for name, array in arrays.items():
        assert array is out[name]
        assert array.tobytes() == plain()[name][indices].tobytes()


def test_arrays_that_do_not_fit_are_refused():
    name = next(iter(RECIPE.outputs))
    wanted = RECIPE.render(2, seed=SEED, outputs=[name])[name]
    for out, words in (
        ({}, "lacks"),
        ({name: wanted[:1]}, "must be"),
        ({name: wanted.astype(np.complex128)}, "must be"),
        ({name: np.broadcast_to(wanted[:1], wanted.shape)}, "writeable"),
    ):
        with pytest.raises(sc.ParameterError, match=words):
            RECIPE.render(2, seed=SEED, outputs=[name], out=out)


@pytest.mark.parametrize("level", [0, 3, 4])
def test_instruction_levels_change_no_byte(level):
    before = kernels.instruction_level()
    try:
        if kernels.set_instruction_level(level) != level:
            pytest.skip(f"the processor lacks instruction level {level}")
        arrays = RECIPE.render(COUNT, seed=SEED)
    finally:
        kernels.set_instruction_level(before)
    for name, array in arrays.items():
        assert array.tobytes() == plain()[name].tobytes(), name


def test_many_spheres_do_not_depend_on_their_neighbours_in_the_block():
    def sphere():
        return sc.MieSphere(x=sc.uniform(0, 20), y=sc.uniform(0, 20), z=sc.normal(0, 2), radius=sc.uniform(0.2, 1),
                            refractive_index=sc.uniform(1.4, 1.6))  # fmt: skip

    microscope = sc.Brightfield(numerical_aperture=sc.uniform(0.3, 1.2), wavelength=0.6, pixel_size=0.1, shape=(20, 20),
                                polarization_angle=sc.uniform(0, 3))  # fmt: skip
    recipe = sc.Recipe(image=(sphere() + sphere() + sphere()) >> microscope)
    together = recipe.render(6, seed=1)["image"]
    alone = np.concatenate([recipe.render(indices=[i], seed=1)["image"] for i in range(6)])
    assert together.tobytes() == alone.tobytes()


def test_a_flow_written_twice_is_rendered_once_and_left_alone():
    particle = sc.MieSphere(x=10, y=10, radius=0.5, refractive_index=1.5)
    microscope = sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=(20, 20))
    noise = sc.PoissonNoise(snr=10, background=1, signal="deviation")
    recipe = sc.Recipe(
        clean=particle >> microscope,
        noisy=(particle >> microscope) >> noise,
        again=(particle >> microscope) >> noise >> sc.NormalizeMinMax(),
        twice=(particle >> microscope) + (particle >> microscope),
    )
    assert len([flow for flow in recipe.walk().flows.values() if flow.kind == "image"]) == 4
    v = recipe.render(2, seed=1)
    np.testing.assert_array_equal(v["twice"], 2 * v["clean"])
    scaled = (v["noisy"] - v["noisy"].min((1, 2), keepdims=True)) / np.ptp(v["noisy"], axis=(1, 2), keepdims=True)
    np.testing.assert_allclose(v["again"], scaled, atol=1e-6)
