#include "noise.hpp"

#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "finite.hpp"
#include "poisson.hpp"

namespace simcore {
namespace {

struct Extremes {
    double least, largest;
    bool finite;
};

// In lanes, which the compiler may not introduce by itself: minima and maxima of floats do not reorder freely.
template <class T>
SIMCORE_INLINE void extremes_body(const T* image, std::size_t count, Extremes* result) {
    constexpr std::size_t lanes = 32;
    T least[lanes], largest[lanes];
    std::uint32_t finite[lanes];
    for (std::size_t j = 0; j < lanes; ++j) least[j] = largest[j] = image[0];
    for (std::size_t j = 0; j < lanes; ++j) finite[j] = 1;
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        for (std::size_t j = 0; j < lanes; ++j) {
            const T value = image[i + j];
            least[j] = value < least[j] ? value : least[j];
            largest[j] = value > largest[j] ? value : largest[j];
            finite[j] &= value - value == T(0) ? 1 : 0;
        }
    }
    for (; i < count; ++i) {
        least[0] = image[i] < least[0] ? image[i] : least[0];
        largest[0] = image[i] > largest[0] ? image[i] : largest[0];
        finite[0] &= image[i] - image[i] == T(0) ? 1 : 0;
    }
    for (std::size_t j = 1; j < lanes; ++j) {
        least[0] = least[j] < least[0] ? least[j] : least[0];
        largest[0] = largest[j] > largest[0] ? largest[j] : largest[0];
        finite[0] &= finite[j];
    }
    *result = {static_cast<double>(least[0]), static_cast<double>(largest[0]), finite[0] != 0};
}

SIMCORE_DISPATCH(extremes_of, extremes_body, (const float* image, std::size_t count, Extremes* result),
                 (image, count, result))
SIMCORE_DISPATCH(extremes_of, extremes_body, (const double* image, std::size_t count, Extremes* result),
                 (image, count, result))

template <class T>
std::vector<Extremes> finite_extremes(const T* image, std::size_t examples, std::size_t values) {
    std::vector<Extremes> result(examples);
    for (std::size_t i = 0; i < examples && values > 0; ++i) {
        extremes_of(image + i * values, values, &result[i]);
        if (!result[i].finite) throw std::invalid_argument("image: must be finite");
    }
    return result;
}

// Counts per unit of intensity; not finite: no noise.
double scale_of(const Extremes& range, double snr, double background, bool deviation) {
    const double least = range.least < 0 ? 0.0 : range.least, largest = range.largest < 0 ? 0.0 : range.largest;
    const double above = std::fabs(largest - background), below = std::fabs(least - background);
    const double peak = deviation && below > above ? below : above;
    const double root = snr / peak;
    return root * root;
}

template <class T>
SIMCORE_INLINE void noisy_body(poisson::Workspace& work, const PixelStream& stream, double scale, T* image,
                               std::size_t pixels) {
    double rate[poisson::chunk], count[poisson::chunk];
    for (std::size_t start = 0; start < pixels; start += poisson::chunk) {
        const std::size_t length = pixels - start < poisson::chunk ? pixels - start : poisson::chunk;
        T* part = image + start;
        for (std::size_t i = 0; i < length; ++i)
            rate[i] = (part[i] > T(0) ? static_cast<double>(part[i]) : 0.0) * scale;
        poisson::fill(work, stream, static_cast<std::uint32_t>(start), length, rate, count);
        for (std::size_t i = 0; i < length; ++i) {
            const T noisy = static_cast<T>(count[i] > 0.0 ? count[i] / scale : 0.0);
            part[i] = rate[i] < poisson::noiseless_rate ? noisy : part[i];
        }
    }
}

SIMCORE_INLINE void counts_body(poisson::Workspace& work, const PixelStream& stream, const double* rate,
                                std::int64_t* out, std::size_t pixels) {
    double count[poisson::chunk];
    for (std::size_t start = 0; start < pixels; start += poisson::chunk) {
        const std::size_t length = pixels - start < poisson::chunk ? pixels - start : poisson::chunk;
        poisson::fill(work, stream, static_cast<std::uint32_t>(start), length, rate + start, count);
        for (std::size_t i = 0; i < length; ++i) out[start + i] = static_cast<std::int64_t>(count[i]);
    }
}

#define PARAMETERS(T) (poisson::Workspace & work, const PixelStream& stream, double scale, T* image, std::size_t pixels)
SIMCORE_DISPATCH(make_noisy, noisy_body, PARAMETERS(float), (work, stream, scale, image, pixels))
SIMCORE_DISPATCH(make_noisy, noisy_body, PARAMETERS(double), (work, stream, scale, image, pixels))
#undef PARAMETERS
SIMCORE_DISPATCH(draw_counts, counts_body,
                 (poisson::Workspace & work, const PixelStream& stream, const double* rate, std::int64_t* out,
                  std::size_t pixels),
                 (work, stream, rate, out, pixels))

template <class T>
SIMCORE_INLINE void stretch_body(T* image, std::size_t values, Extremes range, double minimum, double maximum) {
    const double low = minimum < maximum ? minimum : maximum, high = minimum < maximum ? maximum : minimum;
    const double span = range.largest - range.least;
    for (std::size_t i = 0; i < values; ++i) {
        const double t = span > 0.0 ? (static_cast<double>(image[i]) - range.least) / span : 0.0;
        double value = minimum * (1.0 - t) + maximum * t;
        value = value < low ? low : value;  // rounding may step over by the last digit
        value = value > high ? high : value;
        image[i] = static_cast<T>(value);
    }
}

#define PARAMETERS(T) (T * image, std::size_t values, Extremes range, double minimum, double maximum)
SIMCORE_DISPATCH(stretch, stretch_body, PARAMETERS(float), (image, values, range, minimum, maximum))
SIMCORE_DISPATCH(stretch, stretch_body, PARAMETERS(double), (image, values, range, minimum, maximum))
#undef PARAMETERS

template <class T>
SIMCORE_INLINE T clipped(double value) {
    return static_cast<T>(value < 0.0 ? 0.0 : value);
}

template <class T>
SIMCORE_INLINE void slope_body(T* row, double x, double offset, std::size_t width, std::size_t channels) {
    const double centre = 0.5 * (static_cast<double>(width) - 1.0);
    if (channels == 1) {
        for (std::size_t j = 0; j < width; ++j)
            row[j] = clipped<T>(row[j] + (x * (static_cast<double>(static_cast<std::int32_t>(j)) - centre) + offset));
        return;
    }
    for (std::size_t j = 0; j < width; ++j) {
        const double added = x * (static_cast<double>(static_cast<std::int32_t>(j)) - centre) + offset;
        for (std::size_t c = 0; c < channels; ++c) row[j * channels + c] = clipped<T>(row[j * channels + c] + added);
    }
}

#define PARAMETERS(T) (T * row, double x, double offset, std::size_t width, std::size_t channels)
SIMCORE_DISPATCH(add_slope, slope_body, PARAMETERS(float), (row, x, offset, width, channels))
SIMCORE_DISPATCH(add_slope, slope_body, PARAMETERS(double), (row, x, offset, width, channels))
#undef PARAMETERS

}  // namespace

template <class T>
void poisson_snr(T* image, const double* snr, const double* background, bool deviation, const std::uint64_t seed[2],
                 const std::uint64_t* address, std::size_t examples, std::size_t pixels) {
    for (std::size_t i = 0; i < examples; ++i)
        if (!(std::isfinite(snr[i]) && snr[i] > 0.0))
            throw std::invalid_argument("snr: " + std::to_string(snr[i]) + "; must be > 0 and finite");
    require_finite("background", background, examples);
    if (pixels > UINT32_MAX) throw std::invalid_argument("image: more than 2^32 - 1 pixels");
    const std::vector<Extremes> ranges = finite_extremes(image, examples, pixels);
    const auto work = std::make_unique<poisson::Workspace>();
    for (std::size_t i = 0; i < examples; ++i) {
        T* one = image + i * pixels;
        const double scale = scale_of(ranges[i], snr[i], background[i], deviation);
        if (std::isfinite(scale))
            make_noisy(*work, pixel_stream(seed, address + 3 * i), scale, one, pixels);
        else
            for (std::size_t j = 0; j < pixels; ++j) one[j] = one[j] < T(0) ? T(0) : one[j];
    }
}

template <class T>
void photon_noise(T* image, const std::uint64_t seed[2], const std::uint64_t* address, std::size_t examples,
                  std::size_t pixels) {
    if (pixels > UINT32_MAX) throw std::invalid_argument("image: more than 2^32 - 1 pixels");
    require_finite("image", image, examples * pixels);
    const auto work = std::make_unique<poisson::Workspace>();
    for (std::size_t i = 0; i < examples; ++i)
        make_noisy(*work, pixel_stream(seed, address + 3 * i), 1.0, image + i * pixels, pixels);
}

void poisson_counts(const double* rate, std::int64_t* out, const std::uint64_t seed[2], const std::uint64_t* address,
                    std::size_t examples, std::size_t pixels) {
    if (pixels > UINT32_MAX) throw std::invalid_argument("rate: more than 2^32 - 1 pixels");
    for (std::size_t i = 0; i < examples * pixels; ++i)
        if (!(rate[i] >= 0.0 && rate[i] <= 1e18)) throw std::invalid_argument("rate: must be in [0, 1e18]");
    const auto work = std::make_unique<poisson::Workspace>();
    for (std::size_t i = 0; i < examples; ++i)
        draw_counts(*work, pixel_stream(seed, address + 3 * i), rate + i * pixels, out + i * pixels, pixels);
}

template <class T>
void normalize_minmax(T* image, const double* minimum, const double* maximum, std::size_t examples,
                      std::size_t values) {
    require_finite("minimum", minimum, examples);
    require_finite("maximum", maximum, examples);
    const std::vector<Extremes> ranges = finite_extremes(image, examples, values);
    for (std::size_t i = 0; i < examples; ++i) stretch(image + i * values, values, ranges[i], minimum[i], maximum[i]);
}

template <class T>
void illumination_gradient(T* image, const double* x, const double* y, std::size_t examples, std::size_t height,
                           std::size_t width, std::size_t channels) {
    require_finite("x", x, examples);
    require_finite("y", y, examples);
    if (width > INT32_MAX) throw std::invalid_argument("image: wider than 2^31 - 1");
    const double centre = 0.5 * (static_cast<double>(height) - 1.0);
    for (std::size_t i = 0; i < examples; ++i)
        for (std::size_t row = 0; row < height; ++row)
            add_slope(image + (i * height + row) * width * channels, x[i], y[i] * (static_cast<double>(row) - centre),
                      width, channels);
}

template void poisson_snr(float*, const double*, const double*, bool, const std::uint64_t*, const std::uint64_t*,
                          std::size_t, std::size_t);
template void poisson_snr(double*, const double*, const double*, bool, const std::uint64_t*, const std::uint64_t*,
                          std::size_t, std::size_t);
template void photon_noise(float*, const std::uint64_t*, const std::uint64_t*, std::size_t, std::size_t);
template void photon_noise(double*, const std::uint64_t*, const std::uint64_t*, std::size_t, std::size_t);
template void normalize_minmax(float*, const double*, const double*, std::size_t, std::size_t);
template void normalize_minmax(double*, const double*, const double*, std::size_t, std::size_t);
template void illumination_gradient(float*, const double*, const double*, std::size_t, std::size_t, std::size_t,
                                    std::size_t);
template void illumination_gradient(double*, const double*, const double*, std::size_t, std::size_t, std::size_t,
                                    std::size_t);

}  // namespace simcore
