// The fields that particles scatter into the image, as two functions of the distance from their axes.
//
// With t the polar angle, k the wavenumber in the medium, v = k sin(t_max) r, w = (sin t / sin t_max)^2 and the
// integrands of scattering.hpp:
//   A(r) = Int sqrt(cos t) sin t ... (S1 + S2) / 2 J0(k r sin t) dt
//   B(r) = Int sqrt(cos t) sin t ... (S1 - S2) / 2 J2(k r sin t) dt
// and sqrt(cos t) sin t dt = sin^2(t_max) / (2 sqrt(cos t)) dw.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "directions.hpp"
#include "radial_tables.hpp"

namespace simcore {

// A field asked for: the step between its radial points in v, and the points after r = 0 that are needed.
struct Profile {
    double step;
    std::int64_t points;
};

// Memory that the calls for one image share, and the tables of its directions: `forget` them before other directions.
template <class T>
struct ProfileScratch {
    AlignedVector<T> integrands, planes, padded, fraction, weight;
    std::vector<std::int32_t> base;
    std::vector<std::int64_t> panels;
    std::vector<std::shared_ptr<const Panel<T>>> kept;
    std::vector<const T*> tables;
    int stride =
        1;  // 2: every other point of the grid, for errors up to 3e-4 of what there is at the highest frequency

    void forget(int points_apart) {
        stride = points_apart;
        kept.clear();
        tables.clear();
    }
};

// A and B (real, imaginary, real, imaginary) of each field at the points i - before, i = 0 .. before + points - 1, in
// units of its step; both are even functions. `integrands`: four rows of directions.count values for each field;
// `quads`: rows of `stride` values.
template <class T>
void radial_profiles(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                     const Profile* profiles, std::int64_t before, ProfileScratch<T>& scratch, std::int64_t stride,
                     T* quads);

// Cubic pieces (four coefficients of the fraction, one block of `functions` values each) for the intervals between
// points 3, 4, ..., count - 4 of `values`: derivatives by central differences of sixth order.
void cubic_pieces(std::int64_t functions, std::int64_t count, const float* values, float* pieces);
void cubic_pieces(std::int64_t functions, std::int64_t count, const double* values, double* pieces);

}  // namespace simcore
