// The mean over the square pixel around a point, of a function f(r) cos(order psi) known by its radial functions: a
// filter of them, for at frequencies k (radians a pixel)
//   sinc(kx / 2) sinc(ky / 2) = 1 - k^2 / 24 + 7 k^4 / 11520 - k^4 cos(4 phi) / 11520 + ...
// has the same value all around but for the last term, which is left out. k^2 is minus the Laplacian, by differences of
// fourth order.
#pragma once

#include <cstdint>
#include <vector>

namespace simcore {

constexpr std::int64_t kMeanMargin = 4;  // values at the end that stay what they were
constexpr std::int64_t kMeanBefore = 2;  // values before r = 0, at least

// Whether what is left out lies within the tolerance. `frequency`: highest one present, radians a pixel; `share`: of
// the image at its brightest that is of such frequencies, weighted with their fourth power.
inline bool mean_is_round(double frequency, double share, double tolerance) {
    const double square = frequency * frequency;
    return share * square * square / 11520.0 <= tolerance;
}

// `values` at r = (i - before) step, i = 0 .. count - 1 (step in pixels), become those of the mean; the ones before r =
// 0 follow by parity.
void mean_radial(int order, double step, std::int64_t before, std::int64_t count, float* values,
                 std::vector<float>& scratch);
void mean_radial(int order, double step, std::int64_t before, std::int64_t count, double* values,
                 std::vector<double>& scratch);

}  // namespace simcore
