#include "sphere_rows.hpp"

#include <cmath>

#include "dispatch.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

template <class G, class T>
SIMCORE_INLINE void locate_body(const RowGeometry<G>& row, const RowScratch<T>& scratch) {
    const G square = row.dy * row.dy, twice = G(2) * row.dy;
    for (std::int64_t i = 0; i < row.cells; ++i) {
        const G dx = row.dx[i], along = dx * dx, radius = std::sqrt(along + square);
        const G inverse = G(1) / (along + square + G(1e-30));
        const std::int32_t base = static_cast<std::int32_t>(radius);
        scratch.base[i] = base;
        scratch.fraction[i] = static_cast<T>(radius - static_cast<G>(base));
        scratch.cosine[i] = static_cast<T>((along - square) * inverse);
        scratch.sine[i] = static_cast<T>(twice * dx * inverse);
    }
}

// Two functions: those of each cell at the fraction u are values[0] + u values[2] and values[1] + u values[3].
template <int bytes, class T>
SIMCORE_INLINE void look_up_two(std::int64_t cells, const std::int32_t* base, const T* fraction, const T* pieces,
                                T* values) {
    using Quad = Pack<T, 4, bytes>;
    for (std::int64_t i = 0; i < cells; ++i) {
        const T *at = pieces + 8 * static_cast<std::int64_t>(base[i]), u = fraction[i];
        (Quad(at) + scaled(u * u, Quad(at + 4))).store(values + 4 * i);
    }
}

template <int bytes, class T>
SIMCORE_INLINE void look_up_four(std::int64_t cells, const std::int32_t* base, const T* fraction, const T* pieces,
                                 T* values) {
    using Quad = Pack<T, 4, bytes>;
    for (std::int64_t i = 0; i < cells; ++i) {
        const T *at = pieces + 16 * static_cast<std::int64_t>(base[i]), u = fraction[i];
        const Quad last = Quad(at + 8) + scaled(u, Quad(at + 12));
        const Quad value = Quad(at) + scaled(u, Quad(at + 4) + scaled(u, last));
        value.store(values + 4 * i);
    }
}

template <int bytes, class T>
SIMCORE_INLINE void single_body(std::int64_t cells, const Harmonics& h, const RowScratch<T>& scratch, const T* pieces,
                                T* out) {
    const T *v = scratch.values, *c = scratch.cosine, *s = scratch.sine, *u = scratch.fraction;
    const T g_cos = static_cast<T>(h.g_cos), g_sin = static_cast<T>(h.g_sin);
    if (h.functions == 2) {
        look_up_two<bytes>(cells, scratch.base, u, pieces, scratch.values);
        SIMCORE_INDEPENDENT
        for (std::int64_t i = 0; i < cells; ++i) {
            const T even = v[4 * i] + u[i] * v[4 * i + 2], odd = v[4 * i + 1] + u[i] * v[4 * i + 3];
            out[i] = even + odd * (g_cos * c[i] + g_sin * s[i]);
        }
        return;
    }
    look_up_four<bytes>(cells, scratch.base, u, pieces, scratch.values);
    const T k_cos = static_cast<T>(h.k_cos), k_sin = static_cast<T>(h.k_sin);
    const T h_cos = static_cast<T>(h.h_cos), h_sin = static_cast<T>(h.h_sin);
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < cells; ++i) {
        const T twice = g_cos * c[i] + g_sin * s[i], other = k_cos * c[i] + k_sin * s[i];
        const T fourfold = h_cos * (c[i] * c[i] - s[i] * s[i]) + h_sin * (T(2) * c[i] * s[i]);
        out[i] = (v[4 * i] + v[4 * i + 1] * twice) + (v[4 * i + 2] * other + v[4 * i + 3] * fourfold);
    }
}

template <int bytes, class T>
SIMCORE_INLINE void field_body(std::int64_t cells, const RowScratch<T>& scratch, const T* pieces, T* sums) {
    look_up_four<bytes>(cells, scratch.base, scratch.fraction, pieces, scratch.values);
    const T *v = scratch.values, *c = scratch.cosine, *s = scratch.sine;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < cells; ++i) {
        const T br = v[4 * i + 2], bi = v[4 * i + 3];
        sums[i] += v[4 * i];
        sums[cells + i] += v[4 * i + 1];
        sums[2 * cells + i] += br * c[i];
        sums[3 * cells + i] += bi * c[i];
        sums[4 * cells + i] += br * s[i];
        sums[5 * cells + i] += bi * s[i];
    }
}

template <class T>
SIMCORE_INLINE void combine_body(std::int64_t cells, const T* sums, const double* of, T* re, T* im) {
    const T ar = static_cast<T>(of[0]), ai = static_cast<T>(of[1]), cr = static_cast<T>(of[2]);
    const T ci = static_cast<T>(of[3]), dr = static_cast<T>(of[4]), di = static_cast<T>(of[5]);
    const T *a = sums, *c = sums + 2 * cells, *d = sums + 4 * cells;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < cells; ++i) {
        const T x = a[i], y = a[cells + i], p = c[i], q = c[cells + i], v = d[i], w = d[cells + i];
        re[i] = (ar * x - ai * y) + (cr * p - ci * q) + (dr * v - di * w);
        im[i] = (ar * y + ai * x) + (cr * q + ci * p) + (dr * w + di * v);
    }
}

#define SIMCORE_LOCATE(G, T)                                                                                    \
    SIMCORE_DISPATCH(locate_dispatched, locate_body, (const RowGeometry<G>& row, const RowScratch<T>& scratch), \
                     (row, scratch))
#define SIMCORE_ROWS(T)                                                                                  \
    SIMCORE_DISPATCH_LANES(                                                                              \
        single_dispatched, single_body,                                                                  \
        (std::int64_t cells, const Harmonics& h, const RowScratch<T>& scratch, const T* pieces, T* out), \
        (cells, h, scratch, pieces, out))                                                                \
    SIMCORE_DISPATCH_LANES(field_dispatched, field_body,                                                 \
                           (std::int64_t cells, const RowScratch<T>& scratch, const T* pieces, T* sums), \
                           (cells, scratch, pieces, sums))                                               \
    SIMCORE_DISPATCH(combine_dispatched, combine_body<T>,                                                \
                     (std::int64_t cells, const T* sums, const double* of, T* re, T* im), (cells, sums, of, re, im))

SIMCORE_LOCATE(float, float)
SIMCORE_LOCATE(double, float)
SIMCORE_LOCATE(double, double)
SIMCORE_ROWS(float)
SIMCORE_ROWS(double)

}  // namespace

void locate_row(const RowGeometry<float>& row, const RowScratch<float>& scratch) { locate_dispatched(row, scratch); }

void locate_row(const RowGeometry<double>& row, const RowScratch<float>& scratch) { locate_dispatched(row, scratch); }

void locate_row(const RowGeometry<double>& row, const RowScratch<double>& scratch) { locate_dispatched(row, scratch); }

void single_row(std::int64_t cells, const Harmonics& harmonics, const RowScratch<float>& scratch, const float* pieces,
                float* out) {
    single_dispatched(cells, harmonics, scratch, pieces, out);
}

void single_row(std::int64_t cells, const Harmonics& harmonics, const RowScratch<double>& scratch, const double* pieces,
                double* out) {
    single_dispatched(cells, harmonics, scratch, pieces, out);
}

void add_field(std::int64_t cells, const RowScratch<float>& scratch, const float* pieces, float* sums) {
    field_dispatched(cells, scratch, pieces, sums);
}

void add_field(std::int64_t cells, const RowScratch<double>& scratch, const double* pieces, double* sums) {
    field_dispatched(cells, scratch, pieces, sums);
}

void combine(std::int64_t cells, const float* sums, const double* of, float* re, float* im) {
    combine_dispatched(cells, sums, of, re, im);
}

void combine(std::int64_t cells, const double* sums, const double* of, double* re, double* im) {
    combine_dispatched(cells, sums, of, re, im);
}

}  // namespace simcore
