// One row of cells of a particle's image, from its radial functions.
#pragma once

#include <cstdint>

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

// Adds A, B cos 2 psi and B sin 2 psi of every cell to `sums` (six rows: real and imaginary of each), from the cubic
// pieces of (A, B) and the scratch filled by locate_row.
void add_field(std::int64_t cells, const RowScratch<float>& scratch, const float* pieces, float* sums);
void add_field(std::int64_t cells, const RowScratch<double>& scratch, const double* pieces, double* sums);

// Two rows (real, imaginary) of a component from the six sums; `of`: real and imaginary factors of the three.
void combine(std::int64_t cells, const float* sums, const double* of, float* re, float* im);
void combine(std::int64_t cells, const double* sums, const double* of, double* re, double* im);

}  // namespace simcore
