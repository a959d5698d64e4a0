#include "radial_intensity.hpp"

#include "dispatch.hpp"

namespace simcore {
namespace {

template <class T>
SIMCORE_INLINE void half_body(std::int64_t count, const T* quads, T* to) {
    const T near = T(150) / T(256), middle = T(-25) / T(256), far = T(3) / T(256);
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < 4 * (count - 5); ++i) {
        const T* at = quads + i;
        to[i] = (near * (at[8] + at[12]) + middle * (at[4] + at[16])) + far * (at[0] + at[20]);
    }
}

template <class T>
SIMCORE_INLINE void intensity_body(const IntensityOf& of, std::int64_t count, const T* quads, std::int64_t apart,
                                   T* to) {
    const T whole = static_cast<T>(of.weight * of.whole), turned = static_cast<T>(of.weight * of.turned);
    const T once = static_cast<T>(of.weight), twice = static_cast<T>(2.0 * of.weight);
    const T r_re = static_cast<T>(of.reference_re), r_im = static_cast<T>(of.reference_im);
    T *f = to, *g = to + apart;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T *at = quads + 4 * i, re = r_re - at[0], im = r_im - at[1];
        f[i] += whole * (re * re + im * im) + turned * (at[2] * at[2] + at[3] * at[3]);
        g[i] += twice * (re * at[2] + im * at[3]);
    }
    if (of.functions == 2) return;
    T *k = to + 2 * apart, *h = to + 3 * apart;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T *at = quads + 4 * i, re = r_re - at[0], im = r_im - at[1];
        k[i] -= twice * (re * at[3] - im * at[2]);
        h[i] += once * (at[2] * at[2] + at[3] * at[3]);
    }
}

#define SIMCORE_INTENSITY(T)                                                                                      \
    SIMCORE_DISPATCH(half_dispatched, half_body, (std::int64_t count, const T* quads, T* to), (count, quads, to)) \
    SIMCORE_DISPATCH(intensity_dispatched, intensity_body,                                                        \
                     (const IntensityOf& of, std::int64_t count, const T* quads, std::int64_t apart, T* to),      \
                     (of, count, quads, apart, to))

SIMCORE_INTENSITY(float)
SIMCORE_INTENSITY(double)

}  // namespace

void half_points(std::int64_t count, const float* quads, float* to) { half_dispatched(count, quads, to); }

void half_points(std::int64_t count, const double* quads, double* to) { half_dispatched(count, quads, to); }

void add_intensity(const IntensityOf& of, std::int64_t count, const float* quads, std::int64_t apart, float* to) {
    intensity_dispatched(of, count, quads, apart, to);
}

void add_intensity(const IntensityOf& of, std::int64_t count, const double* quads, std::int64_t apart, double* to) {
    intensity_dispatched(of, count, quads, apart, to);
}

}  // namespace simcore
