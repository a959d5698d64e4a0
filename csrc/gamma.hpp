// Gamma numbers (scale 1) of many pixels at once, each a function of (stream, pixel, shape) alone.
//
// Marsaglia and Tsang, "A simple method for generating gamma variables", ACM Trans. Math. Softw. 26, 363 (2000),
// without its squeeze, which saves nothing in lanes. Shapes below 1 take gamma(shape + 1) u^(1 / shape). Attempt t
// takes the blocks first_attempt + 2 t (the normal number) and + 2 t + 1 (the uniform ones).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "normal.hpp"

namespace simcore::gamma {

constexpr std::size_t chunk = 2048;       // pixels in hand, as poisson::chunk
constexpr double noiseless_shape = 1e28;  // the deviation is beneath the last digit

struct List {
    std::uint32_t slot[chunk], pixel[chunk];
    double shape[chunk];
    double first[chunk], second[chunk], choice[chunk], boost[chunk], value[chunk];
    std::size_t length = 0;
};

// One attempt at each pixel of the list; choice becomes -1 where the value stands.
SIMCORE_INLINE void attempt(List& list) {
    for (std::size_t i = 0; i < list.length; ++i) {
        const double shape = list.shape[i], u = list.choice[i];
        const double raised = shape < 1.0 ? shape + 1.0 : shape;
        const double d = raised - 1.0 / 3.0, c = 1.0 / std::sqrt(9.0 * d);
        const double x = normal::pair(list.first[i], list.second[i]).first;
        const double root = 1.0 + c * x, v = root * root * root;
        const double positive = v > 0.0 ? v : 1.0;
        const bool accepted =
            (v > 0.0) & (elementary::log(u) < 0.5 * x * x + d - d * positive + d * elementary::log(positive));
        list.value[i] = d * positive;
        list.choice[i] = accepted ? -1.0 : u;
    }
    for (std::size_t i = 0; i < list.length; ++i) {
        if (list.shape[i] < 1.0) list.value[i] *= elementary::exp(elementary::log(list.boost[i]) / list.shape[i]);
    }
}

SIMCORE_INLINE void keep_open(List& list) {
    std::size_t length = 0;
    for (std::size_t i = 0; i < list.length; ++i) {
        const bool open = list.choice[i] >= 0.0;
        list.slot[length] = list.slot[i];
        list.pixel[length] = list.pixel[i];
        list.shape[length] = list.shape[i];
        length += open ? 1 : 0;
    }
    list.length = length;
}

// Fills out[0..count) for the pixels first_pixel, first_pixel + 1, ...; count <= chunk; shapes >= 0, not nan; shape 0
// gives 0.
SIMCORE_INLINE void fill(List& list, const PixelStream& stream, std::uint32_t first_attempt, std::uint32_t first_pixel,
                         std::size_t count, const double* shape, double* out) {
    list.length = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
        list.slot[list.length] = i;
        list.pixel[list.length] = first_pixel + i;
        list.shape[list.length] = shape[i];
        list.length += (shape[i] > 0.0) & (shape[i] < noiseless_shape) ? 1 : 0;
        out[i] = shape[i];
    }
    for (std::uint32_t block = first_attempt; list.length > 0; block += 2) {
        rng::uniform_pairs(stream, list.pixel, block, list.length, list.first, list.second);
        rng::uniform_pairs(stream, list.pixel, block + 1, list.length, list.choice, list.boost);
        attempt(list);
        for (std::size_t i = 0; i < list.length; ++i) out[list.slot[i]] = list.value[i];
        keep_open(list);
    }
}

}  // namespace simcore::gamma
