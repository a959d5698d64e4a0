#include "half_heights.hpp"

#include <cmath>
#include <cstring>

#include "dispatch.hpp"

namespace simcore {
namespace {

// Means over a column: along the steeper of x and y in closed form, across by Gauss's two points.
constexpr float kGauss = 0.288675135f;  // 1 / sqrt(12)

constexpr std::int64_t kBlock = 64;  // columns that are looked at together
constexpr float kSmooth = 0.3f;      // change of the square over a column, relative to it, up to which the series holds

SIMCORE_INLINE float covered(float square, float inverse) {
    const float part = 0.5f + square * inverse, positive = part < 0.0f ? 0.0f : part;
    return positive > 1.0f ? 1.0f : positive;
}

SIMCORE_INLINE float mean_root(float square, float width, float inverse) {
    const float high = square + 0.5f * width, low = square - 0.5f * width;
    const float above = high < 0.0f ? 0.0f : high, below = low < 0.0f ? 0.0f : low;
    return (above * std::sqrt(above) - below * std::sqrt(below)) * ((2.0f / 3.0f) * inverse);
}

// The series; which of the columns it does not hold for, and which of them are not empty.
template <bool flat>
SIMCORE_INLINE void smooth_columns(const float* square, const float* across, const float* down, std::int64_t count,
                                   std::int32_t* rough, std::int32_t* filled, float* half) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const float c = square[i], x = across[i], y = down[i], inner = c < 1e-30f ? 1e-30f : c;
        const float steep = std::abs(x) + std::abs(y);
        rough[i] = steep < kSmooth * c ? 0 : 1;
        filled[i] = c + steep < 0.0f ? 0 : 1;
        half[i] = flat ? 1.0f : std::sqrt(inner) * (1.0f - (x * x + y * y) / (96.0f * inner * inner));
    }
}

template <bool flat>
SIMCORE_INLINE void rough_columns(const float* square, const float* across, const float* down, std::int64_t count,
                                  float* half) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const float c = square[i], u = std::abs(across[i]), v = std::abs(down[i]);
        const float width = (u < v ? v : u) + 1e-30f, aside = kGauss * (u < v ? u : v), inverse = 1.0f / width;
        const float mean = flat ? 0.5f * (covered(c + aside, inverse) + covered(c - aside, inverse))
                                : 0.5f * (mean_root(c + aside, width, inverse) + mean_root(c - aside, width, inverse));
        half[i] = u + v < kSmooth * c ? half[i] : mean;
    }
}

template <bool flat>
SIMCORE_INLINE void halves_row(const float* square, const float* across, const float* down, std::int64_t count,
                               float* half) {
    for (std::int64_t first = 0; first < count; first += kBlock) {
        const std::int64_t size = count - first < kBlock ? count - first : kBlock;
        const float *c = square + first, *x = across + first, *y = down + first;
        std::int32_t rough[kBlock], filled[kBlock], some_rough = 0, some_filled = 0;
        smooth_columns<flat>(c, x, y, size, rough, filled, half + first);
        for (std::int64_t i = 0; i < size; ++i) some_rough |= rough[i];
        for (std::int64_t i = 0; i < size; ++i) some_filled |= filled[i];
        if (some_filled == 0)
            std::memset(half + first, 0, static_cast<std::size_t>(size) * sizeof *half);
        else if (some_rough != 0)
            rough_columns<flat>(c, x, y, size, half + first);
    }
}

SIMCORE_INLINE void halves_body(const float* square, const float* across, const float* down, bool flat,
                                std::int64_t count, float* half) {
    if (flat)
        halves_row<true>(square, across, down, count, half);
    else
        halves_row<false>(square, across, down, count, half);
}

}  // namespace

SIMCORE_DISPATCH(half_heights, halves_body,
                 (const float* square, const float* across, const float* down, bool flat, std::int64_t count,
                  float* half),
                 (square, across, down, flat, count, half))

namespace {

SIMCORE_INLINE void differences_body(const float* square, const float* above, const float* below, std::int64_t count,
                                     float* across, float* down) {
    for (std::int64_t i = 0; i < count; ++i) {
        across[i] = 0.5f * (square[i + 2] - square[i]);
        down[i] = 0.5f * (below[i + 1] - above[i + 1]);
    }
}

}  // namespace

SIMCORE_DISPATCH(square_slopes, differences_body,
                 (const float* square, const float* above, const float* below, std::int64_t count, float* across,
                  float* down),
                 (square, above, below, count, across, down))

}  // namespace simcore
