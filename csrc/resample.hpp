// Images (example, y, x, channel) to another size; `out` of the new size is filled; one thread. T is float or double;
// sums are in double.
#pragma once

#include <cstddef>
#include <cstdint>

#include "filters.hpp"

namespace simcore {

enum class Pool { mean, sum, least, largest };

// Each size x size pixels become one; height and width are multiples of size. Throws std::invalid_argument otherwise.
template <class T>
void pool(const T* image, T* out, std::size_t size, Pool how, const ImageShape& shape);

// Along one axis output i is the sum over t < taps of weight[i taps + t] input[first[i] + t].
struct AxisWeights {
    std::size_t count, taps;  // outputs, weights of each
    const std::int64_t* first;
    const double* weight;
};

// Linear and separable, rows first. Throws std::invalid_argument where `first` leads out of the image.
template <class T>
void resample(const T* image, T* out, const AxisWeights& y, const AxisWeights& x, const ImageShape& shape);

}  // namespace simcore
