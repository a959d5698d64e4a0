// Tiles of cells of the particles' images, from their radial functions.
#pragma once

#include <cstdint>

#include "radial_fields.hpp"

namespace simcore {

// How an intensity turns with psi: out = F + G (g_cos cos 2 psi + g_sin sin 2 psi), and with four functions
// + K (k_cos cos 2 psi + k_sin sin 2 psi) + H (h_cos cos 4 psi + h_sin sin 4 psi).
struct Harmonics {
    int functions;  // 2 or 4
    double g_cos, g_sin, k_cos, k_sin, h_cos, h_sin;
};

constexpr std::int64_t kTile = 64;  // cells of a row that are worked on together
constexpr std::int64_t kSide = 16;  // a tile's cells come in so many at a time

// Where the cells of a tile lie about a particle, lengths in units of the radial step. G: float serves where errors of
// 1e-4 of a step do no harm. Of dx there are whole multiples of kSide.
template <class G>
struct TileGeometry {
    std::int64_t rows, cells;
    const G *dx, *dy;
};

// The intensity in the cells of a tile from the cubic pieces of F, G (K, H), rows `apart` values one after the other.
void draw_single(const TileGeometry<float>& tile, const Harmonics& harmonics, const float* pieces, std::int64_t apart,
                 float* out);
void draw_single(const TileGeometry<double>& tile, const Harmonics& harmonics, const float* pieces, std::int64_t apart,
                 float* out);
void draw_single(const TileGeometry<double>& tile, const Harmonics& harmonics, const double* pieces, std::int64_t apart,
                 double* out);

// Adds A, B cos 2 psi and B sin 2 psi of every cell (a multiple of kSide) to `sums`: for each row and wavelength six
// rows of kTile values, real and imaginary parts in turn.
void add_field(const TileGeometry<float>& tile, std::int64_t waves, const FieldPieces<float>* pieces, float* sums);
void add_field(const TileGeometry<double>& tile, std::int64_t waves, const FieldPieces<float>* pieces, float* sums);
void add_field(const TileGeometry<double>& tile, std::int64_t waves, const FieldPieces<double>* pieces, double* sums);

// Two rows (real, imaginary) of a component from the six sums, or from those of A where the others are none; `of`: real
// and imaginary factors of the three. Returns the largest square.
float combine(std::int64_t cells, bool turning, const float* sums, const double* of, float* re, float* im);
double combine(std::int64_t cells, bool turning, const double* sums, const double* of, double* re, double* im);

}  // namespace simcore
