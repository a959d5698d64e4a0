// Rows of the intensity that one particle makes, from its radial functions.
#pragma once

#include <cstdint>

#include "sphere_rows.hpp"

namespace simcore {

// How an intensity turns with psi: F + G (g_cos cos 2 psi + g_sin sin 2 psi), and with four functions
// + K (k_cos cos 2 psi + k_sin sin 2 psi) + H (h_cos cos 4 psi + h_sin sin 4 psi).
struct Harmonics {
    int functions;  // 2 or 4
    double g_cos, g_sin, k_cos, k_sin, h_cos, h_sin;
};

// The intensity in the cells of a tile from the cubic pieces of F, G / r^2 (and K / r^2, H / r^4), r in radial steps;
// rows `apart` values apart. The tile may be of any width.
void draw_single(const TileGeometry<float>& tile, const Harmonics& harmonics, const float* pieces, std::int64_t apart,
                 float* out);
void draw_single(const TileGeometry<double>& tile, const Harmonics& harmonics, const float* pieces, std::int64_t apart,
                 float* out);
void draw_single(const TileGeometry<double>& tile, const Harmonics& harmonics, const double* pieces, std::int64_t apart,
                 double* out);

// values[i] at r = i - centre, even in r, become values / r^order, of which they have a finite one at r = 0.
void divide_by_power(int order, std::int64_t centre, std::int64_t count, float* values);
void divide_by_power(int order, std::int64_t centre, std::int64_t count, double* values);

}  // namespace simcore
