#include "white_noise.hpp"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <vector>

#include "gamma.hpp"
#include "normal.hpp"
#include "separable.hpp"

namespace simcore {
namespace {

constexpr std::size_t chunk = 2048;
constexpr double longest_correlation = 1000.0;

SIMCORE_INLINE void normals_body(const PixelStream& stream, std::uint32_t attempt, std::size_t values, double* out) {
    double last[2];
    normal::fill_pairs(stream, attempt, 0, values / 2, out);
    if (values % 2 == 0) return;
    normal::fill_pairs(stream, attempt, static_cast<std::uint32_t>(values / 2), 1, last);
    out[values - 1] = last[0];
}

template <class T>
SIMCORE_INLINE void gaussian_body(const PixelStream& stream, double sigma, std::size_t values, T* image) {
    double number[chunk];
    for (std::size_t start = 0; start < values; start += chunk) {
        const std::size_t length = values - start < chunk ? values - start : chunk;
        normal::fill_pairs(stream, 0, static_cast<std::uint32_t>(start / 2), (length + 1) / 2, number);
        for (std::size_t i = 0; i < length; ++i)
            image[start + i] = static_cast<T>(static_cast<double>(image[start + i]) + sigma * number[i]);
    }
}

template <class T>
SIMCORE_INLINE void gamma_noise_body(gamma::List& list, const PixelStream& stream, double looks, std::size_t values,
                                     T* image) {
    double shape[gamma::chunk], number[gamma::chunk];
    for (double& value : shape) value = looks;
    for (std::size_t start = 0; start < values; start += gamma::chunk) {
        const std::size_t length = values - start < gamma::chunk ? values - start : gamma::chunk;
        gamma::fill(list, stream, 0, static_cast<std::uint32_t>(start), length, shape, number);
        for (std::size_t i = 0; i < length; ++i)
            image[start + i] = static_cast<T>(static_cast<double>(image[start + i]) * (number[i] / looks));
    }
}

SIMCORE_INLINE void gamma_body(gamma::List& list, const PixelStream& stream, const double* shape, std::size_t values,
                               double* out) {
    for (std::size_t start = 0; start < values; start += gamma::chunk) {
        const std::size_t length = values - start < gamma::chunk ? values - start : gamma::chunk;
        gamma::fill(list, stream, 0, static_cast<std::uint32_t>(start), length, shape + start, out + start);
    }
}

SIMCORE_DISPATCH(draw_normals, normals_body,
                 (const PixelStream& stream, std::uint32_t attempt, std::size_t values, double* out),
                 (stream, attempt, values, out))
SIMCORE_DISPATCH(draw_gammas, gamma_body,
                 (gamma::List & list, const PixelStream& stream, const double* shape, std::size_t values, double* out),
                 (list, stream, shape, values, out))
#define PARAMETERS(T) (const PixelStream& stream, double sigma, std::size_t values, T* image)
SIMCORE_DISPATCH(add_gaussian, gaussian_body, PARAMETERS(float), (stream, sigma, values, image))
SIMCORE_DISPATCH(add_gaussian, gaussian_body, PARAMETERS(double), (stream, sigma, values, image))
#undef PARAMETERS
#define PARAMETERS(T) (gamma::List & list, const PixelStream& stream, double looks, std::size_t values, T* image)
SIMCORE_DISPATCH(multiply_gamma, gamma_noise_body, PARAMETERS(float), (list, stream, looks, values, image))
SIMCORE_DISPATCH(multiply_gamma, gamma_noise_body, PARAMETERS(double), (list, stream, looks, values, image))
#undef PARAMETERS

void require_countable(std::size_t values) {
    if (values > UINT32_MAX) throw std::invalid_argument("image: more than 2^32 - 1 values");
}

// The field on a grid that reaches `radius` beyond the image, so that no edge is seen, and its filtered intensity.
class Pattern {
  public:
    Pattern(double correlation_length, std::size_t height, std::size_t width)
        : filter(gaussian_filter(correlation_length * 0.7071067811865476, 2)),
          margin(static_cast<std::size_t>(radius_of(filter))),
          height(height),
          width(width),
          row(2 * (width + 2 * margin)),
          field((height + 2 * margin) * row),
          across(row),
          along(2 * width),
          intensity(height * width) {
        require_countable(field.size());
    }

    void clear() { intensity.assign(intensity.size(), 0.0); }

    void add(const PixelStream& stream, std::uint32_t attempt, double weight) {
        draw_normals(stream, attempt, field.size(), field.data());
        std::vector<const double*> rows(filter.size() * 2 - 1);
        for (std::size_t y = 0; y < height; ++y) {
            for (std::size_t k = 0; k < rows.size(); ++k) rows[k] = field.data() + (y + k) * row;
            filter_across(rows.data(), filter, row, across.data());
            filter_along(across.data() + 2 * margin, filter, 2, 2 * width, along.data());
            for (std::size_t x = 0; x < width; ++x)
                intensity[y * width + x] +=
                    weight * (along[2 * x] * along[2 * x] + along[2 * x + 1] * along[2 * x + 1]);
        }
    }

    template <class T>
    void multiply(T* image, std::size_t step) const {
        for (std::size_t i = 0; i < intensity.size(); ++i)
            image[i * step] = static_cast<T>(static_cast<double>(image[i * step]) * intensity[i]);
    }

  private:
    HalfFilter filter;
    std::size_t margin, height, width, row;
    std::vector<double> field, across, along, intensity;
};

// Weight of the last of `patterns` patterns, the others sharing the rest, that makes the sum of the squares 1 / looks.
double last_weight(double patterns, double looks) {
    const double square = 1.0 - patterns * (1.0 - (patterns - 1.0) / looks);
    return (1.0 - std::sqrt(square > 0.0 ? square : 0.0)) / patterns;
}

template <class T>
void correlated(T* image, const PixelStream& stream, double looks, double length, std::size_t height, std::size_t width,
                std::size_t channels) {
    Pattern pattern(length, height, width);
    const double count = std::ceil(looks), last = count > 1.0 ? last_weight(count, looks) : 1.0;
    const auto patterns = static_cast<std::uint32_t>(count);
    for (std::size_t channel = 0; channel < channels; ++channel) {
        pattern.clear();
        for (std::uint32_t look = 0; look < patterns; ++look) {
            const double weight = look + 1 == patterns ? last : (1.0 - last) / (count - 1.0);
            // Both quadratures have variance 1.
            pattern.add(stream, static_cast<std::uint32_t>(channel) * patterns + look, 0.5 * weight);
        }
        pattern.multiply(image + channel, channels);
    }
}

void check_speckle(const double* looks, const double* length, std::size_t examples) {
    for (std::size_t i = 0; i < examples; ++i) {
        if (!(looks[i] > 0.0 && looks[i] <= 1e4)) throw std::invalid_argument("looks: must be in (0, 1e4]");
        if (!(length[i] >= 0.0 && length[i] <= longest_correlation))
            throw std::invalid_argument("correlation_length: must be in [0, 1000]");
        if (length[i] > 0.0 && looks[i] < 1.0)
            throw std::invalid_argument("looks: must be >= 1 with a correlation length");
    }
}

}  // namespace

void normal_numbers(double* out, const std::uint64_t seed[2], const std::uint64_t* address, std::size_t examples,
                    std::size_t values) {
    require_countable(values);
    for (std::size_t i = 0; i < examples; ++i)
        draw_normals(pixel_stream(seed, address + 3 * i), 0, values, out + i * values);
}

void gamma_numbers(const double* shape, double* out, const std::uint64_t seed[2], const std::uint64_t* address,
                   std::size_t examples, std::size_t values) {
    require_countable(values);
    for (std::size_t i = 0; i < examples * values; ++i)
        if (!(shape[i] >= 0.0 && shape[i] <= gamma::noiseless_shape))
            throw std::invalid_argument("shape: must be in [0, 1e28]");
    const auto list = std::make_unique<gamma::List>();
    for (std::size_t i = 0; i < examples; ++i)
        draw_gammas(*list, pixel_stream(seed, address + 3 * i), shape + i * values, values, out + i * values);
}

template <class T>
void gaussian_noise(T* image, const double* sigma, const std::uint64_t seed[2], const std::uint64_t* address,
                    std::size_t examples, std::size_t values) {
    require_countable(values);
    for (std::size_t i = 0; i < examples; ++i)
        if (!(std::isfinite(sigma[i]) && sigma[i] >= 0.0))
            throw std::invalid_argument("sigma: must be >= 0 and finite");
    for (std::size_t i = 0; i < examples; ++i)
        if (sigma[i] > 0.0) add_gaussian(pixel_stream(seed, address + 3 * i), sigma[i], values, image + i * values);
}

template <class T>
void speckle(T* image, const double* looks, const double* correlation_length, const std::uint64_t seed[2],
             const std::uint64_t* address, std::size_t examples, std::size_t height, std::size_t width,
             std::size_t channels) {
    const std::size_t values = height * width * channels;
    require_countable(values);
    check_speckle(looks, correlation_length, examples);
    const auto list = std::make_unique<gamma::List>();
    for (std::size_t i = 0; i < examples; ++i) {
        const PixelStream stream = pixel_stream(seed, address + 3 * i);
        if (correlation_length[i] > 0.0)
            correlated(image + i * values, stream, looks[i], correlation_length[i], height, width, channels);
        else
            multiply_gamma(*list, stream, looks[i], values, image + i * values);
    }
}

#define INSTANCES(T)                                                                                                 \
    template void gaussian_noise(T*, const double*, const std::uint64_t*, const std::uint64_t*, std::size_t,         \
                                 std::size_t);                                                                       \
    template void speckle(T*, const double*, const double*, const std::uint64_t*, const std::uint64_t*, std::size_t, \
                          std::size_t, std::size_t, std::size_t);
INSTANCES(float)
INSTANCES(double)
#undef INSTANCES

}  // namespace simcore
