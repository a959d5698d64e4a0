#include "warp.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "dispatch.hpp"

namespace simcore {
namespace {

constexpr std::size_t chunk = 512;  // pixels in hand
constexpr std::int32_t margin = 4;  // pixels around the copy that is read from: what the cubic needs at any place left

// One axis of the copy: the image's pixels stand at margin .. margin + size - 1.
struct Axis {
    double size, period, inverse;
    explicit Axis(std::size_t count) : size(static_cast<double>(count)), period(2.0 * size), inverse(1.0 / period) {}
};

struct Places {
    double y[chunk], x[chunk];
    std::int32_t offset[chunk];  // pixels from the start of the copy to the one at or before the place
};

// A place beyond the edge becomes one near it that reads the same. Written so that nan ends at the lower limit.
SIMCORE_INLINE double inside(double s, const Axis& axis) {
    s = s > -2.0 ? s : -2.0;
    return s < axis.size + 1.0 ? s : axis.size + 1.0;
}

SIMCORE_INLINE double folded(double s, const Axis& axis) {
    const double from_edge = s + 0.5;
    const double around = from_edge - axis.period * std::floor(from_edge * axis.inverse);
    return (around < axis.size ? around : axis.period - around) - 0.5;
}

// Splits places into the pixel before them and what is left, 0 <= left < 1.
SIMCORE_INLINE void split_body(Places& places, const Axis& rows, const Axis& columns, std::int32_t stride, bool reflect,
                               double shift, std::size_t count) {
    if (reflect) {
        for (std::size_t i = 0; i < count; ++i) {
            places.y[i] = folded(places.y[i], rows);
            places.x[i] = folded(places.x[i], columns);
        }
    }
    for (std::size_t i = 0; i < count; ++i) {
        const double y = inside(places.y[i], rows) + shift, x = inside(places.x[i], columns) + shift;
        const auto row = static_cast<std::int32_t>(y), column = static_cast<std::int32_t>(x);
        places.offset[i] = row * stride + column;
        places.y[i] = y - static_cast<double>(row);
        places.x[i] = x - static_cast<double>(column);
    }
}

// Places of `count` pixels of a row from column `start`, after `done` others.
SIMCORE_INLINE void affine_body(Places& places, std::size_t done, const double* m, double y, std::size_t start,
                                std::size_t count) {
    const double from_y = m[0] * y + m[2], from_x = m[3] * y + m[5];
    const auto first = static_cast<std::int32_t>(start);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(count); ++i) {
        const auto x = static_cast<double>(first + i);
        places.y[done + static_cast<std::size_t>(i)] = from_y + m[1] * x;
        places.x[done + static_cast<std::size_t>(i)] = from_x + m[4] * x;
    }
}

SIMCORE_INLINE void displaced_body(Places& places, std::size_t done, const float* dy, const float* dx, double y,
                                   std::size_t start, std::size_t count) {
    const auto first = static_cast<std::int32_t>(start);
    for (std::int32_t i = 0; i < static_cast<std::int32_t>(count); ++i) {
        places.y[done + static_cast<std::size_t>(i)] = y + static_cast<double>(dy[i]);
        places.x[done + static_cast<std::size_t>(i)] = static_cast<double>(first + i) + static_cast<double>(dx[i]);
    }
}

template <class T>
SIMCORE_INLINE void nearest_body(const T* copy, std::size_t, std::size_t channels, const Places& places,
                                 std::size_t count, T* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const T* from = copy + static_cast<std::size_t>(places.offset[i]) * channels;
        for (std::size_t c = 0; c < channels; ++c) out[i * channels + c] = from[c];
    }
}

template <class T>
SIMCORE_INLINE T between(T a, T b, T t) {
    return a + t * (b - a);
}

template <class T>
SIMCORE_INLINE void bilinear_body(const T* copy, std::size_t stride, std::size_t channels, const Places& places,
                                  std::size_t count, T* out) {
    const std::size_t down = stride * channels;
    for (std::size_t i = 0; i < count; ++i) {
        const T* from = copy + static_cast<std::size_t>(places.offset[i]) * channels;
        const T ty = static_cast<T>(places.y[i]), tx = static_cast<T>(places.x[i]);
        for (std::size_t c = 0; c < channels; ++c) {
            const T top = between(from[c], from[c + channels], tx);
            const T bottom = between(from[down + c], from[down + c + channels], tx);
            out[i * channels + c] = between(top, bottom, ty);
        }
    }
}

template <class T>
SIMCORE_INLINE void cubic_weights(T t, T* weight) {
    weight[0] = t * (T(-0.5) + t * (T(1) - T(0.5) * t));
    weight[1] = T(1) + t * t * (T(1.5) * t - T(2.5));
    weight[2] = t * (T(0.5) + t * (T(2) - T(1.5) * t));
    weight[3] = t * t * (T(0.5) * t - T(0.5));
}

template <class T>
SIMCORE_INLINE void cubic_body(const T* copy, std::size_t stride, std::size_t channels, const Places& places,
                               std::size_t count, T* out) {
    for (std::size_t i = 0; i < count; ++i) {
        T wy[4], wx[4];
        cubic_weights(static_cast<T>(places.y[i]), wy);
        cubic_weights(static_cast<T>(places.x[i]), wx);
        const T* corner = copy + (static_cast<std::size_t>(places.offset[i]) - stride - 1) * channels;
        for (std::size_t c = 0; c < channels; ++c) {
            T sum = T(0);
            for (std::size_t row = 0; row < 4; ++row) {
                const T* from = corner + row * stride * channels + c;
                const T across = (wx[0] * from[0] + wx[1] * from[channels]) +
                                 (wx[2] * from[2 * channels] + wx[3] * from[3 * channels]);
                sum += wy[row] * across;
            }
            out[i * channels + c] = sum;
        }
    }
}

// With the number of channels known, the inner loops vanish.
#define SIMCORE_FEW_CHANNELS(name, body)                                                                    \
    template <class T>                                                                                      \
    SIMCORE_INLINE void name(const T* copy, std::size_t stride, std::size_t channels, const Places& places, \
                             std::size_t count, T* out) {                                                   \
        if (channels == 1)                                                                                  \
            body(copy, stride, 1, places, count, out);                                                      \
        else if (channels == 2)                                                                             \
            body(copy, stride, 2, places, count, out);                                                      \
        else                                                                                                \
            body(copy, stride, channels, places, count, out);                                               \
    }
SIMCORE_FEW_CHANNELS(nearest_any, nearest_body)
SIMCORE_FEW_CHANNELS(bilinear_any, bilinear_body)
SIMCORE_FEW_CHANNELS(cubic_any, cubic_body)
#undef SIMCORE_FEW_CHANNELS

SIMCORE_DISPATCH(split, split_body,
                 (Places & places, const Axis& rows, const Axis& columns, std::int32_t stride, bool reflect,
                  double shift, std::size_t count),
                 (places, rows, columns, stride, reflect, shift, count))
SIMCORE_DISPATCH(place_affine, affine_body,
                 (Places & places, std::size_t done, const double* m, double y, std::size_t start, std::size_t count),
                 (places, done, m, y, start, count))
SIMCORE_DISPATCH(place_displaced, displaced_body,
                 (Places & places, std::size_t done, const float* dy, const float* dx, double y, std::size_t start,
                  std::size_t count),
                 (places, done, dy, dx, y, start, count))

#define PARAMETERS(T) \
    (const T* copy, std::size_t stride, std::size_t channels, const Places& places, std::size_t count, T* out)
#define ARGUMENTS (copy, stride, channels, places, count, out)
SIMCORE_DISPATCH(bilinear, bilinear_any, PARAMETERS(float), ARGUMENTS)
SIMCORE_DISPATCH(bilinear, bilinear_any, PARAMETERS(double), ARGUMENTS)
SIMCORE_DISPATCH(cubic, cubic_any, PARAMETERS(float), ARGUMENTS)
SIMCORE_DISPATCH(cubic, cubic_any, PARAMETERS(double), ARGUMENTS)
#undef PARAMETERS
#undef ARGUMENTS

// The image with its surroundings, which is read while the image itself is written.
template <class T>
class Copy {
  public:
    explicit Copy(const WarpImages<T>& images)
        : images_(images),
          stride_(images.width + 2 * margin),
          pixels_((images.height + 2 * margin) * stride_ * images.channels) {
        const auto width = static_cast<std::int64_t>(images.width);
        for (std::int64_t i = 0; i < margin; ++i) {
            before_[i] = beyond(i - margin);
            after_[i] = beyond(width + i);
        }
    }

    void take(const T* image, const T* value) {
        const std::size_t row = images_.width * images_.channels;
        for (std::int64_t y = -margin; y < static_cast<std::int64_t>(images_.height) + margin; ++y) {
            T* to = pixels_.data() + static_cast<std::size_t>(y + margin) * stride_ * images_.channels;
            const bool outside = y < 0 || y >= static_cast<std::int64_t>(images_.height);
            if (outside && images_.edge == Edge::constant)
                fill(to, value, stride_);
            else
                surround(to, image + (outside ? pixel_beyond(y, images_.height, images_.edge) : at(y)) * row, value);
        }
    }

    const T* data() const { return pixels_.data(); }
    std::size_t stride() const { return stride_; }

  private:
    static std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }
    // Where in a row the value of a pixel beside it stands; -1: it is constant.
    std::int64_t beyond(std::int64_t x) const {
        if (images_.edge == Edge::constant) return -1;
        return static_cast<std::int64_t>(pixel_beyond(x, images_.width, images_.edge) * images_.channels);
    }
    void fill(T* to, const T* value, std::size_t pixels) const {
        for (std::size_t i = 0; i < pixels; ++i) put(value, to + i * images_.channels);
    }
    // One pixel; a call of memcpy would take longer.
    void put(const T* pixel, T* to) const {
        for (std::size_t c = 0; c < images_.channels; ++c) to[c] = pixel[c];
    }
    void surround(T* to, const T* row, const T* value) const {
        const std::size_t channels = images_.channels;
        std::copy_n(row, images_.width * channels, to + margin * channels);
        for (std::int64_t i = 0; i < margin; ++i) {
            put(before_[i] < 0 ? value : row + before_[i], to + at(i) * channels);
            put(after_[i] < 0 ? value : row + after_[i], to + (margin + images_.width + at(i)) * channels);
        }
    }

    const WarpImages<T>& images_;
    std::size_t stride_;
    std::vector<T> pixels_;
    std::int64_t before_[margin], after_[margin];
};

template <class T>
void interpolate(const WarpImages<T>& images, const Copy<T>& copy, const Places& places, std::size_t count, T* out) {
    if constexpr (std::is_floating_point_v<T>) {
        if (images.order == 1) return bilinear(copy.data(), copy.stride(), images.channels, places, count, out);
        if (images.order == 3) return cubic(copy.data(), copy.stride(), images.channels, places, count, out);
    }
    nearest_any(copy.data(), copy.stride(), images.channels, places, count, out);
}

// place(places, done, example, y, start, count) fills in where the pixels of part of a row come from.
template <class T, class Place>
void warp(const WarpImages<T>& images, Place place) {
    const std::size_t pixels = images.height * images.width;
    if (pixels == 0 || images.channels == 0) return;
    const Axis rows(images.height), columns(images.width);
    const double shift = margin + (images.order == 0 ? 0.5 : 0.0);
    Copy<T> copy(images);
    Places places;
    for (std::size_t e = 0; e < images.examples; ++e) {
        if (!images.apply[e]) continue;
        T* image = images.data + e * pixels * images.channels;
        copy.take(image, images.value + e * images.channels);
        for (std::size_t start = 0; start < pixels; start += chunk) {
            const std::size_t count = std::min(chunk, pixels - start);
            for (std::size_t done = 0; done < count;) {
                const std::size_t y = (start + done) / images.width, x = (start + done) % images.width;
                const std::size_t part = std::min(images.width - x, count - done);
                place(places, done, e, y, x, part);
                done += part;
            }
            split(places, rows, columns, static_cast<std::int32_t>(copy.stride()), images.edge == Edge::reflect, shift,
                  count);
            interpolate(images, copy, places, count, image + start * images.channels);
        }
    }
}

template <class T>
void check(const WarpImages<T>& images) {
    if (images.order != 0 && images.order != 1 && images.order != 3)
        throw std::invalid_argument("order: must be 0, 1 or 3");
    if (images.order != 0 && !std::is_floating_point_v<T>)
        throw std::invalid_argument("order: must be 0 for images of integers");
    constexpr std::size_t most = std::size_t{1} << 30;
    if (images.height > most || images.width > most ||
        (images.height + 2 * margin) * (images.width + 2 * margin) > most)
        throw std::invalid_argument("image: more than 2^30 pixels");
}

template <class Number>
void require_finite(const char* message, const Number* values, std::size_t count) {
    // x - x is 0 or, of what is not finite, nan, which then stays in its sum.
    constexpr std::size_t side = 16;
    Number sums[side] = {};
    const std::size_t whole = count - count % side;
    for (std::size_t i = 0; i < whole; i += side)
        for (std::size_t j = 0; j < side; ++j) sums[j] += values[i + j] - values[i + j];
    for (std::size_t i = whole; i < count; ++i) sums[0] += values[i] - values[i];
    for (const Number sum : sums)
        if (!(sum == Number(0))) throw std::invalid_argument(message);
}

}  // namespace

template <class T>
void warp_affine(const WarpImages<T>& images, const double* matrix) {
    check(images);
    require_finite("matrix: must be finite", matrix, 6 * images.examples);
    warp(images, [=](Places& places, std::size_t done, std::size_t e, std::size_t y, std::size_t x, std::size_t count) {
        place_affine(places, done, matrix + 6 * e, static_cast<double>(y), x, count);
    });
}

template <class T>
void warp_displaced(const WarpImages<T>& images, const float* displacement) {
    check(images);
    const std::size_t width = images.width, pixels = images.height * width;
    require_finite("displacement: must be finite", displacement, 2 * pixels * images.examples);
    warp(images, [=](Places& places, std::size_t done, std::size_t e, std::size_t y, std::size_t x, std::size_t count) {
        const float* dy = displacement + 2 * e * pixels + y * width + x;
        place_displaced(places, done, dy, dy + pixels, static_cast<double>(y), x, count);
    });
}

#define SIMCORE_WARPS(T)                                            \
    template void warp_affine(const WarpImages<T>&, const double*); \
    template void warp_displaced(const WarpImages<T>&, const float*);
SIMCORE_WARPS(float)
SIMCORE_WARPS(double)
SIMCORE_WARPS(std::uint8_t)
SIMCORE_WARPS(std::uint16_t)
SIMCORE_WARPS(std::uint32_t)
SIMCORE_WARPS(std::uint64_t)
#undef SIMCORE_WARPS

}  // namespace simcore
