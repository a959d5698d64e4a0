#include "multislice.hpp"

#include <cmath>
#include <cstdint>

#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kTurn = 0x1.921fb54442d18p+2;  // 2 pi

double frequency(std::size_t index, std::size_t count, double pixel_size) {
    const auto i = static_cast<std::int64_t>(index), n = static_cast<std::int64_t>(count);
    const std::int64_t signed_index = i < (n + 1) / 2 ? i : i - n;
    return kTurn * static_cast<double>(signed_index) / (static_cast<double>(n) * pixel_size);
}

double incident_kz(const PlaneWaves& waves) {
    const double square = 1.0 - waves.tilt_x * waves.tilt_x - waves.tilt_y * waves.tilt_y;
    return waves.wavenumber * std::sqrt(square);
}

// Visits each plane wave with the square of its k_perp and its k_z (0: evanescent).
template <class Visit>
void each_wave(const PlaneWaves& waves, Visit visit) {
    const double k = waves.wavenumber;
    for (std::size_t row = 0; row < waves.height; ++row) {
        const double ky = frequency(row, waves.height, waves.pixel_size) + k * waves.tilt_y;
        for (std::size_t column = 0; column < waves.width; ++column) {
            const double kx = frequency(column, waves.width, waves.pixel_size) + k * waves.tilt_x;
            const double across = kx * kx + ky * ky, square = k * k - across;
            visit(row * waves.width + column, across, square > 0.0 ? std::sqrt(square) : 0.0);
        }
    }
}

template <class T>
void phases(const PlaneWaves& waves, double distance, bool oblique, std::complex<T>* factor) {
    const double incident = incident_kz(waves), least = waves.least_cosine * waves.wavenumber;
    each_wave(waves, [&](std::size_t i, double, double kz) {
        if (!(kz > 0.0 && kz >= least)) {
            factor[i] = 0;
            return;
        }
        const auto turn = elementary::sincos((kz - incident) * distance);
        const double weight = oblique ? incident / kz : 1.0;
        factor[i] = {static_cast<T>(weight * turn.cos), static_cast<T>(weight * turn.sin)};
    });
}

// Sums and differences that alternate from one number to the next are, with GCC 12, made into one instruction that
// multiplies and adds without rounding in between (vfmaddsub), -ffp-contract=off or not: so in two loops, not in one.
constexpr std::size_t kChunk = 32;

template <class T>
SIMCORE_INLINE void split(const T* from, std::size_t count, T* real, T* imaginary) {
    for (std::size_t i = 0; i < count; ++i) {
        real[i] = from[2 * i];
        imaginary[i] = from[2 * i + 1];
    }
}

template <class T>
SIMCORE_INLINE void slice_body(std::size_t count, double vacuum, double medium, double across, double incident,
                               double thickness, const float* contrast, const double* window, T* field) {
    float index[kChunk] = {}, absorption[kChunk] = {};
    T x[kChunk] = {}, y[kChunk] = {};
    double change_real[kChunk], change_imaginary[kChunk], lost[kChunk] = {}, real[kChunk], imaginary[kChunk];
    for (std::size_t start = 0; start < count; start += kChunk) {
        const std::size_t length = count - start < kChunk ? count - start : kChunk;
        split(contrast + 2 * start, length, index, absorption);
        split(field + 2 * start, length, x, y);
        for (std::size_t i = 0; i < length; ++i) lost[i] = window[start + i] - 1.0;
        for (std::size_t i = 0; i < kChunk; ++i) {
            const double n = medium + static_cast<double>(index[i]), kappa = static_cast<double>(absorption[i]);
            // k_z in the slice: the root of k0^2 n^2 - k_perp^2 with a real part > 0
            const double squared = vacuum * vacuum * (n * n - kappa * kappa) - across;
            const double crossed = vacuum * vacuum * (2.0 * n * kappa);
            const double magnitude = std::sqrt(squared * squared + crossed * crossed);
            const double a = std::sqrt(0.5 * (magnitude + squared) + 1e-300), b = crossed / (2.0 * a);
            const auto turn = elementary::sincos(thickness * (a - incident));
            const double kept = elementary::exp(-thickness * b);
            change_real[i] = kept * turn.cos - 1.0;
            change_imaginary[i] = kept * turn.sin;
        }
        for (std::size_t i = 0; i < kChunk; ++i)
            real[i] = (change_real[i] * static_cast<double>(x[i]) - change_imaginary[i] * static_cast<double>(y[i])) +
                      lost[i] * (static_cast<double>(x[i]) - 1.0);
        for (std::size_t i = 0; i < kChunk; ++i)
            imaginary[i] =
                (change_real[i] * static_cast<double>(y[i]) + change_imaginary[i] * static_cast<double>(x[i])) +
                lost[i] * static_cast<double>(y[i]);
        for (std::size_t i = 0; i < length; ++i) {
            field[2 * (start + i)] = static_cast<T>(real[i]);
            field[2 * (start + i) + 1] = static_cast<T>(imaginary[i]);
        }
    }
}

template <class T>
SIMCORE_INLINE void advance_body(std::size_t count, const T* straight, const T* oblique, const T* added, T* spectrum) {
    T a[kChunk] = {}, b[kChunk] = {}, c[kChunk] = {}, d[kChunk] = {};
    T e[kChunk] = {}, f[kChunk] = {}, g[kChunk] = {}, h[kChunk] = {};
    T real[kChunk], imaginary[kChunk];
    for (std::size_t start = 0; start < count; start += kChunk) {
        const std::size_t length = count - start < kChunk ? count - start : kChunk;
        split(spectrum + 2 * start, length, a, b);
        split(straight + 2 * start, length, c, d);
        split(added + 2 * start, length, e, f);
        split(oblique + 2 * start, length, g, h);
        for (std::size_t i = 0; i < kChunk; ++i) real[i] = (a[i] * c[i] - b[i] * d[i]) + (e[i] * g[i] - f[i] * h[i]);
        for (std::size_t i = 0; i < kChunk; ++i)
            imaginary[i] = (a[i] * d[i] + b[i] * c[i]) + (e[i] * h[i] + f[i] * g[i]);
        for (std::size_t i = 0; i < length; ++i) {
            spectrum[2 * (start + i)] = real[i];
            spectrum[2 * (start + i) + 1] = imaginary[i];
        }
    }
}

#define SLICE(T)                                                                                        \
    (std::size_t count, double vacuum, double medium, double across, double incident, double thickness, \
     const float* contrast, const double* window, T* field)
#define SLICE_ARGUMENTS (count, vacuum, medium, across, incident, thickness, contrast, window, field)
SIMCORE_DISPATCH(add_slice, slice_body, SLICE(float), SLICE_ARGUMENTS)
SIMCORE_DISPATCH(add_slice, slice_body, SLICE(double), SLICE_ARGUMENTS)
#undef SLICE
#undef SLICE_ARGUMENTS
#define ADVANCE(T) (std::size_t count, const T* straight, const T* oblique, const T* added, T* spectrum)
SIMCORE_DISPATCH(advance_pairs, advance_body, ADVANCE(float), (count, straight, oblique, added, spectrum))
SIMCORE_DISPATCH(advance_pairs, advance_body, ADVANCE(double), (count, straight, oblique, added, spectrum))
#undef ADVANCE

// The standard lets an array of complex numbers be read as pairs.
template <class T>
T* pairs(std::complex<T>* values) {
    return reinterpret_cast<T*>(values);
}

template <class T>
const T* pairs(const std::complex<T>* values) {
    return reinterpret_cast<const T*>(values);
}

}  // namespace

template <class T>
void plane_wave_phases(const PlaneWaves& waves, double distance, std::complex<T>* factor) {
    phases(waves, distance, false, factor);
}

template <class T>
void obliquity_phases(const PlaneWaves& waves, double distance, std::complex<T>* factor) {
    phases(waves, distance, true, factor);
}

template <class T>
void aplanatic_pupil(const PlaneWaves& waves, double aperture, std::complex<T>* factor) {
    const double incident = incident_kz(waves);
    const double height = static_cast<double>(waves.height), width = static_cast<double>(waves.width);
    const double step = kTurn / (std::sqrt(height * width) * waves.pixel_size);
    each_wave(waves, [&](std::size_t i, double across, double kz) {
        double inside = 0.5 + (aperture - std::sqrt(across)) / step;
        inside = inside < 0.0 ? 0.0 : (inside > 1.0 ? 1.0 : inside);
        factor[i] = static_cast<T>(kz > 0.0 ? inside * std::sqrt(kz / incident) : 0.0);
    });
}

template <class T>
void thin_slice(const PlaneWaves& waves, double vacuum, double medium, double thickness,
                const std::complex<float>* contrast, const double* window, std::complex<T>* field) {
    const double k = waves.wavenumber;
    const double across = k * k * (waves.tilt_x * waves.tilt_x + waves.tilt_y * waves.tilt_y);
    add_slice(waves.height * waves.width, vacuum, medium, across, incident_kz(waves), thickness, pairs(contrast),
              window, pairs(field));
}

template <class T>
void advance(std::size_t count, const std::complex<T>* straight, const std::complex<T>* oblique,
             const std::complex<T>* added, std::complex<T>* spectrum) {
    advance_pairs(count, pairs(straight), pairs(oblique), pairs(added), pairs(spectrum));
}

#define INSTANCE(T)                                                                                                \
    template void plane_wave_phases(const PlaneWaves&, double, std::complex<T>*);                                  \
    template void obliquity_phases(const PlaneWaves&, double, std::complex<T>*);                                   \
    template void aplanatic_pupil(const PlaneWaves&, double, std::complex<T>*);                                    \
    template void thin_slice(const PlaneWaves&, double, double, double, const std::complex<float>*, const double*, \
                             std::complex<T>*);                                                                    \
    template void advance(std::size_t, const std::complex<T>*, const std::complex<T>*, const std::complex<T>*,     \
                          std::complex<T>*);
INSTANCE(float)
INSTANCE(double)
#undef INSTANCE

}  // namespace simcore
