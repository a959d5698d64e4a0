// The compiled-for-each-level parts of emission.cpp: radial functions of the field, and rows of cells drawn from them.
#pragma once

#include <cmath>
#include <cstdint>

#include "dispatch.hpp"
#include "pixels.hpp"

namespace simcore {

// The pupil with the phase of a depth (wavenumber times depth) and the weights of quadrature, as `integrand` below;
// turn is scratch of two values a node.
template <class T>
struct DepthCall {
    std::int64_t nodes;
    int orders;
    bool decays;
    double phase;
    const double *weight, *axial, *decay;
    const double* rows[6];  // real and imaginary parts of U, K, V
    double* turn;
    T* integrand;
};
void at_depth(const DepthCall<float>& call);
void at_depth(const DepthCall<double>& call);

// The radial integrals: `functions` real functions (I0 re, im or I0, K1, I2 re, im) at the points (i - before) ratio of
// the tables' grid, i = 0 .. count - 1, into `fields`, `width` values a point (2, or 8 of which 6 are used).
template <class T>
struct FieldCall {
    std::int64_t nodes, panels;
    const T* const* tables;
    int orders;          // Bessel functions in a table: 1, or 3
    const T* integrand;  // 2 orders rows of nodes
    double ratio;
    std::int64_t before, count;
    bool fresh;  // weight and base are to be made: they depend on ratio, before and count alone
    T *planes, *padded, *weight, *fields;
    std::int32_t* base;
};
void radial_fields(const FieldCall<float>& call);
void radial_fields(const FieldCall<double>& call);

// F0, F1, F2 (`count` values each, F1 and F2 only if not null) grow by the weighted squares of the fields.
template <class T>
struct SquareCall {
    std::int64_t count;
    bool vectorial, fixed;
    double scale, sine, cosine;  // of the polar angle
    const T* fields;
    T *even, *odd, *twice;
};
void add_squares(const SquareCall<float>& call);
void add_squares(const SquareCall<double>& call);

// An emitter's light in the cells around it.
template <class T>
struct EmissionSpot {
    const PixelRule& rule;
    std::int64_t rows, cells;
    double x, y;                  // of the emitter, in pixels
    double scale;                 // radial steps in a pixel
    std::int64_t end;             // intervals that the light reaches; the pieces of one more are of nothing
    const T* dx;                  // of the columns from the emitter, in radial steps; padded as the scratch is
    T intensity, cosine, sine;    // of the azimuth of a fixed dipole
    const T *even, *odd, *twice;  // cubic pieces, odd and twice null if freely rotating
};
// Of a row: `cells` values and kSpotPadding more.
constexpr std::int64_t kSpotPadding = 16;
template <class T>
struct SpotScratch {
    std::int32_t* base;
    T* fraction;
};
// `out` grows.
void add_spot(const EmissionSpot<float>& spot, const SpotScratch<float>& scratch, float* out);
void add_spot(const EmissionSpot<double>& spot, const SpotScratch<double>& scratch, double* out);

// The interval of the radius of each cell from `first` to `last`, at most `end`, and the place in it; dx, square: along
// the row, and across it. Whole packs of cells, for rows are short: what stands beside them is not used.
template <class T>
SIMCORE_INLINE void find_intervals(const T* dx, T square, std::int64_t end, std::int64_t first, std::int64_t last,
                                   const SpotScratch<T>& s) {
    const std::int32_t most = static_cast<std::int32_t>(end);
    for (std::int64_t from = first / kSpotPadding * kSpotPadding; from < last; from += kSpotPadding) {
        SIMCORE_INDEPENDENT
        for (std::int64_t k = from; k < from + kSpotPadding; ++k) {
            const T radius = std::sqrt(dx[k] * dx[k] + square);
            const std::int32_t at = static_cast<std::int32_t>(radius), base = at < most ? at : most;
            s.base[k] = base;
            s.fraction[k] = radius - static_cast<T>(base);
        }
    }
}

}  // namespace simcore
