// One row of cells of a sphere's image, from its radial functions.
#pragma once

#include <cstdint>

namespace simcore {

// Where the cells of one row lie about a sphere, lengths in units of the radial step.
struct RowGeometry {
    std::int64_t cells;
    const double* dx;
    double dy;
    double cos_alpha, sin_alpha;  // of twice the angle from which psi counts
};

// Scratch of one value per cell each.
template <class T>
struct RowScratch {
    std::int32_t* base;
    T *fraction, *cosine, *sine;
};

// out = F + G cos 2 (psi - alpha); even, odd: cubic pieces of F and G; odd may be null.
void single_row(const RowGeometry& row, const RowScratch<float>& scratch, const float* even, const float* odd,
                float* out);
void single_row(const RowGeometry& row, const RowScratch<double>& scratch, const double* even, const double* odd,
                double* out);

// Base, fraction and the cosine and sine of 2 psi of every cell.
void locate_row(const RowGeometry& row, const RowScratch<float>& scratch);
void locate_row(const RowGeometry& row, const RowScratch<double>& scratch);

// Adds A, B cos 2 psi (four values) and B sin 2 psi (four values, the first two unused) of every cell to `sums`, from
// the cubic pieces of (A, B) and the scratch filled by locate_row.
void add_field(std::int64_t cells, const RowScratch<float>& scratch, const float* pieces, float* sums);
void add_field(std::int64_t cells, const RowScratch<double>& scratch, const double* pieces, double* sums);

// out += weight times the intensity; `polarised` is 0 or 1, cos_alpha and sin_alpha those of twice the angle.
void add_intensity(std::int64_t cells, const float* sums, double weight, double polarised, double cos_alpha,
                   double sin_alpha, float* out);
void add_intensity(std::int64_t cells, const double* sums, double weight, double polarised, double cos_alpha,
                   double sin_alpha, double* out);

}  // namespace simcore
