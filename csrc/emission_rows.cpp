#include "emission_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dispatch.hpp"
#include "elementary.hpp"
#include "lanes.hpp"
#include "radial_tables.hpp"

namespace simcore {
namespace {

template <class T>
SIMCORE_INLINE void depth_body(const DepthCall<T>& call) {
    const std::int64_t n = call.nodes;
    double *re = call.turn, *im = call.turn + n;
    for (std::int64_t j = 0; j < n; ++j) {
        const elementary::SinCos turn = elementary::sincos(call.phase * call.axial[j]);
        re[j] = call.weight[j] * turn.cos;
        im[j] = call.weight[j] * turn.sin;
    }
    if (call.decays) {
        for (std::int64_t j = 0; j < n; ++j) {
            const double left = elementary::exp(-call.phase * call.decay[j]);
            re[j] *= left;
            im[j] *= left;
        }
    }
    for (int order = 0; order < call.orders; ++order) {
        const double *a = call.rows[2 * order], *b = call.rows[2 * order + 1];
        T* to = call.integrand + 2 * order * n;
        for (std::int64_t j = 0; j < n; ++j) {
            to[j] = static_cast<T>(a[j] * re[j] - b[j] * im[j]);
            to[n + j] = static_cast<T>(a[j] * im[j] + b[j] * re[j]);
        }
    }
}

SIMCORE_DISPATCH(depth_float, depth_body<float>, (const DepthCall<float>& call), (call))
SIMCORE_DISPATCH(depth_double, depth_body<double>, (const DepthCall<double>& call), (call))

template <class T>
constexpr int kTogether = 128 / sizeof(T);

// One Bessel function at one panel: real and imaginary sums over the nodes.
template <int bytes, class T>
SIMCORE_INLINE void accumulate(std::int64_t nodes, std::int64_t stride, const T* table, const T* re, const T* im,
                               T* to_re, T* to_im) {
    using Points = Pack<T, kTogether<T>, bytes>;
    Points real, imaginary;
    for (std::int64_t j = 0; j < nodes; ++j) {
        const Points value(table + stride * j);
        real += scaled(re[j], value);
        imaginary += scaled(im[j], value);
    }
    real.store(to_re);
    imaginary.store(to_im);
}

// Lagrange weights of `taps` points for the points (i - before) ratio; `fields` serves as scratch.
template <class T>
SIMCORE_INLINE void lagrange(const FieldCall<T>& call) {
    constexpr int taps = RadialGrid<T>::taps, left = taps / 2 - 1;
    for (std::int64_t i = 0; i < call.count; ++i) {
        const double position = std::abs(static_cast<double>(i - call.before) * call.ratio);
        call.base[i] = static_cast<std::int32_t>(position);
        call.fields[i] = static_cast<T>(position - call.base[i]);
    }
    for (int k = 0; k < taps; ++k) {
        double scale = 1.0;
        for (int j = 0; j < taps; ++j) scale *= j == k ? 1.0 : k - j;
        const T inverse = static_cast<T>(1.0 / scale);
        T* to = call.weight + k * call.count;
        for (std::int64_t i = 0; i < call.count; ++i) {
            T product = inverse;
            for (int j = 0; j < taps; ++j) product *= j == k ? T(1) : call.fields[i] - static_cast<T>(j - left);
            to[i] = product;
        }
    }
}

// Planes one after the other -> values of a point side by side, continued to negative radii by their parity: K1 is an
// odd function.
template <int width, class T>
SIMCORE_INLINE void interleave(const FieldCall<T>& call, std::int64_t row) {
    constexpr int functions = width == 8 ? 6 : width;
    constexpr std::int64_t left = RadialGrid<T>::taps / 2 - 1;
    T* at = call.padded + width * left;
    for (std::int64_t i = 0; i < row; ++i, at += width) {
        for (int c = 0; c < functions; ++c) at[c] = call.planes[c * row + i];
        for (int c = functions; c < width; ++c) at[c] = T(0);
    }
    for (std::int64_t i = 1; i <= left; ++i)
        for (int c = 0; c < width; ++c) {
            const T value = call.padded[width * (left + i) + c];
            call.padded[width * (left - i) + c] = width == 8 && c / 2 == 1 ? -value : value;
        }
}

template <int bytes, int width, class T>
SIMCORE_INLINE void resample(const FieldCall<T>& call, std::int64_t row) {
    using Values = Pack<T, width, bytes>;
    interleave<width>(call, row);
    if (call.fresh) lagrange(call);
    for (std::int64_t i = 0; i < call.count; ++i) {
        const T* from = call.padded + width * static_cast<std::int64_t>(call.base[i]);
        Values sum;
        for (int k = 0; k < RadialGrid<T>::taps; ++k)
            sum += scaled(call.weight[k * call.count + i], Values(from + width * k));
        sum.store(call.fields + width * i);
    }
    // K1 is an odd function.
    if (width == 8)
        for (std::int64_t i = 0; i < call.before; ++i)
            for (int c = 2; c < 4; ++c) call.fields[width * i + c] = -call.fields[width * i + c];
}

template <int bytes, class T>
SIMCORE_INLINE void fields_body(const FieldCall<T>& call) {
    const std::int64_t row = call.panels * kPanel, stride = call.orders * kPanel;
    for (std::int64_t p = 0; p < call.panels; ++p)
        for (int order = 0; order < call.orders; ++order)
            for (int i = 0; i < kPanel; i += kTogether<T>) {
                const T* re = call.integrand + 2 * order * call.nodes;
                T* to = call.planes + 2 * order * row + p * kPanel + i;
                accumulate<bytes>(call.nodes, stride, call.tables[p] + order * kPanel + i, re, re + call.nodes, to,
                                  to + row);
            }
    if (call.orders == 1) {
        resample<bytes, 2>(call, row);
    } else {
        resample<bytes, 8>(call, row);
    }
}

SIMCORE_DISPATCH_LANES(fields_float, fields_body, (const FieldCall<float>& call), (call))
SIMCORE_DISPATCH_LANES(fields_double, fields_body, (const FieldCall<double>& call), (call))

template <class T>
SIMCORE_INLINE void squares_body(const SquareCall<T>& call) {
    const T scale = static_cast<T>(call.scale);
    if (!call.vectorial) {
        for (std::int64_t i = 0; i < call.count; ++i) {
            const T* at = call.fields + 2 * i;
            call.even[i] += scale * (at[0] * at[0] + at[1] * at[1]);
        }
        return;
    }
    const double flat = call.fixed ? call.sine * call.sine : 2.0, up = call.fixed ? call.cosine * call.cosine : 1.0;
    const T across = scale * static_cast<T>(flat), along = scale * static_cast<T>(up);
    for (std::int64_t i = 0; i < call.count; ++i) {
        const T* at = call.fields + 8 * i;
        const T squares = (at[0] * at[0] + at[1] * at[1]) + (at[4] * at[4] + at[5] * at[5]);
        call.even[i] += across * squares + along * (at[2] * at[2] + at[3] * at[3]);
    }
    if (!call.fixed) return;
    const T mixed = scale * static_cast<T>(2.0 * call.sine * call.cosine), twofold = T(2) * across;
    for (std::int64_t i = 0; i < call.count; ++i) {
        const T* at = call.fields + 8 * i;
        // Re[a* i b] = a_im b_re - a_re b_im
        call.odd[i] += mixed * ((at[1] + at[5]) * at[2] - (at[0] + at[4]) * at[3]);
        call.twice[i] += twofold * (at[0] * at[4] + at[1] * at[5]);
    }
}

SIMCORE_DISPATCH(squares_float, squares_body<float>, (const SquareCall<float>& call), (call))
SIMCORE_DISPATCH(squares_double, squares_body<double>, (const SquareCall<double>& call), (call))

template <class T>
SIMCORE_INLINE T cubic(const T* c, T u) {
    return c[0] + u * (c[1] + u * (c[2] + u * c[3]));
}

// out += intensity times the cubic of each cell's interval; the first `first` cells are left alone.
template <int bytes, class T>
SIMCORE_INLINE void add_cubics(const T* pieces, T intensity, std::int64_t first, std::int64_t last,
                               const std::int32_t* base, const T* fraction, T* out) {
    std::int64_t i = first;
#if SIMCORE_QUADS
    if constexpr (sizeof(T) == sizeof(float)) {
        const auto add = [&](const auto& piece, auto zero) {
            constexpr std::int64_t together = sizeof zero / sizeof(T);
            for (; i + together <= last; i += together) {
                auto a = piece(i), b = piece(i + 1), c = piece(i + 2), d = piece(i + 3), u = zero, sum = zero;
                transpose(a, b, c, d);
                std::memcpy(&u, fraction + i, sizeof u);
                std::memcpy(&sum, out + i, sizeof sum);
                sum += intensity * (a + u * (b + u * (c + u * d)));
                std::memcpy(out + i, &sum, sizeof sum);
            }
        };
        const auto four = [&](std::int64_t k) {
            Quad values;
            std::memcpy(&values, pieces + 4 * static_cast<std::int64_t>(base[k]), sizeof values);
            return values;
        };
        if constexpr (bytes >= 32) add([&](std::int64_t k) { return joined(four(k), four(k + 4)); }, TwoQuads{});
        add(four, Quad{});
    }
#endif
    for (; i < last; ++i) out[i] += intensity * cubic(pieces + 4 * static_cast<std::int64_t>(base[i]), fraction[i]);
}

// The cells of a row from `first` to `last`.
template <int bytes, class T>
SIMCORE_INLINE void add_row(const EmissionSpot<T>& spot, T dy, std::int64_t first, std::int64_t last,
                            const SpotScratch<T>& s, T* out) {
    const T square = dy * dy;
    find_intervals(spot.dx, square, spot.end, first, last, s);
    add_cubics<bytes>(spot.even, spot.intensity, first, last, s.base, s.fraction, out);
    if (spot.odd == nullptr) return;
    for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t at = 4 * static_cast<std::int64_t>(s.base[i]);
        const T inverse = T(1) / std::sqrt(spot.dx[i] * spot.dx[i] + square + T(1e-30));
        const T x = spot.dx[i] * inverse, y = dy * inverse;
        const T along = x * spot.cosine + y * spot.sine, across = y * spot.cosine - x * spot.sine;
        out[i] += spot.intensity * (cubic(spot.odd + at, s.fraction[i]) * along +
                                    cubic(spot.twice + at, s.fraction[i]) * (along * along - across * across));
    }
}

struct Range {
    std::int64_t first, last;
};

// Cells whose centres lie within `half` pixels of `centre`.
SIMCORE_INLINE Range within(const PixelRule& rule, std::int64_t cells, double centre, double half) {
    const double shift = rule.reach - 0.5;
    const double first = std::max((centre + 0.5 - half) * rule.division + shift, -1.0);
    const double last = std::min((centre + 0.5 + half) * rule.division + shift, static_cast<double>(cells));
    // Truncation: up from `first` > -2, down from `last`.
    const std::int64_t from = std::max<std::int64_t>(static_cast<std::int64_t>(first + 2.0) - 1, 0);
    const std::int64_t to = last < 0.0 ? 0 : std::min(static_cast<std::int64_t>(last) + 1, cells);
    return {from, std::max(from, to)};
}

template <int bytes, class T>
SIMCORE_INLINE void spot_body(const EmissionSpot<T>& spot, const SpotScratch<T>& scratch, T* out) {
    // A step more than the light reaches: what is left out has nothing for certain.
    const double step = 1.0 / spot.scale, reach = static_cast<double>(spot.end + 1);
    const Range rows = within(spot.rule, spot.rows, spot.y, reach * step);
    for (std::int64_t v = rows.first; v < rows.last; ++v) {
        const double dy = (spot.rule.position(v) - spot.y) * spot.scale;
        const Range all =
            within(spot.rule, spot.cells, spot.x, std::sqrt(std::max(reach * reach - dy * dy, 0.0)) * step);
        add_row<bytes>(spot, static_cast<T>(dy), all.first, all.last, scratch, out + v * spot.cells);
    }
}

SIMCORE_DISPATCH_LANES(spot_float, spot_body,
                       (const EmissionSpot<float>& spot, const SpotScratch<float>& scratch, float* out),
                       (spot, scratch, out))
SIMCORE_DISPATCH_LANES(spot_double, spot_body,
                       (const EmissionSpot<double>& spot, const SpotScratch<double>& scratch, double* out),
                       (spot, scratch, out))

}  // namespace

void at_depth(const DepthCall<float>& call) { depth_float(call); }
void at_depth(const DepthCall<double>& call) { depth_double(call); }
void radial_fields(const FieldCall<float>& call) { fields_float(call); }
void radial_fields(const FieldCall<double>& call) { fields_double(call); }
void add_squares(const SquareCall<float>& call) { squares_float(call); }
void add_squares(const SquareCall<double>& call) { squares_double(call); }
void add_spot(const EmissionSpot<float>& spot, const SpotScratch<float>& scratch, float* out) {
    spot_float(spot, scratch, out);
}
void add_spot(const EmissionSpot<double>& spot, const SpotScratch<double>& scratch, double* out) {
    spot_double(spot, scratch, out);
}

}  // namespace simcore
