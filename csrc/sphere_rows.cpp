#include "sphere_rows.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"
#include "lanes.hpp"
#include "look_up.hpp"

namespace simcore {
namespace {

// Cells of a row within `radius`, from and to multiples of kSide.
struct Span {
    std::int64_t from, to;
};

template <class G>
SIMCORE_INLINE Span span_within(const TileGeometry<G>& tile, double per_step, double dy, double radius) {
    const double square = radius * radius - dy * dy;
    if (!(square > 0.0)) return {0, 0};
    const double half = std::sqrt(square), first = static_cast<double>(tile.dx[0]);
    const double from = (-half - first) * per_step - 1.0, to = (half - first) * per_step + 2.0;
    if (!(to > 0.0 && from < static_cast<double>(tile.cells))) return {0, 0};
    const std::int64_t begin = from > 0.0 ? static_cast<std::int64_t>(from) : 0;
    const std::int64_t end = to < static_cast<double>(tile.cells) ? static_cast<std::int64_t>(to) : tile.cells;
    return {begin / kSide * kSide, (end + kSide - 1) / kSide * kSide};
}

// Calls body(i) for the cells of a span, kSide of them in a loop of fixed length, which needs no rest.
template <class Body>
SIMCORE_INLINE void each_cell(const Span& span, Body body) {
    for (std::int64_t side = span.from; side < span.to; side += kSide) {
        SIMCORE_INDEPENDENT
        for (std::int64_t i = side; i < side + kSide; ++i) body(i);
    }
}

template <class T>
SIMCORE_INLINE void even_places(const Span& span, const FieldPieces<T>& pieces, TileScratch<T>& s) {
    const std::int32_t even = static_cast<std::int32_t>(pieces.even), odd = static_cast<std::int32_t>(pieces.odd) + 1;
    each_cell(span, [&](std::int64_t i) {
        const std::int32_t at = s.base[i] < even ? s.base[i] : even;
        s.place[i] = 8 * (at + (at < odd ? at : odd));
    });
}

template <class T>
SIMCORE_INLINE void odd_places(const Span& span, const FieldPieces<T>& pieces, TileScratch<T>& s) {
    const std::int32_t odd = static_cast<std::int32_t>(pieces.odd);
    each_cell(span, [&](std::int64_t i) { s.place[i] = 16 * (s.base[i] < odd ? s.base[i] : odd) + 8; });
}

// Interval of every cell and where in it the cell lies.
template <class G, class T>
SIMCORE_INLINE void distances(const Span& span, const G* dx, G dy, G near, G far, TileScratch<T>& s) {
    const G square = dy * dy;
    each_cell(span, [&](std::int64_t i) {
        const G radius = std::sqrt(dx[i] * dx[i] + square);
        const G wide = near + (radius - near) * far, at = radius < near ? radius : wide;
        const std::int32_t base = static_cast<std::int32_t>(at);
        const T fraction = static_cast<T>(at - static_cast<G>(base));
        s.base[i] = base;
        s.fraction[i] = fraction;
        s.square[i] = fraction * fraction;
    });
}

template <class G, class T>
SIMCORE_INLINE void turns(const Span& span, const G* dx, G dy, TileScratch<T>& s) {
    const G square = dy * dy, twice = G(2) * dy;
    each_cell(span, [&](std::int64_t i) {
        const G along = dx[i] * dx[i], inverse = G(1) / (along + square + G(1e-30));
        s.cosine[i] = static_cast<T>((along - square) * inverse);
        s.sine[i] = static_cast<T>(twice * dx[i] * inverse);
    });
}

template <class T>
SIMCORE_INLINE void add_even(const Span& span, const TileScratch<T>& s, T* sums) {
    const T *v = s.values, *u = s.fraction;
    each_cell(span, [&](std::int64_t i) {
        sums[i] += v[4 * i] + u[i] * v[4 * i + 2];
        sums[kTile + i] += v[4 * i + 1] + u[i] * v[4 * i + 3];
    });
}

template <class T>
SIMCORE_INLINE void add_odd(const Span& span, const TileScratch<T>& s, T* sums) {
    const T *v = s.values, *u = s.fraction;
    each_cell(span, [&](std::int64_t i) {
        const T re = v[4 * i] + u[i] * v[4 * i + 2], im = v[4 * i + 1] + u[i] * v[4 * i + 3];
        sums[2 * kTile + i] += re * s.cosine[i];
        sums[3 * kTile + i] += im * s.cosine[i];
        sums[4 * kTile + i] += re * s.sine[i];
        sums[5 * kTile + i] += im * s.sine[i];
    });
}

template <int bytes, class G, class T>
SIMCORE_INLINE void field_body(const TileGeometry<G>& tile, std::int64_t waves, const FieldPieces<T>* pieces, T* sums) {
    TileScratch<T> s;
    double even = 0.0, odd = 0.0;
    for (std::int64_t q = 0; q < waves; ++q) {
        even = std::max(even, pieces[q].radius(pieces[q].even));
        odd = std::max(odd, pieces[q].radius(pieces[q].odd));
    }
    const G near = static_cast<G>(pieces[0].near), far = static_cast<G>(pieces[0].far);
    const double per_step = 1.0 / (static_cast<double>(tile.dx[1]) - static_cast<double>(tile.dx[0]));
    for (std::int64_t row = 0; row < tile.rows; ++row) {
        const G dy = tile.dy[row];
        const Span span = span_within(tile, per_step, static_cast<double>(dy), even);
        if (span.from == span.to) continue;
        distances(span, tile.dx, dy, near, far, s);
        const Span turning = span_within(tile, per_step, static_cast<double>(dy), odd);
        turns(turning, tile.dx, dy, s);
        for (std::int64_t q = 0; q < waves; ++q) {
            T* to = sums + 6 * kTile * (row * waves + q);
            even_places(span, pieces[q], s);
            look_up_pairs<bytes>(span.from, span.to, pieces[q].values, s.place, s.square, s.values);
            add_even(span, s, to);
            if (turning.from == turning.to) continue;
            odd_places(turning, pieces[q], s);
            look_up_pairs<bytes>(turning.from, turning.to, pieces[q].values, s.place, s.square, s.values);
            add_odd(turning, s, to);
        }
    }
}

template <int bytes, class T>
SIMCORE_INLINE void combine_body(std::int64_t cells, bool turning, const T* sums, const double* of, T* re, T* im,
                                 T* largest) {
    using Side = Pack<T, kSide, bytes>;
    const T ar = static_cast<T>(of[0]), ai = static_cast<T>(of[1]), cr = static_cast<T>(of[2]);
    const T ci = static_cast<T>(of[3]), dr = static_cast<T>(of[4]), di = static_cast<T>(of[5]);
    Side most;
    for (std::int64_t i = 0; i < cells; i += kSide) {
        const auto at = [=](int part) { return Side(sums + part * kTile + i); };
        const Side a = at(0), b = at(1);
        Side x = scaled(ar, a) - scaled(ai, b), y = scaled(ar, b) + scaled(ai, a);
        if (turning) {
            const Side p = at(2), q = at(3), v = at(4), w = at(5);
            x += (scaled(cr, p) - scaled(ci, q)) + (scaled(dr, v) - scaled(di, w));
            y += (scaled(cr, q) + scaled(ci, p)) + (scaled(dr, w) + scaled(di, v));
        }
        x.store(re + i);
        y.store(im + i);
        const Side square = x * x + y * y;
        most = Side::where_at_least(square, most, square, most);
    }
    T each[kSide];
    most.store(each);
    *largest = *std::max_element(each, each + kSide);
}

#define SIMCORE_ROWS(T)                                                                                \
    SIMCORE_DISPATCH_LANES(                                                                            \
        combine_dispatched, combine_body,                                                              \
        (std::int64_t cells, bool turning, const T* sums, const double* of, T* re, T* im, T* largest), \
        (cells, turning, sums, of, re, im, largest))
#define SIMCORE_FIELD(G, T)                                                                                          \
    SIMCORE_DISPATCH_LANES(field_dispatched, field_body,                                                             \
                           (const TileGeometry<G>& tile, std::int64_t waves, const FieldPieces<T>* pieces, T* sums), \
                           (tile, waves, pieces, sums))

SIMCORE_ROWS(float)
SIMCORE_ROWS(double)
SIMCORE_FIELD(float, float)
SIMCORE_FIELD(double, float)
SIMCORE_FIELD(double, double)

}  // namespace

void add_field(const TileGeometry<float>& tile, std::int64_t waves, const FieldPieces<float>* pieces, float* sums) {
    field_dispatched(tile, waves, pieces, sums);
}

void add_field(const TileGeometry<double>& tile, std::int64_t waves, const FieldPieces<float>* pieces, float* sums) {
    field_dispatched(tile, waves, pieces, sums);
}

void add_field(const TileGeometry<double>& tile, std::int64_t waves, const FieldPieces<double>* pieces, double* sums) {
    field_dispatched(tile, waves, pieces, sums);
}

float combine(std::int64_t cells, bool turning, const float* sums, const double* of, float* re, float* im) {
    float largest;
    combine_dispatched(cells, turning, sums, of, re, im, &largest);
    return largest;
}

double combine(std::int64_t cells, bool turning, const double* sums, const double* of, double* re, double* im) {
    double largest;
    combine_dispatched(cells, turning, sums, of, re, im, &largest);
    return largest;
}

}  // namespace simcore
