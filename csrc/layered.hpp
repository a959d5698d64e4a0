// Scattering by spheres of concentric layers.
//
// Symbols, besides those of mie.hpp; layers l = 1 .. L from the centre outwards, the medium is layer L + 1:
//   rho      size coordinate, 2 pi n_medium r / wavelength; x_l is the outer radius of layer l
//   m_l      index of the layer relative to the medium, n + i k, k >= 0
//   u        radial function of one multipole, electric (a_n) or magnetic (b_n); in a layer a combination of psi_n(m
//   rho)
//            and of w_n(m rho), which is chi_n where the layer absorbs little, xi_n where it absorbs much
//   R        (n + 1) / (m rho) - u'(m rho) / u(m rho); for u = psi_n it is r_{n+1}. Small where psi_n grows as
//            rho^(n+1), so that small spheres keep their digits
//
// R is carried from the centre to the surface, as the logarithmic derivatives of Yang, Appl. Opt. 42, 1710 (2003) and
// Pena & Pal, Comput. Phys. Commun. 180, 2348 (2009). With A = w_{n+1} - R w_n and B = R psi_n - psi_{n+1} at the inner
// radius of a layer, at its outer one R = (A psi_{n+1} + B w_{n+1}) / (A psi_n + B w_n): no pole where psi_n or w_n is
// zero, nothing cancels in thin layers. psi is scaled by its size at the outer radius, w by its size at the inner one:
// what then underflows is negligible. Lossless layers are real throughout, so that Re a_n keeps its digits.
// The recurrences run at a z that is off by a rounding; R' = 1 + R^2 - 2 (n + 1) R / z carries R to the true one.
// What a small sphere absorbs in its thinnest layer alone, thickness t, is known to 1e-16 radius / t of itself.
#pragma once

#include <complex>
#include <cstdint>

namespace simcore {

// Coefficients of `count` spheres of `layers` layers, given by rows of `layers` size parameters of the outer radii, not
// decreasing, and indices. Rows of `stride` coefficients; those past terms[i] are set to zero. The result of a sphere
// does not depend on its neighbours. Layers inside 1e-8 of the outer radius have no effect and are taken as that large.
void layered_coefficients(std::int64_t count, std::int64_t layers, const double* size_parameter,
                          const std::complex<double>* relative_index, const std::int64_t* terms, std::int64_t stride,
                          std::complex<double>* a, std::complex<double>* b);

}  // namespace simcore
