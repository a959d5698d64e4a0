// The directions that an objective collects, as nodes of the radial integrals, and what its pupil does to each of them.
//
// The pupil has rotational symmetry. Symbols:
//   t, n, n_i   angle to the axis in the medium; indices of the medium and of the immersion, n sin t = n_i sin t_i
//   rho         n sin t / NA; the directions end at rho = 1 or, where NA > n, at sin t = 1
//   w           (sin t / sin t_max)^2, the variable of integration
//   W           path through the pupil beyond that on the axis, micrometres: sum c_k rho^(2 k), k = 1 .., and, for a
//               medium of another index than the immersion,  D [n (cos t - 1) - n_i^2 / n (cos t_i - 1)]
//   D           depth of the focal plane under the coverslip; there the paraxial focus lies (Gibson & Lanni, JOSA A 9,
//               154 (1992), with the immersion shortened by D n_i / n)
// Interfaces and the objective keep the power of every direction, so the weight is 1 / sqrt(cos t) on a uniform
// (kx, ky) grid whatever the immersion (Novotny & Hecht, Principles of Nano-Optics, ch. 3).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "radial_tables.hpp"

namespace simcore {

struct Objective {
    double numerical_aperture, medium_index, immersion_index, focus_depth;
    double waist;  // of the amplitude exp(-(rho / waist)^2); infinite: none
    double stop;   // directions with rho < stop are blocked
    std::int64_t wavefront_terms;
    const double* wavefront;

    double sine() const { return numerical_aperture < medium_index ? numerical_aperture / medium_index : 1.0; }
    double stopped_sine() const { return stop * numerical_aperture / medium_index; }
};

struct Directions {
    double fall = 0.0;  // of the amplitude over the pupil: the square of rho / waist at its edge
    bool grazing = false;
    bool flat = true;  // W is zero
    int count = 0;
    double sine = 0.0;  // sin t_max
    std::int64_t terms = 0;
    std::shared_ptr<const PupilNodes> nodes;
    std::vector<double> one_minus_cos, weight, path;  // weight: of sin^2(t_max) / (4 sqrt(cos t)) dw; path: W
    std::vector<double> sum, difference;              // pi_n + tau_n, pi_n - tau_n: rows of `count`
};

// What directions are asked for. `swing`: largest total of the phases over them, radians, that the path does not
// contain; `margin` nodes and `digits` (natural logarithm of the accuracy) beyond what they need.
struct Sampling {
    double swing, wavenumber, margin, digits;  // wavenumber: 2 pi / shortest wavelength, for the path
};

// Directions, some of which are kept: images before one objective share them.
class DirectionSets {
  public:
    // Those from the axis to `sine`, with `terms` angular functions or more; they last until kKept others have been
    // asked for. Throws std::domain_error where more nodes would be needed than there can be.
    const Directions& of(RadialTables& tables, const Objective& objective, double sine, const Sampling& sampling,
                         std::int64_t terms);

  private:
    static constexpr std::size_t kKept = 8;
    Directions kept_[kKept];
    std::size_t next_ = 0;
};

}  // namespace simcore
