// Symmetric separable filters, one row at a time; sums in double, in the order of the weights.
#pragma once

#include <cstddef>
#include <vector>

namespace simcore {

// Half of a symmetric filter: weight[0] of the middle, weight[k] of both neighbours at distance k.
using HalfFilter = std::vector<double>;

inline std::ptrdiff_t radius_of(const HalfFilter& filter) { return static_cast<std::ptrdiff_t>(filter.size()) - 1; }

// exp(-k^2 / (2 sigma^2)) up to 5.5 sigma (what is left out weighs 4e-8), of sum 1 if `power` is 1, of sum of squares 1
// if it is 2. sigma 0: the identity.
HalfFilter gaussian_filter(double sigma, int power);

// Index of the value that stands at `i` when 0 .. count - 1 is continued by reflection about its edges
// (c b a | a b c | c b a).
inline std::ptrdiff_t reflected(std::ptrdiff_t i, std::ptrdiff_t count) {
    const std::ptrdiff_t period = 2 * count, rest = (i % period + period) % period;
    return rest < count ? rest : period - 1 - rest;
}

// out[i] = sum over k of weight[|k|] rows[k + radius][i]; 2 radius + 1 rows.
void filter_across(const float* const* rows, const HalfFilter& filter, std::size_t count, double* out);
void filter_across(const double* const* rows, const HalfFilter& filter, std::size_t count, double* out);

// out[i] = sum over k of weight[|k|] row[i + k step]: `row` has radius * step values before and after.
void filter_along(const double* row, const HalfFilter& filter, std::size_t step, std::size_t count, double* out);

}  // namespace simcore
