// The pupil of a point emitter: what an objective collects of the light of a dipole, without its position.
//
//   s       n sin t, the same in every layer; rho = s / a, w = rho^2; a the aperture in use
//   M       sqrt(n^2 - s^2) of the medium, i |.| beyond its critical angle (evanescent, exp(-i w t))
//   c       M / n = cos t in the medium
//   U, V, K (w_s + w_p c) / 2, (w_s - w_p c) / 2, w_p s / n with the weights w_p, w_s of the light polarised along and
//   across
//           the plane of incidence; the scalar model has U alone
// A dipole (px, py, pz), z away from the objective, gives at azimuth phi in image space
//   Ex = px (U - V cos 2 phi) - py V sin 2 phi + pz K cos phi,  Ey = -px V sin 2 phi + py (U + V cos 2 phi) + pz K sin
//   phi.
// One medium: w_p = w_s = 1 / sqrt(cos t), the aplanatic objective on a uniform (kx, ky) grid (Novotny & Hecht ch. 3).
// Layers medium, coverslip, immersion (Fresnel's coefficients; Novotny & Hecht ch. 10): t n_i sqrt(cos t_i) / (n cos
// t).
//
// Path length relative to the axis (Gibson & Lanni, JOSA A 9, 154 (1992)), g(n) = sqrt(n^2 - s^2) - n, primes nominal:
//   W = (D + z) g(n) + t_g g(n_g) - t_g' g(n_g') + t_i g(n_i) - t_i' g(n_i'),
//   t_i / n_i = t_i' / n_i' + t_g' / n_g' - t_g / n_g - D / n:  the paraxial focus lies at depth D, where z = 0.
#pragma once

#include <cstdint>
#include <vector>

namespace simcore {

// One row of doubles for each image, in this order; lengths in micrometres.
struct EmissionOptics {
    double numerical_aperture, pixel_size;
    double medium, immersion, coverslip, immersion_nominal, coverslip_nominal;  // refractive indices
    double coverslip_thickness, coverslip_thickness_nominal, working_distance;
    double focus_depth;  // D; nan: the medium reaches up to the objective, and the aperture stops at its index
    double stop, waist;  // in units of the pupil's radius: opaque centre, amplitude exp(-(rho / waist)^2)

    bool layered() const { return focus_depth == focus_depth; }
    double aperture() const { return !layered() && numerical_aperture > medium ? medium : numerical_aperture; }
    double depth(double z) const { return layered() ? focus_depth + z : z; }
};
constexpr int kOpticsColumns = 13;

struct EmissionModel {
    bool vectorial, aplanatic;
};

// Aberration with rotational symmetry: sum of coefficient[k - 1] rho^(2 k), k = 1 .. count, micrometres.
struct RadialWavefront {
    std::int64_t count;
    const double* coefficient;
};

// Rows of values at the points asked for; a point at depth d has the further factor exp(i k0 d (axial + i decay)).
struct EmissionPupil {
    std::int64_t count = 0;
    std::vector<double> u_re, u_im, v_re, v_im, k_re, k_im, axial, decay, path;  // path: W without the medium's part
};

// Values at w[0 .. count), without weights of quadrature.
void emission_pupil(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                    double wavelength, std::int64_t count, const double* w, EmissionPupil& to);

// How far the light strays from a point: of the depths low .. high, the greatest total of the phase's changes over
// the pupil, radians, and the greatest distance at which a ray meets the focal plane, micrometres.
struct Spread {
    double phase, distance;
};
Spread emission_spread(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength, double low,
                       double high);

}  // namespace simcore
