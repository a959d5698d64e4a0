#include "texture.hpp"

#include <algorithm>
#include <cmath>

namespace simcore {
namespace {

// Variance of one octave of amplitude 1, mean over the cell: 3 (1/3) B A^2 with the fade's weight w of a corner,
// A = 2 Int w^2 = 181/231 and B = 2 Int w^2 t^2 = 535/9009.
constexpr double kVariance = 17527135.0 / 480729249.0;
constexpr float kFaintest = 0.02f;  // amplitude of an octave, relative to the coarsest

}  // namespace

Texture texture(const PixelStream& stream, double amplitude, double scale, double pixel_size) {
    Texture grain;
    if (amplitude == 0.0) return grain;
    double total = 0.0;
    for (int o = 0; o < kOctaves; ++o) total += 1.0 / (1 << (2 * o));
    for (int o = 0; o < kOctaves; ++o) {
        const double step = scale / (1 << o);
        const double kept = std::min(1.0, std::max(0.0, step / pixel_size - 1.0));
        grain.step[o] = static_cast<float>(step);
        grain.amplitude[o] = static_cast<float>(amplitude * kept / (1 << o) / std::sqrt(total * kVariance));
        if (grain.amplitude[o] < kFaintest * grain.amplitude[0]) grain.amplitude[o] = 0.0f;
        const auto index = static_cast<std::uint32_t>(o);
        const rng::Block keys = rng::block(stream, index, 1), shifts = rng::block(stream, index, 2);
        for (int axis = 0; axis < 3; ++axis) {
            grain.key[o][axis] = static_cast<std::uint32_t>(keys.words[axis]);
            grain.shift[o][axis] = static_cast<float>(static_cast<double>(shifts.words[axis]) * 0x1p-32);
        }
    }
    return grain;
}

}  // namespace simcore
