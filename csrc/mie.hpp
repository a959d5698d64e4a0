// Scattering by a homogeneous sphere (Lorenz-Mie).
//
// Symbols (Bohren & Huffman, Absorption and Scattering of Light by Small Particles, 1983, ch. 4; time dependence
// exp(-i w t), so that an absorbing sphere has the index n + i k, k > 0):
//   x        size parameter, 2 pi n_medium radius / wavelength
//   m        index of the sphere relative to the medium
//   psi, chi Riccati-Bessel functions; xi = psi - i chi
//   r_n(z)   psi_n(z) / psi_{n-1}(z); D_n(z) = psi_n'(z) / psi_n(z) = (n + 1) / z - r_{n+1}(z)
//   a_n, b_n coefficients, n = 1 ..; element n - 1 of the arrays
//   pi, tau  angular functions; S1, S2 amplitudes across and along the plane of scattering
#pragma once

#include <complex>
#include <cstdint>

namespace simcore {

// Number of terms after which the coefficients of a sphere of this size are below 1e-14 (as Wiscombe, Appl. Opt. 19,
// 1505 (1980), with a wider margin); `margin` is the multiple of x^(1/3) beyond x, 4.05 in Wiscombe's criterion.
std::int64_t mie_terms(double size_parameter, double margin = 7.0);

// Coefficients of `count` spheres, rows of `stride` elements; those past terms[i] are set to zero. The result of a
// sphere does not depend on its neighbours.
void mie_coefficients(std::int64_t count, const double* size_parameter, const std::complex<double>* relative_index,
                      const std::int64_t* terms, std::int64_t stride, std::complex<double>* a, std::complex<double>* b);

// Amplitudes of `count` spheres (rows of `terms` coefficients) at `angles` angles; S1, S2 have rows of `angles`.
void mie_amplitudes(std::int64_t count, std::int64_t terms, const std::complex<double>* a,
                    const std::complex<double>* b, std::int64_t angles, const double* cos_theta,
                    std::complex<double>* s1, std::complex<double>* s2);

// pi_n + tau_n and pi_n - tau_n, n = 1 .. terms, at directions given by one_minus_cos = 1 - cos(theta) <= 1: rows of
// `angles` (a multiple of kLanes).
void angular_functions(std::int64_t terms, std::int64_t angles, const double* one_minus_cos, double* sum,
                       double* difference);

}  // namespace simcore
