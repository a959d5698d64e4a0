#include "emission_stack.hpp"

#include <algorithm>
#include <cstring>

#include "dispatch.hpp"
#include "emission_rows.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

constexpr std::int64_t kPiece = 4 * kStack;

// Values of the images side by side, for `pixels` of a row.
template <int bytes>
SIMCORE_INLINE void look_up(const StackSpot& spot, const std::int32_t* base, const float* fraction, std::int64_t pixels,
                            float* values) {
    using Images = Pack<float, kStack, bytes>;
    const Images intensity(spot.intensity), none;
    for (std::int64_t i = 0; i < pixels; ++i) {
        const float *at = spot.pieces + kPiece * base[i], u = fraction[i];
        const Images last = Images(at + 2 * kStack) + scaled(u, Images(at + 3 * kStack));
        const Images cubic = Images(at) + scaled(u, Images(at + kStack) + scaled(u, last));
        (none + intensity * cubic).store(values + kStack * i);  // as light is added to an empty image: never -0
    }
}

// Into the images, which lie `apart` values from each other.
SIMCORE_INLINE void put(const float* values, std::int64_t pixels, std::int64_t count, std::int64_t apart, float* to) {
    std::int64_t i = 0;
#if SIMCORE_QUADS
    for (; i + 4 <= pixels; i += 4)
        for (std::int64_t image = 0; image + 4 <= count; image += 4) {
            Quad row[4];
            for (std::int64_t k = 0; k < 4; ++k) std::memcpy(&row[k], values + kStack * (i + k) + image, sizeof row[k]);
            transpose(row[0], row[1], row[2], row[3]);
            for (std::int64_t k = 0; k < 4; ++k) std::memcpy(to + (image + k) * apart + i, &row[k], sizeof row[k]);
        }
    for (std::int64_t image = count / 4 * 4; image < count; ++image)
        for (std::int64_t k = 0; k < i; ++k) to[image * apart + k] = values[kStack * k + image];
#endif
    for (; i < pixels; ++i)
        for (std::int64_t image = 0; image < count; ++image) to[image * apart + i] = values[kStack * i + image];
}

template <int bytes>
SIMCORE_INLINE void stack_body(const StackSpot& spot, std::int64_t count, float* out) {
    const std::int64_t size = spot.height * spot.width;
    float values[kStack * kSpotPadding];
    for (std::int64_t y = 0; y < spot.height; ++y) {
        const float dy = static_cast<float>((static_cast<double>(y) - spot.y) * spot.scale);
        find_intervals(spot.dx, dy * dy, spot.end, 0, spot.width, spot.scratch);
        for (std::int64_t x = 0; x < spot.width; x += kSpotPadding) {
            const std::int64_t pixels = std::min(kSpotPadding, spot.width - x);
            look_up<bytes>(spot, spot.scratch.base + x, spot.scratch.fraction + x, pixels, values);
            put(values, pixels, count, size, out + y * spot.width + x);
        }
    }
}

SIMCORE_DISPATCH_LANES(draw_all, stack_body, (const StackSpot& spot, std::int64_t count, float* out),
                       (spot, count, out))

}  // namespace

void fill_stack(std::int64_t end, std::int64_t count, const std::vector<float>* pieces, AlignedVector<float>& to) {
    to.assign(static_cast<std::size_t>(kPiece * (end + 1)), 0.0f);
    for (std::int64_t image = 0; image < count; ++image) {
        const auto values = static_cast<std::int64_t>(pieces[image].size());
        for (std::int64_t i = 0; i < values; ++i) to[kStack * i + image] = pieces[image][i];
    }
}

void draw_stack_spot(const StackSpot& spot, std::int64_t count, float* out) { draw_all(spot, count, out); }

}  // namespace simcore
