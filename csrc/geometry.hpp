// Flips and transposition of images (example, y, x, channel), in place, and windows of them, whatever their values are:
// only bytes move.
#pragma once

#include <cstddef>
#include <cstdint>

#include "edge.hpp"

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

// Windows of images: out[y, x] is the image's pixel (y + first_y, x + first_x), beyond the edge as `edge` says.
struct WindowBytes {
    unsigned char* out;  // (example, height, width, channel)
    std::size_t height, width;
    const std::int64_t* first_y;  // (example), between -2^31 and 2^31
    const std::int64_t* first_x;
    const unsigned char* value;  // (example): one pixel each, for Edge::constant
    Edge edge;
};

void window(const ImageBytes& image, const WindowBytes& window);  // throws std::invalid_argument: empty images, first

}  // namespace simcore
