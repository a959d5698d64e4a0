// Blurs of images (example, y, x, channel): `image` in, `out` filled, both of the same shape, not overlapping; one
// thread. Beyond the edges images are continued by reflection (c b a | a b c | c b a). T is float or double; sums are
// in double. Values that are not finite spread as far as the filter reaches.
#pragma once

#include <cstddef>

namespace simcore {

struct ImageShape {
    std::size_t examples, height, width, channels;
};

// Convolution with exp(-k^2 / (2 sigma^2)), drawn at whole k, of sum 1; one sigma per image, in pixels. Throws
// std::invalid_argument: sigma not in [0, 1e4].
template <class T>
void gaussian_blur(const T* image, T* out, const double* sigma, const ImageShape& shape);

// Mean over size x size pixels, size odd.
template <class T>
void mean_blur(const T* image, T* out, std::size_t size, const ImageShape& shape);

// Median over size x size pixels, size odd; channel by channel.
template <class T>
void median_blur(const T* image, T* out, std::size_t size, const ImageShape& shape);

}  // namespace simcore
