// One emitter seen in some images, its radial functions looked up in all of them at once.
#pragma once

#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "emission_rows.hpp"

namespace simcore {

constexpr std::int64_t kStack = 8;       // images drawn together
constexpr std::int64_t kLeastStack = 3;  // from which that is quicker than one after the other

// Lengths in radial steps but for y, in pixels; dx is padded as in emission_rows.hpp.
struct StackSpot {
    std::int64_t height, width;
    double y, scale;   // scale: radial steps in a pixel
    std::int64_t end;  // intervals that the light reaches
    const float* dx;
    float intensity[kStack];
    const float* pieces;  // for each interval four coefficients of kStack values
    SpotScratch<float> scratch;
};

// Cubic pieces of each of `count` images (none: dark), side by side up to `end` intervals and one of nothing.
void fill_stack(std::int64_t end, std::int64_t count, const std::vector<float>* pieces, AlignedVector<float>& to);

// Fills `count` images, one after the other.
void draw_stack_spot(const StackSpot& spot, std::int64_t count, float* out);

}  // namespace simcore
