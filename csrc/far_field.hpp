// Amplitudes of spheres as functions of the scattering angle, tabulated for interpolation.
//
//   S1, S2  amplitudes across and along the plane of scattering (mie.hpp)
//   A, D    (S1 + S2) / 2 and (S2 - S1) / 2
//   v       2 sin(Theta / 2), Theta the scattering angle: the distance between the unit vectors of both directions; S1
//           and S2 are smooth even functions of it
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "scattering.hpp"

namespace simcore {

// Cubic pieces of A and D (real, imaginary, real, imaginary) on intervals of v.
template <class T>
struct AmplitudeTable {
    double per_unit = 0.0;  // intervals per unit of v
    double rim = 0.0;       // largest |S1|, |S2| where v >= the `from` asked for
    double order = 0.0;     // of the last term that matters
    std::vector<T> pieces;  // 16 values for each interval
};

template <class T>
struct AmplitudeScratch {
    std::vector<double> cosine, rows;
    std::vector<std::complex<double>> s1, s2;
    Directions directions;
    SourceScratch source;
    std::vector<T> values;
};

// Table on 0 .. largest (below 2) of what the source scatters into transmission, exact to a small part of
// the tolerance (relative to the largest). Throws std::domain_error where the
// range comes too close to backward scattering.
template <class T>
void tabulate(const Source& source, double tolerance, double from, double largest, AmplitudeScratch<T>& scratch,
              AmplitudeTable<T>& table);

}  // namespace simcore
