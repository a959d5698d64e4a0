// What a particle scatters into the directions that an objective collects, as the integrands of its radial functions.
//
// Symbols of mie.hpp and directions.hpp; k = 2 pi n / wavelength. With S1', S2' the amplitudes of the detected light
// across and along the meridional plane of image space, an integrand is (S1' + S2') / 2 or (S1' - S2') / 2 times
// weight * exp(i [2 pi W / wavelength + k z (cos t - 1) + constant]).
//
// Transmission: S1' = S1(t), S2' = S2(t). Backwards: the incident wave travels away from the objective, so the angle of
// scattering is pi - t, and the unit vector e_theta of the scattered wave points towards the axis in image space:
// S1' = S1(pi - t), S2' = -S2(pi - t), both S1(pi) on the axis. By the parities of pi_n and tau_n that is the light of
// the coefficients a'_n = -(-1)^n a_n, b'_n = (-1)^n b_n in transmission. The incident wave reaches the particle with
// exp(i k z) and its light the focal plane with exp(i k z cos t); a wave reflected at z_r has exp(2 i k z_r) there. So
// relative to it the constant is 2 k (z - z_r).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "directions.hpp"

namespace simcore {

// Either multipoles or, where `angles` is not zero, amplitudes at `angles` equal steps from 0 to pi.
struct Source {
    std::int64_t terms;
    const std::complex<double>*a, *b;
    std::int64_t angles;
    const std::complex<double>*s1, *s2;
};

struct Phase {
    double wavenumber;  // 2 pi / wavelength
    double depth;       // k z
    double constant;
};

struct SourceScratch {
    std::vector<double> sums;
};

// Four rows (sum, difference: real, imaginary) of directions.count values.
void integrand(const Directions& directions, const Source& source, bool backward, const Phase& phase,
               SourceScratch& scratch, double* to);

}  // namespace simcore
