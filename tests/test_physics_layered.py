"""Layered spheres against published values, limits in closed form, and the homogeneous sphere."""

import numpy as np
import pytest
from reference import layered, mie

import simcore as sc

# Q_ext and Q_sca of a core of size parameter 0.5 and index 1.59 + 0.66i in a shell of 1.33, by the shell's size parameter.
# M. Jonasz, Scattering by a coated sphere: test values (2009), www.tpdsci.com, from the programs of Liu et al. (2007) and MJC.
COATED = {
    1: (0.366043, 0.124027),
    10: (2.210291, 2.206762),
    40: (1.987762, 1.987576),
    70: (2.021424, 2.021344),
    100: (2.101052, 2.101013),
    500: (2.030372, 2.030371),
    1000: (2.016579, 2.016578),
    5000: (2.005736, 2.005736),
}


@pytest.mark.parametrize("x", COATED)
def test_published_values(x: int) -> None:
    result = sc.mie.layered_efficiencies([0.5, x], [1.59 + 0.66j, 1.33])
    np.testing.assert_allclose([result.extinction, result.scattering], COATED[x], atol=6e-7)


def test_the_example_of_bohren_and_huffman() -> None:
    """App. B, program BHCOAT: radii 0.171 and 6.265 um, wavelength 3 um; 1.14341 is Q_sca, 2.32803 Q_ext."""
    x = 2 * np.pi / 3 * np.array([0.171, 6.265])
    result = sc.mie.layered_efficiencies(x, [1.59 + 0.66j, 1.409 + 0.1747j])
    np.testing.assert_allclose([result.extinction, result.scattering], [2.32803, 1.14341], atol=6e-6)


def test_efficiencies_and_amplitudes() -> None:
    cosines = np.cos([0.0, 0.3, 1.4, 2.9, np.pi])
    for x, m in (
        ([1e-5, 1e-4], [1.5, 1.33 + 1e-9j]),
        ([0.4, 0.9, 1.0], [2.0 + 0.1j, 1.1, 1.6]),
        ([20.0, 21.0], [1.45, 1.5 + 2j]),
        ([30.0, 60.0, 90.0], [1.33, 3.0, 1.5]),
    ):
        a, b = layered.coefficients(x, m, mie.terms(x[-1]) + 1, digits=25)
        true = np.array([float(value) for value in mie.efficiencies_from(x[-1], a, b, digits=25)])
        got = np.array(sc.mie.layered_efficiencies(x, m))
        assert np.all(np.abs(got / true - 1) < [1e-10, 1e-10, 1e-9, 1e-10])
        scattered = [[complex(s) for s in mie.amplitudes_from(a, b, c, digits=20)] for c in cosines]
        s1, s2 = sc.mie.layered_amplitudes(x, m, cosines)
        assert np.abs(np.stack([s1, s2], 1) - scattered).max() < 1e-10 * np.abs(scattered).max()


@pytest.mark.parametrize(("core", "shell"), [(1.5, 1.2), (1.1 + 0.01j, 2.5), (0.2 + 3.4j, 1.46), (1.46, 0.2 + 3.4j)])
def test_small_spheres_have_the_polarizability_of_electrostatics(core: complex, shell: complex) -> None:
    """a_1 = -2/3 i x^3 alpha with B & H (5.36); their e_1 is the core's, e_2 the shell's; f the core's share of the volume."""
    x, inside = 1e-4, 0.8
    e1, e2, f = complex(core) ** 2, complex(shell) ** 2, inside**3
    alpha = (e2 - 1) * (e1 + 2 * e2) + f * (e1 - e2) * (1 + 2 * e2)
    alpha /= (e2 + 2) * (e1 + 2 * e2) + f * (2 * e2 - 2) * (e1 - e2)
    a, _ = sc.mie.layered_coefficients([inside * x, x], [core, shell])
    assert a[0] == pytest.approx(-2j / 3 * x**3 * alpha, rel=1e-6)


@pytest.mark.parametrize("x", [0.3, 4.0, 35.0])
@pytest.mark.parametrize(("core", "shell"), [(1.5, 1.33), (1.2 + 0.1j, 2.0), (1.45, 0.2 + 3.4j)])
def test_a_thin_shell_acts_in_proportion_to_its_thickness(x: float, core: complex, shell: complex) -> None:
    """L = u'/u obeys L' = n (n + 1) / rho^2 - m^2 - L^2 in the shell (Riccati), from L of the core at its inside.

    a_n and b_n then follow from L at the surface; what is left out is of second order in the thickness.
    """
    thin = 1e-8 * x
    a, b = sc.mie.layered_coefficients([x, x + thin], [core, shell])
    for n in (1, 2, max(1, int(x)), int(x) + 3):
        for got, magnetic in ((a[n - 1], False), (b[n - 1], True)):
            assert abs(got - with_film(n, x, thin, complex(core), complex(shell), magnetic)) < 3e-11


def with_film(n: int, x: float, thin: float, core: complex, shell: complex, magnetic: bool) -> complex:
    psi, _ = mie.riccati_bessel(n, core * x)
    before, _ = mie.riccati_bessel(n - 1, core * x)
    inside = core * complex(before / psi) - n / x  # u' / u in the core
    if not magnetic:
        inside *= shell**2 / core**2  # u' / (m^2 u) is continuous
    outside = inside + thin * (n * (n + 1) / x**2 - shell**2 - inside**2)
    if not magnetic:
        outside /= shell**2
    size = x + thin
    (psi, xi), (psi_before, xi_before) = mie.riccati_bessel(n, size), mie.riccati_bessel(n - 1, size)
    psi_slope, xi_slope = psi_before - n * psi / size, xi_before - n * xi / size
    return complex((outside * psi - psi_slope) / (outside * xi - xi_slope))


def test_one_layer_is_a_homogeneous_sphere() -> None:
    cosines = np.linspace(-1, 1, 5)
    for x, m in ((0.2, 1.5 + 0j), (31.0, 1.2 + 0.1j)):
        np.testing.assert_allclose(sc.mie.layered_efficiencies([x], m), sc.mie.efficiencies(x, m), rtol=1e-12)
        np.testing.assert_allclose(
            sc.mie.layered_amplitudes([x], m, cosines), sc.mie.amplitudes(x, m, cosines), rtol=1e-9
        )


def test_arrays_broadcast() -> None:
    x, m = np.array([[[0.3, 0.5]], [[8.0, 12.0]]]), np.array([[1.1, 1.5], [1.5 + 0.1j, 1.3], [2.0, 1.0]])
    a, b = sc.mie.layered_coefficients(x, m)
    assert a.shape == b.shape and a.shape[:2] == (2, 3)
    together = sc.mie.layered_efficiencies(x, m)
    s1, s2 = sc.mie.layered_amplitudes(x, m, [0.2, -0.4])
    for i, j in np.ndindex(2, 3):
        alone = sc.mie.layered_coefficients(x[i, 0], m[j])
        assert np.array_equal(alone[0], a[i, j, : len(alone[0])]) and np.array_equal(alone[1], b[i, j, : len(alone[1])])
        np.testing.assert_allclose([q[i, j] for q in together], sc.mie.layered_efficiencies(x[i, 0], m[j]), rtol=1e-13)
        np.testing.assert_allclose(
            (s1[i, j], s2[i, j]), sc.mie.layered_amplitudes(x[i, 0], m[j], [0.2, -0.4]), rtol=1e-12
        )


def test_what_cannot_be_is_refused() -> None:
    for x, m, words in (
        ([2.0, 1.0], 1.5, "must not decrease"),
        (1.0, 1.5, "layers from the inner to the outer"),
        (np.empty((3, 0)), 1.5, "layers from the inner to the outer"),
        ([0.0, 1.0], 1.5, "size_parameter: must be > 0"),
        ([0.5, 1.0], [1.5, 1.5 - 1j], "relative_index: must be"),
    ):
        for function in (sc.mie.layered_coefficients, sc.mie.layered_efficiencies):
            with pytest.raises(sc.ParameterError, match=words):
                function(x, m)
    with pytest.raises(sc.ParameterError, match=r"layered_amplitudes\.cos_theta"):
        sc.mie.layered_amplitudes([0.5, 1.0], 1.5, [1.1])


def test_layers_of_a_scatterer_must_fit() -> None:
    place = {"x": 5.0, "y": 6.0}
    with pytest.raises(sc.ParameterError, match=r"refractive_indices: 3 for 2 radii; must be one for each layer"):
        sc.LayeredMieSphere(**place, radii=[0.1, 0.2], refractive_indices=[1.5, 1.4, 1.3])
    with pytest.raises(sc.ParameterError, match=r"radii: -0\.2 um; must be > 0"):
        sc.LayeredMieSphere(**place, radii=[0.1, -0.2], refractive_indices=[1.5, 1.4])
    with pytest.raises(sc.ParameterError, match=r"radii: 350 um\? lengths are in micrometres"):
        sc.LayeredMieSphere(**place, radii=[0.1, 350], refractive_indices=[1.5, 1.4])
    core = sc.uniform(0.1, 0.2)
    shrinking = sc.LayeredMieSphere(
        **place, radii=core - sc.uniform(0.01, 0.02) * [0, 1], refractive_indices=[1.5, 1.4]
    )
    with pytest.raises(
        sc.ParameterError, match=r"LayeredMieSphere\.radii: .* um after .* um in example 4; must increase"
    ):
        sc.Recipe(points=sc.positions(shrinking)).render(indices=[4], seed=1)
    for radii in ([0.2, 0.2], [0.1, 0.3, 0.2]):
        still = sc.LayeredMieSphere(**place, radii=radii, refractive_indices=[1.5, 1.4, 1.3][: len(radii)])
        with pytest.raises(sc.ParameterError, match=r"0\.2 um after .* um in example 0; must increase"):
            sc.Recipe(points=sc.positions(still)).render(1, seed=1)


def test_a_layered_sphere_of_drawn_layers_survives_text() -> None:
    core, thickness = sc.uniform(0.1, 0.2), sc.uniform(0.01, 0.02)
    sphere = sc.LayeredMieSphere(5.0, 6.0, core + thickness * [0, 1], [1.5 + 0.1j, 1.4])
    recipe = sc.Recipe(points=sc.positions(sphere))
    assert sc.loads(recipe.canonical) == recipe
    np.testing.assert_array_equal(recipe.render(2, seed=1)["points"], [[6, 5]] * 2)
