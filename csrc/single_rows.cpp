#include "single_rows.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "dispatch.hpp"
#include "lanes.hpp"
#include "look_up.hpp"

namespace simcore {
namespace {

// Calls body(i) for `cells` cells: kSide of them in a loop of fixed length, the last of which overlap those before.
template <class Body>
SIMCORE_INLINE void every_cell(std::int64_t cells, Body body) {
    for (std::int64_t i = 0; i < cells && cells < kSide; ++i) body(i);
    for (std::int64_t side = 0; side < cells && cells >= kSide; side += kSide) {
        const std::int64_t first = std::min(side, cells - kSide);
        SIMCORE_INDEPENDENT
        for (std::int64_t i = first; i < first + kSide; ++i) body(i);
    }
}

// The cosine and the sine of a cell are times r^2.
template <class G, class T>
SIMCORE_INLINE void locate(std::int64_t cells, const G* dx, G dy, std::int32_t size, TileScratch<T>& s) {
    const G square = dy * dy, twice = G(2) * dy;
    every_cell(cells, [&](std::int64_t i) {
        const G along = dx[i] * dx[i], radius = std::sqrt(along + square);
        const std::int32_t base = static_cast<std::int32_t>(radius);
        const T fraction = static_cast<T>(radius - static_cast<G>(base));
        s.place[i] = size * base;
        s.fraction[i] = fraction;
        s.square[i] = fraction * fraction;
        s.cosine[i] = static_cast<T>(along - square);
        s.sine[i] = static_cast<T>(twice * dx[i]);
    });
}

template <class T>
struct Turns {
    T g_cos, g_sin, k_cos, k_sin, h_cos, h_sin;
    explicit Turns(const Harmonics& h)
        : g_cos(static_cast<T>(h.g_cos)),
          g_sin(static_cast<T>(h.g_sin)),
          k_cos(static_cast<T>(h.k_cos)),
          k_sin(static_cast<T>(h.k_sin)),
          h_cos(static_cast<T>(h.h_cos)),
          h_sin(static_cast<T>(h.h_sin)) {}
};

template <int bytes, class T>
SIMCORE_INLINE void look_up_four(std::int64_t cells, const T* pieces, TileScratch<T>& s) {
    using Quad = Pack<T, 4, bytes>;
    for (std::int64_t i = 0; i < cells; ++i) {
        const T *at = pieces + s.place[i], u = s.fraction[i];
        const Quad last = Quad(at + 8) + scaled(u, Quad(at + 12));
        (Quad(at) + scaled(u, Quad(at + 4) + scaled(u, last))).store(s.values + 4 * i);
    }
}

template <int bytes, int functions, class T>
SIMCORE_INLINE void draw_cells(std::int64_t cells, const Turns<T>& turns, const T* pieces, TileScratch<T>& s, T* to) {
    const T *v = s.values, *c = s.cosine, *n = s.sine, *u = s.fraction;
    if constexpr (functions == 2) {
        look_up_pairs<bytes>(0, cells, pieces, s.place, s.square, s.values);
        every_cell(cells, [&](std::int64_t i) {
            const T even = v[4 * i] + u[i] * v[4 * i + 2], odd = v[4 * i + 1] + u[i] * v[4 * i + 3];
            to[i] = even + odd * (turns.g_cos * c[i] + turns.g_sin * n[i]);
        });
    } else {
        look_up_four<bytes>(cells, pieces, s);
        every_cell(cells, [&](std::int64_t i) {
            const T twice = turns.g_cos * c[i] + turns.g_sin * n[i], other = turns.k_cos * c[i] + turns.k_sin * n[i];
            const T fourfold = turns.h_cos * (c[i] * c[i] - n[i] * n[i]) + turns.h_sin * (T(2) * c[i] * n[i]);
            to[i] = (v[4 * i] + v[4 * i + 1] * twice) + (v[4 * i + 2] * other + v[4 * i + 3] * fourfold);
        });
    }
}

template <int bytes, int functions, class G, class T>
SIMCORE_INLINE void draw_rows(const TileGeometry<G>& tile, const Turns<T>& turns, const T* pieces, std::int64_t apart,
                              T* out) {
    // Roots are slow: those of the next cells are taken while the ones before are looked up.
    TileScratch<T> tiles[2];
    const std::int64_t across = (tile.cells + kTile - 1) / kTile, count = across * tile.rows;
    std::int64_t row = 0, first = 0, cells = 0;
    T* to = out;
    for (std::int64_t i = 0; i <= count; ++i) {
        const std::int64_t next = std::min(kTile, tile.cells - first);
        T* next_to = out + row * apart + first;
        if (i < count) locate(next, tile.dx + first, tile.dy[row], 4 * functions, tiles[i % 2]);
        if (i > 0) draw_cells<bytes, functions>(cells, turns, pieces, tiles[(i + 1) % 2], to);
        cells = next;
        to = next_to;
        first += kTile;
        if (first >= tile.cells) {
            first = 0;
            ++row;
        }
    }
}

template <int bytes, class G, class T>
SIMCORE_INLINE void single_body(const TileGeometry<G>& tile, const Harmonics& h, const T* pieces, std::int64_t apart,
                                T* out) {
    const Turns<T> turns(h);
    if (h.functions == 2) {
        draw_rows<bytes, 2>(tile, turns, pieces, apart, out);
    } else {
        draw_rows<bytes, 4>(tile, turns, pieces, apart, out);
    }
}

template <class T>
SIMCORE_INLINE void divide_body(int order, std::int64_t centre, std::int64_t count, T* values) {
    for (std::int64_t i = 0; i < count; ++i) {
        const T r = static_cast<T>(static_cast<std::int32_t>(i - centre)), square = r * r;
        values[i] /= i == centre ? T(1) : order == 2 ? square : square * square;
    }
    // At the centre by the even polynomial through its neighbours.
    const T* at = values + centre;
    values[centre] = T(1.5) * at[1] - T(0.6) * at[2] + T(0.1) * at[3];
}

#define SIMCORE_SINGLE(G, T)                                                                            \
    SIMCORE_DISPATCH_LANES(                                                                             \
        single_dispatched, single_body,                                                                 \
        (const TileGeometry<G>& tile, const Harmonics& h, const T* pieces, std::int64_t apart, T* out), \
        (tile, h, pieces, apart, out))
#define SIMCORE_DIVIDE(T)                                                                                             \
    SIMCORE_DISPATCH(divide_dispatched, divide_body, (int order, std::int64_t centre, std::int64_t count, T* values), \
                     (order, centre, count, values))

SIMCORE_SINGLE(float, float)
SIMCORE_SINGLE(double, float)
SIMCORE_SINGLE(double, double)
SIMCORE_DIVIDE(float)
SIMCORE_DIVIDE(double)

}  // namespace

void draw_single(const TileGeometry<float>& tile, const Harmonics& harmonics, const float* pieces, std::int64_t apart,
                 float* out) {
    single_dispatched(tile, harmonics, pieces, apart, out);
}

void draw_single(const TileGeometry<double>& tile, const Harmonics& harmonics, const float* pieces, std::int64_t apart,
                 float* out) {
    single_dispatched(tile, harmonics, pieces, apart, out);
}

void draw_single(const TileGeometry<double>& tile, const Harmonics& harmonics, const double* pieces, std::int64_t apart,
                 double* out) {
    single_dispatched(tile, harmonics, pieces, apart, out);
}

void divide_by_power(int order, std::int64_t centre, std::int64_t count, float* values) {
    divide_dispatched(order, centre, count, values);
}

void divide_by_power(int order, std::int64_t centre, std::int64_t count, double* values) {
    divide_dispatched(order, centre, count, values);
}

}  // namespace simcore
