// Tiles of cells of the particles' images, from their radial functions.
#pragma once

#include <cstdint>

#include "radial_fields.hpp"

namespace simcore {

constexpr std::int64_t kTile = 64;  // cells of a row that are worked on together
constexpr std::int64_t kSide = 16;  // a tile's cells come in so many at a time

// Where the cells of a tile lie about a particle, lengths in units of the radial step. G: float serves where errors of
// 1e-4 of a step do no harm. Of dx there are whole multiples of kSide.
template <class G>
struct TileGeometry {
    std::int64_t rows, cells;
    const G *dx, *dy;
};

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
