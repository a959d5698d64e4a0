#include "filters.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include "dispatch.hpp"
#include "separable.hpp"

namespace simcore {
namespace {

template <class T>
void blur(const T* image, T* out, const HalfFilter& filter, const ImageShape& shape) {
    const std::ptrdiff_t radius = radius_of(filter), height = static_cast<std::ptrdiff_t>(shape.height),
                         width = static_cast<std::ptrdiff_t>(shape.width);
    const std::size_t row = shape.width * shape.channels, margin = static_cast<std::size_t>(radius) * shape.channels;
    std::vector<double> across(row + 2 * margin), along(row);
    std::vector<const T*> rows(2 * filter.size() - 1);
    for (std::ptrdiff_t y = 0; y < height; ++y) {
        for (std::ptrdiff_t k = -radius; k <= radius; ++k)
            rows[static_cast<std::size_t>(k + radius)] =
                image + static_cast<std::size_t>(reflected(y + k, height)) * row;
        double* middle = across.data() + margin;
        filter_across(rows.data(), filter, row, middle);
        for (std::ptrdiff_t x = 1; x <= radius; ++x) {
            const std::ptrdiff_t channels = static_cast<std::ptrdiff_t>(shape.channels);
            std::copy_n(middle + reflected(-x, width) * channels, channels, middle - x * channels);
            std::copy_n(middle + reflected(width - 1 + x, width) * channels, channels,
                        middle + (width - 1 + x) * channels);
        }
        filter_along(middle, filter, shape.channels, row, along.data());
        T* target = out + static_cast<std::size_t>(y) * row;
        for (std::size_t i = 0; i < row; ++i) target[i] = static_cast<T>(along[i]);
    }
}

constexpr std::size_t tile = 32;

template <class T>
SIMCORE_INLINE void order(T* a, T* b) {
    for (std::size_t i = 0; i < tile; ++i) {
        const T low = a[i] < b[i] ? a[i] : b[i], high = a[i] < b[i] ? b[i] : a[i];
        a[i] = low;
        b[i] = high;
    }
}

// Medians of `tile` neighbouring pixels. Forgetful selection: of more than half of the values the least and the largest
// are never the median, so they give way to values not yet seen.
template <class T>
SIMCORE_INLINE void median_body(const T* plane, std::size_t stride, std::size_t size, T* kept, T* out) {
    const std::size_t count = size * size;
    std::size_t held = count / 2 + 2 < count ? count / 2 + 2 : count, next = 0;
    const auto load = [&](std::size_t slot) {
        const T* from = plane + (next / size) * stride + next % size;
        for (std::size_t i = 0; i < tile; ++i) kept[slot * tile + i] = from[i];
        ++next;
    };
    for (std::size_t slot = 0; slot < held; ++slot) load(slot);
    while (held > 1) {
        for (std::size_t slot = 1; slot < held; ++slot) order(kept, kept + slot * tile);
        for (std::size_t slot = 1; slot + 1 < held; ++slot) order(kept + slot * tile, kept + (held - 1) * tile);
        // The least is in slot 0, the largest in the last one.
        if (next < count) {
            load(0);
            --held;
        } else {
            for (std::size_t i = 0; i < tile && held > 2; ++i) kept[i] = kept[(held - 2) * tile + i];
            held -= 2;
        }
    }
    for (std::size_t i = 0; i < tile; ++i) out[i] = kept[i];
}

#define PARAMETERS(T) (const T* plane, std::size_t stride, std::size_t size, T* kept, T* out)
SIMCORE_DISPATCH(medians, median_body, PARAMETERS(float), (plane, stride, size, kept, out))
SIMCORE_DISPATCH(medians, median_body, PARAMETERS(double), (plane, stride, size, kept, out))
#undef PARAMETERS

// One channel, continued by reflection; wide enough to be read in whole tiles.
template <class T>
class Plane {
  public:
    Plane(const ImageShape& shape, std::size_t size)
        : shape(shape),
          margin(static_cast<std::ptrdiff_t>(size / 2)),
          stride(shape.width + 2 * static_cast<std::size_t>(margin) + tile),
          values((shape.height + 2 * static_cast<std::size_t>(margin)) * stride) {}

    void fill(const T* image, std::size_t channel) {
        const auto height = static_cast<std::ptrdiff_t>(shape.height), width = static_cast<std::ptrdiff_t>(shape.width);
        for (std::ptrdiff_t y = -margin; y < height + margin; ++y) {
            const T* row = image + static_cast<std::size_t>(reflected(y, height)) * shape.width * shape.channels;
            T* target = values.data() + static_cast<std::size_t>(y + margin) * stride;
            for (std::ptrdiff_t x = -margin; x < width + margin; ++x)
                target[x + margin] = row[static_cast<std::size_t>(reflected(x, width)) * shape.channels + channel];
        }
    }

    const T* at(std::size_t y, std::size_t x) const { return values.data() + y * stride + x; }

    const ImageShape& shape;
    const std::ptrdiff_t margin;
    const std::size_t stride;

  private:
    std::vector<T> values;
};

template <class T>
void median_plane(const Plane<T>& plane, std::size_t size, T* kept, T* out, std::size_t channel) {
    const ImageShape& shape = plane.shape;
    T found[tile];
    for (std::size_t y = 0; y < shape.height; ++y) {
        for (std::size_t x = 0; x < shape.width; x += tile) {
            medians(plane.at(y, x), plane.stride, size, kept, found);
            const std::size_t wide = std::min(tile, shape.width - x);
            for (std::size_t i = 0; i < wide; ++i) out[(y * shape.width + x + i) * shape.channels + channel] = found[i];
        }
    }
}

void require_odd(std::size_t size) {
    if (size % 2 == 0) throw std::invalid_argument("size: must be odd");
}

}  // namespace

template <class T>
void gaussian_blur(const T* image, T* out, const double* sigma, const ImageShape& shape) {
    for (std::size_t i = 0; i < shape.examples; ++i)
        if (!(sigma[i] >= 0.0 && sigma[i] <= 1e4)) throw std::invalid_argument("sigma: must be in [0, 1e4]");
    const std::size_t values = shape.height * shape.width * shape.channels;
    for (std::size_t i = 0; i < shape.examples && values > 0; ++i)
        blur(image + i * values, out + i * values, gaussian_filter(sigma[i], 1), shape);
}

template <class T>
void mean_blur(const T* image, T* out, std::size_t size, const ImageShape& shape) {
    require_odd(size);
    const HalfFilter filter(size / 2 + 1, 1.0 / static_cast<double>(size));
    const std::size_t values = shape.height * shape.width * shape.channels;
    for (std::size_t i = 0; i < shape.examples && values > 0; ++i)
        blur(image + i * values, out + i * values, filter, shape);
}

template <class T>
void median_blur(const T* image, T* out, std::size_t size, const ImageShape& shape) {
    require_odd(size);
    const std::size_t values = shape.height * shape.width * shape.channels;
    Plane<T> plane(shape, size);
    std::vector<T> kept((size * size / 2 + 2) * tile);
    for (std::size_t i = 0; i < shape.examples && values > 0; ++i) {
        for (std::size_t channel = 0; channel < shape.channels; ++channel) {
            plane.fill(image + i * values, channel);
            median_plane(plane, size, kept.data(), out + i * values, channel);
        }
    }
}

#define INSTANCES(T)                                                             \
    template void gaussian_blur(const T*, T*, const double*, const ImageShape&); \
    template void mean_blur(const T*, T*, std::size_t, const ImageShape&);       \
    template void median_blur(const T*, T*, std::size_t, const ImageShape&);
INSTANCES(float)
INSTANCES(double)
#undef INSTANCES

}  // namespace simcore
