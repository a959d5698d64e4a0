// The radial functions A and B of radial_transform.hpp at even steps, and cubic pieces of functions between such
// points.
#pragma once

#include <cstdint>
#include <vector>

#include "radial_transform.hpp"

namespace simcore {

// A field asked for: the step between its radial points in v, and the points after r = 0 that are needed.
struct Profile {
    double step;
    std::int64_t points;
};

// Memory that the calls for one image share.
template <class T>
struct ProfileScratch {
    TransformScratch<T> transform;
    AlignedVector<T> padded, fraction, weight;
    std::vector<std::int32_t> base;
    std::vector<Wanted> wanted;
};

// A and B (real, imaginary, real, imaginary) of each field at the points i - before, i = 0 .. before + points - 1, in
// units of its step; both are even functions. `integrands`: four rows of directions.count values for each field;
// `quads`: rows of `stride` values.
template <class T>
void radial_profiles(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                     const Profile* profiles, std::int64_t before, ProfileScratch<T>& scratch, std::int64_t stride,
                     T* quads);

// The same of one field that has been transformed, the state `at`, at v = start, start + step, ...; `start` may be
// negative.
template <class T>
void resample_field(std::int64_t at, double start, double step, std::int64_t count, ProfileScratch<T>& scratch,
                    T* quads);

// Cubic pieces (four coefficients of the fraction, one block of `functions` values each) for the intervals between
// points 3, 4, ..., count - 4 of `values`: derivatives by central differences of sixth order.
void cubic_pieces(std::int64_t functions, std::int64_t count, const float* values, float* pieces);
void cubic_pieces(std::int64_t functions, std::int64_t count, const double* values, double* pieces);

}  // namespace simcore
