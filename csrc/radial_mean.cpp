#include "radial_mean.hpp"

#include "dispatch.hpp"

namespace simcore {
namespace {

constexpr std::int64_t kSides = kMeanBefore;  // neighbours on each side that a difference takes

// to[i] = r^2 times the Laplacian of f(r) cos(order psi), divided by i^2, so in units of the step; of from[i] there are
// kSides values before r = 0.
template <class T>
SIMCORE_INLINE void laplacian(int order, std::int64_t count, const T* from, T* to) {
    const T fourth = T(1) / T(12), turns = static_cast<T>(order * order);
    const T* f = from;
    // At the centre only functions of order 0 have any: twice the second derivative.
    to[0] = order == 0 ? fourth * (T(4) * (T(16) * f[1] - f[2]) - T(60) * f[0]) : T(0);
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 1; i < count; ++i) {
        const T inverse = T(1) / static_cast<T>(static_cast<std::int32_t>(i));
        const T second = T(16) * (f[i + 1] + f[i - 1]) - (f[i + 2] + f[i - 2]) - T(30) * f[i];
        const T first = T(8) * (f[i + 1] - f[i - 1]) - (f[i + 2] - f[i - 2]);
        to[i] = fourth * (second + inverse * first) - (turns * inverse * inverse) * f[i];
    }
}

template <class T>
SIMCORE_INLINE void mirror(int order, std::int64_t count, T* centre) {
    for (std::int64_t i = 1; i <= count; ++i) centre[-i] = order % 2 == 0 ? centre[i] : -centre[i];
}

template <class T>
SIMCORE_INLINE void mean_body(int order, double step, std::int64_t before, std::int64_t count, T* values, T* scratch) {
    const std::int64_t points = count - before - kMeanMargin;  // that change
    T *f = values + before, *once = scratch + kSides, *twice = once + points + 2 * kSides;
    mirror(order, before, f);
    laplacian(order, points + kSides, f, once);
    mirror(order, kSides, once);
    laplacian(order, points, once, twice);
    const double square = 1.0 / (step * step);
    const T first = static_cast<T>(square / 24.0), second = static_cast<T>(7.0 * square * square / 11520.0);
    for (std::int64_t i = 0; i < points; ++i) f[i] += first * once[i] + second * twice[i];
    mirror(order, before, f);
}

#define PARAMETERS(T) (int order, double step, std::int64_t before, std::int64_t count, T* values, T* scratch)
SIMCORE_DISPATCH(mean_float, mean_body<float>, PARAMETERS(float), (order, step, before, count, values, scratch))
SIMCORE_DISPATCH(mean_double, mean_body<double>, PARAMETERS(double), (order, step, before, count, values, scratch))
#undef PARAMETERS

}  // namespace

void mean_radial(int order, double step, std::int64_t before, std::int64_t count, float* values,
                 std::vector<float>& scratch) {
    scratch.resize(static_cast<std::size_t>(2 * count + 4 * kSides));
    mean_float(order, step, before, count, values, scratch.data());
}

void mean_radial(int order, double step, std::int64_t before, std::int64_t count, double* values,
                 std::vector<double>& scratch) {
    scratch.resize(static_cast<std::size_t>(2 * count + 4 * kSides));
    mean_double(order, step, before, count, values, scratch.data());
}

}  // namespace simcore
