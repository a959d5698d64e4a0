#include "resample.hpp"

#include <stdexcept>
#include <vector>

#include "dispatch.hpp"

namespace simcore {
namespace {

// What one more row makes of the sums, the minima or the maxima.
template <class T>
SIMCORE_INLINE void gather(const T* row, std::size_t size, Pool how, bool fresh, std::size_t width,
                           std::size_t channels, double* kept) {
    for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t c = 0; c < channels; ++c) {
            double& value = kept[x * channels + c];
            for (std::size_t k = 0; k < size; ++k) {
                const auto next = static_cast<double>(row[(x * size + k) * channels + c]);
                if (fresh && k == 0)
                    value = next;
                else if (how == Pool::least)
                    value = next < value ? next : value;
                else if (how == Pool::largest)
                    value = next > value ? next : value;
                else
                    value += next;
            }
        }
    }
}

template <class T>
SIMCORE_INLINE void mix_rows_body(const T* image, std::size_t row, const double* weight, std::size_t taps,
                                  double* out) {
    for (std::size_t i = 0; i < row; ++i) out[i] = weight[0] * static_cast<double>(image[i]);
    for (std::size_t t = 1; t < taps; ++t)
        for (std::size_t i = 0; i < row; ++i) out[i] += weight[t] * static_cast<double>(image[t * row + i]);
}

SIMCORE_DISPATCH(mix_rows, mix_rows_body,
                 (const float* image, std::size_t row, const double* weight, std::size_t taps, double* out),
                 (image, row, weight, taps, out))
SIMCORE_DISPATCH(mix_rows, mix_rows_body,
                 (const double* image, std::size_t row, const double* weight, std::size_t taps, double* out),
                 (image, row, weight, taps, out))

template <class T>
void mix_columns(const double* row, const AxisWeights& x, std::size_t channels, T* out) {
    for (std::size_t i = 0; i < x.count; ++i) {
        const double* from = row + static_cast<std::size_t>(x.first[i]) * channels;
        const double* weight = x.weight + i * x.taps;
        for (std::size_t c = 0; c < channels; ++c) {
            double sum = weight[0] * from[c];
            for (std::size_t t = 1; t < x.taps; ++t) sum += weight[t] * from[t * channels + c];
            out[i * channels + c] = static_cast<T>(sum);
        }
    }
}

void require_inside(const AxisWeights& axis, std::size_t length) {
    for (std::size_t i = 0; i < axis.count; ++i)
        if (axis.taps < 1 || axis.first[i] < 0 || static_cast<std::size_t>(axis.first[i]) + axis.taps > length)
            throw std::invalid_argument("first: leads out of the image");
}

}  // namespace

template <class T>
void pool(const T* image, T* out, std::size_t size, Pool how, const ImageShape& shape) {
    if (size < 1 || shape.height % size || shape.width % size)
        throw std::invalid_argument("size: height and width must be multiples of it");
    const std::size_t row = shape.width * shape.channels, width = shape.width / size, count = width * shape.channels;
    const double norm = how == Pool::mean ? static_cast<double>(size * size) : 1.0;
    std::vector<double> kept(count);
    for (std::size_t y = 0; y < shape.examples * shape.height / size; ++y) {
        for (std::size_t k = 0; k < size; ++k)
            gather(image + (y * size + k) * row, size, how, k == 0, width, shape.channels, kept.data());
        for (std::size_t i = 0; i < count; ++i) out[y * count + i] = static_cast<T>(kept[i] / norm);
    }
}

template <class T>
void resample(const T* image, T* out, const AxisWeights& y, const AxisWeights& x, const ImageShape& shape) {
    require_inside(y, shape.height);
    require_inside(x, shape.width);
    const std::size_t row = shape.width * shape.channels;
    std::vector<double> mixed(row);
    for (std::size_t i = 0; i < shape.examples; ++i) {
        for (std::size_t j = 0; j < y.count; ++j) {
            const T* from = image + (i * shape.height + static_cast<std::size_t>(y.first[j])) * row;
            mix_rows(from, row, y.weight + j * y.taps, y.taps, mixed.data());
            mix_columns(mixed.data(), x, shape.channels, out + (i * y.count + j) * x.count * shape.channels);
        }
    }
}

#define INSTANCES(T)                                                        \
    template void pool(const T*, T*, std::size_t, Pool, const ImageShape&); \
    template void resample(const T*, T*, const AxisWeights&, const AxisWeights&, const ImageShape&);
INSTANCES(float)
INSTANCES(double)
#undef INSTANCES

}  // namespace simcore
