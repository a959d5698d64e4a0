// Flips and transposition of images (example, y, x, channel), in place, whatever their values are: only bytes move.
#pragma once

#include <cstddef>
#include <cstdint>

namespace simcore {

struct ImageBytes {
    unsigned char* data;
    std::size_t examples, height, width;
    std::size_t pixel;  // bytes of one pixel, channels together
    std::size_t unit;   // bytes that move at once: 1, 2, 4 or 8; divides pixel, and data is aligned to it
};

// Only the examples with apply != 0.
void flip_left_right(const ImageBytes& image, const bool* apply);
void flip_up_down(const ImageBytes& image, const bool* apply);
void transpose(const ImageBytes& image, const bool* apply);  // throws std::invalid_argument: height != width

}  // namespace simcore
