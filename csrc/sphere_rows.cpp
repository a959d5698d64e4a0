#include "sphere_rows.hpp"

#include <cmath>

#include "dispatch.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

template <class T>
SIMCORE_INLINE T cubic(const T* c, T u) {
    return c[0] + u * (c[1] + u * (c[2] + u * c[3]));
}

template <class T>
SIMCORE_INLINE void locate_radius(const RowGeometry& row, const RowScratch<T>& scratch) {
    const double square = row.dy * row.dy;
    for (std::int64_t i = 0; i < row.cells; ++i) {
        const double radius = std::sqrt(row.dx[i] * row.dx[i] + square);
        const std::int32_t base = static_cast<std::int32_t>(radius);
        scratch.base[i] = base;
        scratch.fraction[i] = static_cast<T>(radius - base);
    }
}

// cos and sin of 2 (psi - alpha); at r = 0 they do not matter, for B(0) = 0.
template <class T>
SIMCORE_INLINE void locate_angle(const RowGeometry& row, const RowScratch<T>& scratch, bool with_sine) {
    const double square = row.dy * row.dy;
    for (std::int64_t i = 0; i < row.cells; ++i) {
        const double dx = row.dx[i], inverse = 1.0 / (dx * dx + square + 1e-30);
        const double along = (dx * dx - square) * inverse, across = 2.0 * dx * row.dy * inverse;
        scratch.cosine[i] = static_cast<T>(along * row.cos_alpha + across * row.sin_alpha);
        if (with_sine) scratch.sine[i] = static_cast<T>(across * row.cos_alpha - along * row.sin_alpha);
    }
}

template <class T>
SIMCORE_INLINE void single_body(const RowGeometry& row, const RowScratch<T>& scratch, const T* even, const T* odd,
                                T* out) {
    locate_radius(row, scratch);
    for (std::int64_t i = 0; i < row.cells; ++i) out[i] = cubic(even + 4 * scratch.base[i], scratch.fraction[i]);
    if (odd == nullptr) return;
    locate_angle(row, scratch, false);
    for (std::int64_t i = 0; i < row.cells; ++i)
        out[i] += cubic(odd + 4 * scratch.base[i], scratch.fraction[i]) * scratch.cosine[i];
}

template <class T>
SIMCORE_INLINE void locate_body(const RowGeometry& row, const RowScratch<T>& scratch) {
    locate_radius(row, scratch);
    locate_angle(row, scratch, true);
}

template <int bytes, class T>
SIMCORE_INLINE void field_body(std::int64_t cells, const RowScratch<T>& scratch, const T* pieces, T* sums) {
    using Quad = Pack<T, 4, bytes>;
    for (std::int64_t i = 0; i < cells; ++i) {
        const T* at = pieces + 16 * static_cast<std::int64_t>(scratch.base[i]);
        const T u = scratch.fraction[i], c = scratch.cosine[i], s = scratch.sine[i];
        const T turn[4] = {T(1), T(1), c, c};
        const Quad value = Quad(at) + u * (Quad(at + 4) + u * (Quad(at + 8) + u * Quad(at + 12)));
        (Quad(sums + 8 * i) + value * Quad(turn)).store(sums + 8 * i);
        (Quad(sums + 8 * i + 4) + value * s).store(sums + 8 * i + 4);
    }
}

template <class T>
SIMCORE_INLINE void intensity_body(std::int64_t cells, const T* sums, double weight, double polarised, double cos_alpha,
                                   double sin_alpha, T* out) {
    const T share = static_cast<T>(weight);
    const T c = static_cast<T>(2.0 * polarised * cos_alpha), s = static_cast<T>(2.0 * polarised * sin_alpha);
    for (std::int64_t i = 0; i < cells; ++i) {
        const T* at = sums + 8 * i;
        const T pr = T(1) - at[0], pi = -at[1];
        const T squares = (pr * pr + pi * pi) + (at[2] * at[2] + at[3] * at[3]) + (at[6] * at[6] + at[7] * at[7]);
        const T re = c * at[2] + s * at[6], im = c * at[3] + s * at[7];
        out[i] += share * (squares - (pr * re + pi * im));
    }
}

#define SIMCORE_ROWS(T, suffix)                                                                                   \
    SIMCORE_DISPATCH(single_##suffix, single_body<T>,                                                             \
                     (const RowGeometry& row, const RowScratch<T>& scratch, const T* even, const T* odd, T* out), \
                     (row, scratch, even, odd, out))                                                              \
    SIMCORE_DISPATCH(locate_##suffix, locate_body<T>, (const RowGeometry& row, const RowScratch<T>& scratch),     \
                     (row, scratch))                                                                              \
    SIMCORE_DISPATCH_LANES(field_##suffix, field_body,                                                            \
                           (std::int64_t cells, const RowScratch<T>& scratch, const T* pieces, T* sums),          \
                           (cells, scratch, pieces, sums))                                                        \
    SIMCORE_DISPATCH(intensity_##suffix, intensity_body<T>,                                                       \
                     (std::int64_t cells, const T* sums, double weight, double polarised, double cos_alpha,       \
                      double sin_alpha, T* out),                                                                  \
                     (cells, sums, weight, polarised, cos_alpha, sin_alpha, out))

SIMCORE_ROWS(float, float)
SIMCORE_ROWS(double, double)

}  // namespace

void single_row(const RowGeometry& row, const RowScratch<float>& scratch, const float* even, const float* odd,
                float* out) {
    single_float(row, scratch, even, odd, out);
}

void single_row(const RowGeometry& row, const RowScratch<double>& scratch, const double* even, const double* odd,
                double* out) {
    single_double(row, scratch, even, odd, out);
}

void locate_row(const RowGeometry& row, const RowScratch<float>& scratch) { locate_float(row, scratch); }

void locate_row(const RowGeometry& row, const RowScratch<double>& scratch) { locate_double(row, scratch); }

void add_field(std::int64_t cells, const RowScratch<float>& scratch, const float* pieces, float* sums) {
    field_float(cells, scratch, pieces, sums);
}

void add_field(std::int64_t cells, const RowScratch<double>& scratch, const double* pieces, double* sums) {
    field_double(cells, scratch, pieces, sums);
}

void add_intensity(std::int64_t cells, const float* sums, double weight, double polarised, double cos_alpha,
                   double sin_alpha, float* out) {
    intensity_float(cells, sums, weight, polarised, cos_alpha, sin_alpha, out);
}

void add_intensity(std::int64_t cells, const double* sums, double weight, double polarised, double cos_alpha,
                   double sin_alpha, double* out) {
    intensity_double(cells, sums, weight, polarised, cos_alpha, sin_alpha, out);
}

}  // namespace simcore
