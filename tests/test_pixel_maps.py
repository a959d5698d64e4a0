"""Maps of a camera's pixels: in the recipe or in files that it names by their SHA-256."""

import hashlib

import numpy as np
import pytest
from given import given, pictures

import simcore as sc


def seen(camera: sc.Camera, shape: tuple[int, int] = (4, 5)) -> sc.Recipe:
    particle = sc.MieSphere(x=1, y=1, radius=0.2, refractive_index=1.5)
    microscope = sc.Brightfield(numerical_aperture=0.5, wavelength=0.6, pixel_size=0.1, shape=shape)
    return sc.Recipe(image=particle >> microscope >> camera)


def dark(**maps: object) -> sc.Camera:
    return sc.Camera(quantum_efficiency=0, **maps)


def test_small_maps_stand_in_the_recipe():
    offset = np.arange(20.0).reshape(4, 5) / 4
    recipe = seen(dark(offset_map=offset, bit_depth=None))
    assert sc.loads(recipe.canonical) == recipe
    assert "offset_map=[[0.0, 0.25" in recipe.canonical
    for same in (recipe, sc.loads(recipe.canonical)):
        np.testing.assert_array_equal(same.render(1, seed=1)["image"][0, ..., 0], offset)
    assert recipe.to_python().count("offset_map=[[0.0, 0.25") == 1


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_files_are_named_with_their_sha256(tmp_path, suffix):
    offset, path = np.arange(3000.0).reshape(60, 50), tmp_path / f"offset.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, offset)
    recipe = seen(dark(offset_map=str(path)), (60, 50))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert f"offset_map=('{path}', '{digest}')" in recipe.canonical
    np.testing.assert_array_equal(sc.loads(recipe.canonical).render(1, seed=1)["image"][0, ..., 0], offset)
    np.save(tmp_path / "other.npy", offset + 1)
    path.write_bytes((tmp_path / "other.npy").read_bytes())
    with pytest.raises(
        sc.RecipeError, match=rf"Camera.offset_map: {path} has changed: its SHA-256 is .*, the recipe says {digest}"
    ):
        sc.loads(recipe.canonical)
    path.unlink()
    with pytest.raises(sc.RecipeError, match=rf"Camera.offset_map: {path}: No such file"):
        sc.loads(recipe.canonical)


def test_a_recipe_notices_when_its_map_changes(tmp_path):
    path = tmp_path / "gain.npy"
    np.save(path, np.ones((4, 5)))
    recipe = seen(sc.Camera(gain_map=path))
    recipe.verify()
    np.save(path, np.full((4, 5), 2))
    with pytest.raises(sc.RecipeError, match=r"Camera.gain_map: .* has changed"):
        recipe.verify()


def test_files_are_read_without_pickles(tmp_path):
    path = tmp_path / "bad.npy"
    np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
    with pytest.raises(sc.RecipeError, match=r"Camera.gain_map: .*bad.npy: .*Python objects"):
        sc.Camera(gain_map=path)
    path.write_bytes(b"nonsense")
    with pytest.raises(sc.RecipeError, match=r"Camera.gain_map: .*bad.npy: "):
        sc.Camera(gain_map=path)
    np.savez(tmp_path / "two.npz", a=np.ones((2, 2)), b=np.ones((2, 2)))
    with pytest.raises(sc.RecipeError, match=r"holds 2 arrays; must be one"):
        sc.Camera(gain_map=str(tmp_path / "two.npz"))
    np.save(tmp_path / "words.npy", np.array([["a", "b"]]))
    with pytest.raises(sc.ParameterError, match=r"holds values of type <U1; must be real numbers"):
        sc.Camera(gain_map=str(tmp_path / "words.npy"))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((40, 40)), "array of 1600 values; a recipe holds up to 1000: save it with np.save"),
        ([1.0, 2.0], r"array of shape \(2,\); must be \(y, x\)"),
        ([[np.nan]], "holds values that are not finite"),
        ([["a"]], r"\[\['a'\]\]; must be an array, or the path"),
        ([[0.0]], "holds 0; must be > 0"),
    ],
)
def test_refuses_what_is_no_map(value, message):
    with pytest.raises(sc.ParameterError, match=rf"^Camera.gain_map: {message}"):
        sc.Camera(gain_map=value)


def test_refuses_a_map_beside_the_number_that_it_stands_in_for():
    for field, number in (
        ("gain_map", {"gain": 2}),
        ("offset_map", {"offset": 1}),
        ("variance_map", {"read_noise": 1}),
    ):
        with pytest.raises(
            sc.ParameterError, match=rf"Camera.{field}: stands in for {next(iter(number))}; give one of them"
        ):
            sc.Camera(**{field: [[1.0]]}, **number)
        with pytest.raises(sc.ParameterError, match="stands in for"):
            sc.Camera(**{field: [[1.0]]}, **dict.fromkeys(number, sc.uniform(1, 2)))


def test_refuses_a_map_of_another_shape():
    images = pictures(1, 4, 5, 2)
    with pytest.raises(
        sc.RecipeError, match=r"Camera.gain_map: map of shape \(4, 4\); must be that of the image, \(4, 5, 2\)"
    ):
        given(images) >> sc.Camera(gain_map=np.ones((4, 4)))
    offset = np.arange(40.0).reshape(4, 5, 2)
    for array in (offset, offset[..., 0]):
        flow = given(images) >> dark(offset_map=array, bit_depth=None)
        expected = array if array.ndim == 3 else array[..., None].repeat(2, -1)
        np.testing.assert_array_equal(sc.Recipe(image=flow).render(1, seed=1)["image"][0], expected)


@pytest.mark.parametrize("wrong", [0, 25, 12.0, "16", True])
def test_refuses_a_bit_depth_that_cannot_be(wrong):
    with pytest.raises(sc.ParameterError, match=r"Camera.bit_depth: .*; must be a whole number from 1 to 24, or None"):
        sc.Camera(bit_depth=wrong)
