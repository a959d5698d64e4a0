// One row of cells of a particle's image, from its radial functions.
#pragma once

#include <cstdint>

#include "radial_fields.hpp"

namespace simcore {

// Where the cells of one row lie about a particle, lengths in units of the radial step. G: float serves where errors
// of 1e-4 of a step do no harm.
template <class G>
struct RowGeometry {
    std::int64_t cells;
    const G* dx;
    G dy;
};

// Scratch: one value per cell each; four in `values`.
template <class T>
struct RowScratch {
    std::int32_t* base;
    T *fraction, *cosine, *sine, *values;
};

// Base, fraction and the cosine and sine of 2 psi of every cell; at r = 0 the latter do not matter, for B(0) = 0.
void locate_row(const RowGeometry<float>& row, const RowScratch<float>& scratch);
void locate_row(const RowGeometry<double>& row, const RowScratch<float>& scratch);
void locate_row(const RowGeometry<double>& row, const RowScratch<double>& scratch);

// How an intensity turns with psi: out = F + G (g_cos cos 2 psi + g_sin sin 2 psi), and with four functions
// + K (k_cos cos 2 psi + k_sin sin 2 psi) + H (h_cos cos 4 psi + h_sin sin 4 psi).
struct Harmonics {
    int functions;  // 2 or 4
    double g_cos, g_sin, k_cos, k_sin, h_cos, h_sin;
};

// One row from the cubic pieces of F, G (K, H) and the scratch filled by locate_row.
void single_row(std::int64_t cells, const Harmonics& harmonics, const RowScratch<float>& scratch, const float* pieces,
                float* out);
void single_row(std::int64_t cells, const Harmonics& harmonics, const RowScratch<double>& scratch, const double* pieces,
                double* out);

constexpr std::int64_t kTile = 64;  // cells of a row that are worked on together
constexpr std::int64_t kSide = 16;  // a tile's cells come in so many at a time

// Where the cells of a tile lie about a particle, lengths in units of the radial step; `cells` is a multiple of kSide.
template <class G>
struct TileGeometry {
    std::int64_t rows, cells;
    const G *dx, *dy;
};

// Adds A, B cos 2 psi and B sin 2 psi of every cell to `sums`: for each row and wavelength six rows of kTile values,
// real and imaginary parts in turn.
void add_field(const TileGeometry<float>& tile, std::int64_t waves, const FieldPieces<float>* pieces, float* sums);
void add_field(const TileGeometry<double>& tile, std::int64_t waves, const FieldPieces<float>* pieces, float* sums);
void add_field(const TileGeometry<double>& tile, std::int64_t waves, const FieldPieces<double>* pieces, double* sums);

// Two rows (real, imaginary) of a component from the six sums, or from those of A where the others are none; `of`: real
// and imaginary factors of the three. Returns the largest square.
float combine(std::int64_t cells, bool turning, const float* sums, const double* of, float* re, float* im);
double combine(std::int64_t cells, bool turning, const double* sums, const double* of, double* re, double* im);

}  // namespace simcore
