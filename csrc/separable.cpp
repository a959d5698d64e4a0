#include "separable.hpp"

#include <cmath>

#include "elementary.hpp"

namespace simcore {
namespace {

constexpr std::size_t tile = 32;

template <class T>
SIMCORE_INLINE void across_tile(const T* const* rows, const double* weight, std::ptrdiff_t radius, std::size_t start,
                                std::size_t width, double* out) {
    double sum[tile];
    for (std::size_t i = 0; i < width; ++i) sum[i] = weight[0] * static_cast<double>(rows[radius][start + i]);
    for (std::ptrdiff_t k = 1; k <= radius; ++k) {
        const T *above = rows[radius - k] + start, *below = rows[radius + k] + start;
        const double w = weight[k];
        for (std::size_t i = 0; i < width; ++i)
            sum[i] += w * (static_cast<double>(above[i]) + static_cast<double>(below[i]));
    }
    for (std::size_t i = 0; i < width; ++i) out[start + i] = sum[i];
}

template <class T>
SIMCORE_INLINE void across_body(const T* const* rows, const double* weight, std::ptrdiff_t radius, std::size_t count,
                                double* out) {
    std::size_t start = 0;
    for (; start + tile <= count; start += tile) across_tile(rows, weight, radius, start, tile, out);
    if (start < count) across_tile(rows, weight, radius, start, count - start, out);
}

SIMCORE_INLINE void along_tile(const double* row, const double* weight, std::ptrdiff_t radius, std::size_t step,
                               std::size_t width, double* out) {
    double sum[tile];
    for (std::size_t i = 0; i < width; ++i) sum[i] = weight[0] * row[i];
    for (std::ptrdiff_t k = 1; k <= radius; ++k) {
        const std::ptrdiff_t shift = k * static_cast<std::ptrdiff_t>(step);
        const double w = weight[k];
        for (std::size_t i = 0; i < width; ++i) sum[i] += w * (row[i - shift] + row[i + shift]);
    }
    for (std::size_t i = 0; i < width; ++i) out[i] = sum[i];
}

SIMCORE_INLINE void along_body(const double* row, const double* weight, std::ptrdiff_t radius, std::size_t step,
                               std::size_t count, double* out) {
    std::size_t start = 0;
    for (; start + tile <= count; start += tile) along_tile(row + start, weight, radius, step, tile, out + start);
    if (start < count) along_tile(row + start, weight, radius, step, count - start, out + start);
}

#define PARAMETERS(T) \
    (const T* const* rows, const double* weight, std::ptrdiff_t radius, std::size_t count, double* out)
SIMCORE_DISPATCH(across, across_body, PARAMETERS(float), (rows, weight, radius, count, out))
SIMCORE_DISPATCH(across, across_body, PARAMETERS(double), (rows, weight, radius, count, out))
#undef PARAMETERS
SIMCORE_DISPATCH(along, along_body,
                 (const double* row, const double* weight, std::ptrdiff_t radius, std::size_t step, std::size_t count,
                  double* out),
                 (row, weight, radius, step, count, out))

}  // namespace

HalfFilter gaussian_filter(double sigma, int power) {
    const auto radius = static_cast<std::size_t>(std::ceil(5.5 * sigma));
    HalfFilter filter(radius + 1, 1.0);
    double total = 1.0;
    for (std::size_t k = 1; k <= radius; ++k) {
        const double t = static_cast<double>(k) / sigma;
        filter[k] = elementary::exp(-0.5 * t * t);
        total += 2.0 * (power == 1 ? filter[k] : filter[k] * filter[k]);
    }
    const double norm = power == 1 ? total : std::sqrt(total);
    for (double& weight : filter) weight /= norm;
    return filter;
}

void filter_across(const float* const* rows, const HalfFilter& filter, std::size_t count, double* out) {
    across(rows, filter.data(), radius_of(filter), count, out);
}

void filter_across(const double* const* rows, const HalfFilter& filter, std::size_t count, double* out) {
    across(rows, filter.data(), radius_of(filter), count, out);
}

void filter_along(const double* row, const HalfFilter& filter, std::size_t step, std::size_t count, double* out) {
    along(row, filter.data(), radius_of(filter), step, count, out);
}

}  // namespace simcore
