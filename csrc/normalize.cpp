#include "normalize.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "dispatch.hpp"
#include "finite.hpp"

namespace simcore {
namespace {

// Sum of (value - centre)^power in 16 lanes, which fixes the order of addition.
template <class T>
SIMCORE_INLINE void sum_body(const T* image, std::size_t values, double centre, bool squared, double* result) {
    constexpr std::size_t lanes = 16;
    double sum[lanes] = {};
    std::size_t i = 0;
    for (; i + lanes <= values; i += lanes) {
        for (std::size_t j = 0; j < lanes; ++j) {
            const double d = static_cast<double>(image[i + j]) - centre;
            sum[j] += squared ? d * d : d;
        }
    }
    for (; i < values; ++i) {
        const double d = static_cast<double>(image[i]) - centre;
        sum[i % lanes] += squared ? d * d : d;
    }
    double total = 0.0;
    for (const double part : sum) total += part;
    *result = total;
}

template <class T>
SIMCORE_INLINE void linear_body(T* image, std::size_t values, double centre, double span) {
    for (std::size_t i = 0; i < values; ++i)
        image[i] = static_cast<T>(span > 0.0 ? (static_cast<double>(image[i]) - centre) / span : 0.0);
}

#define PARAMETERS(T) (const T* image, std::size_t values, double centre, bool squared, double* result)
SIMCORE_DISPATCH(sum_of, sum_body, PARAMETERS(float), (image, values, centre, squared, result))
SIMCORE_DISPATCH(sum_of, sum_body, PARAMETERS(double), (image, values, centre, squared, result))
#undef PARAMETERS
SIMCORE_DISPATCH(map_linearly, linear_body, (float* image, std::size_t values, double centre, double span),
                 (image, values, centre, span))
SIMCORE_DISPATCH(map_linearly, linear_body, (double* image, std::size_t values, double centre, double span),
                 (image, values, centre, span))

template <class T>
double mean_of(const T* image, std::size_t values, double centre, bool squared) {
    double sum;
    sum_of(image, values, centre, squared, &sum);
    return sum / static_cast<double>(values);
}

// Rearranges `values`.
template <class T>
double quantile(std::vector<T>& values, double q) {
    const double position = q * (static_cast<double>(values.size()) - 1.0);
    const auto index = static_cast<std::ptrdiff_t>(std::floor(position));
    const auto middle = values.begin() + index;
    std::nth_element(values.begin(), middle, values.end());
    const auto below = static_cast<double>(*middle);
    if (middle + 1 == values.end()) return below;
    const auto above = static_cast<double>(*std::min_element(middle + 1, values.end()));
    return below + (position - static_cast<double>(index)) * (above - below);
}

}  // namespace

template <class T>
void normalize_standard(T* image, std::size_t examples, std::size_t values) {
    require_finite("image", image, examples * values);
    for (std::size_t i = 0; i < examples && values > 0; ++i) {
        T* one = image + i * values;
        const bool constant = std::all_of(one, one + values, [one](T value) { return value == *one; });
        const double mean = mean_of(one, values, 0.0, false);
        map_linearly(one, values, mean, constant ? 0.0 : std::sqrt(mean_of(one, values, mean, true)));
    }
}

template <class T>
void normalize_quantile(T* image, const double* low, const double* high, std::size_t examples, std::size_t values) {
    for (std::size_t i = 0; i < examples; ++i)
        if (!(low[i] >= 0.0 && low[i] < high[i] && high[i] <= 1.0))
            throw std::invalid_argument("low, high: must be 0 <= low < high <= 1");
    require_finite("image", image, examples * values);
    std::vector<T> sorted(values);
    for (std::size_t i = 0; i < examples && values > 0; ++i) {
        T* one = image + i * values;
        sorted.assign(one, one + values);
        const double least = quantile(sorted, low[i]), most = quantile(sorted, high[i]);
        map_linearly(one, values, least, most - least);
    }
}

template void normalize_standard(float*, std::size_t, std::size_t);
template void normalize_standard(double*, std::size_t, std::size_t);
template void normalize_quantile(float*, const double*, const double*, std::size_t, std::size_t);
template void normalize_quantile(double*, const double*, const double*, std::size_t, std::size_t);

}  // namespace simcore
