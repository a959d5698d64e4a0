// Normal numbers of many values at once, each a function of (stream, value, attempt) alone.
//
// Box and Muller, Ann. Math. Stat. 29, 610 (1958): the two uniform numbers u, v of block i give values 2 i and 2 i + 1,
// sqrt(-2 log u) times cos(2 pi v) and sin(2 pi v). With 52 bits the largest magnitude is 8.6.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "elementary.hpp"
#include "rng.hpp"

namespace simcore::normal {

// Sine and cosine of x turns, 0 < x < 1: the reduction to an eighth of a turn is exact, unlike that of radians.
SIMCORE_INLINE elementary::SinCos sincos_turns(double x) {
    const double shifted = 4.0 * x + elementary::round_shift;
    const double quarters = shifted - elementary::round_shift;
    const std::uint64_t quadrant = elementary::bits_of(shifted);
    const double angle = (4.0 * x - quarters) * 0x1.921fb54442d18p+0;
    return elementary::sincos_near(angle, 0.0, quadrant);
}

// Pair i is that of block (pixel, attempt); two normal numbers from the two uniform ones.
struct Pair {
    double first, second;
};

SIMCORE_INLINE Pair pair(double u, double v) {
    const double radius = std::sqrt(-2.0 * elementary::log(u));
    const elementary::SinCos angle = sincos_turns(v);
    return {radius * angle.cos, radius * angle.sin};
}

constexpr std::size_t tile = 64;  // pairs whose uniform numbers are in hand

// out[0..2 pairs): the values from 2 first_pair on.
SIMCORE_INLINE void fill_pairs(const PixelStream& stream, std::uint32_t attempt, std::uint32_t first_pair,
                               std::size_t pairs, double* out) {
    double u[tile], v[tile], first[tile], second[tile];
    for (std::size_t start = 0; start < pairs; start += tile) {
        const std::size_t width = pairs - start < tile ? pairs - start : tile;
        const std::uint32_t base = first_pair + static_cast<std::uint32_t>(start);
        rng::uniform_pairs(stream, base, attempt, tile, u, v);
        for (std::size_t i = 0; i < tile; ++i) {
            const Pair values = pair(u[i], v[i]);
            first[i] = values.first;
            second[i] = values.second;
        }
        for (std::size_t i = 0; i < width; ++i) {
            out[2 * (start + i)] = first[i];
            out[2 * (start + i) + 1] = second[i];
        }
    }
}

}  // namespace simcore::normal
