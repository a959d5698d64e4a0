// The intensity of one particle's image from its radial functions: F, G, K and H of coherent.hpp as functions of the
// radius.
#pragma once

#include <cstdint>

namespace simcore {

// Half-way values of even functions given at `count` points (quads of values), between points 2 and 3, 3 and 4, ...:
// count - 5 quads, by Lagrange's polynomials of fifth degree.
void half_points(std::int64_t count, const float* quads, float* to);
void half_points(std::int64_t count, const double* quads, double* to);

// Adds F and G, and with four functions K and H, to rows of `apart` values each; quads: A and B, real and imaginary.
struct IntensityOf {
    int functions;  // 2 or 4
    double weight, whole, turned;
    double reference_re, reference_im;
};
void add_intensity(const IntensityOf& of, std::int64_t count, const float* quads, std::int64_t apart, float* to);
void add_intensity(const IntensityOf& of, std::int64_t count, const double* quads, std::int64_t apart, double* to);

}  // namespace simcore
