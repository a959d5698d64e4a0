#include "pupil.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "lanes.hpp"
#include "turns.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846, kTwoPi = 2.0 * kPi;
constexpr int kRimSteps = 512;  // of a table, for each step of the grid

// Shape of the Kaiser window for each half width.
double sharpness(int rim) { return rim <= 2 ? 3.0 : rim == 3 ? 4.0 : rim <= 5 ? 5.0 : rim <= 6 ? 6.0 : 11.0; }

// Modified Bessel function of order 0, by its series.
double bessel_i0(double x) {
    double term = 1.0, sum = 1.0;
    for (int k = 1; k < 60; ++k) {
        term *= x * x / (4.0 * k * k);
        sum += term;
    }
    return sum;
}

double kernel(double t, int rim, double beta) {
    const double inside = 1.0 - t * t / (rim * rim);
    const double sinc = t == 0.0 ? 1.0 : elementary::sin(kPi * t) / (kPi * t);
    return sinc * bessel_i0(beta * std::sqrt(std::max(inside, 0.0)));
}

// The integral of the kernel by Simpson's rule, from 0 to 1.
std::vector<double> make_table(int rim) {
    const int count = 2 * rim * kRimSteps;
    const double beta = sharpness(rim), step = 1.0 / kRimSteps;
    std::vector<double> table(count + 2, 0.0);
    for (int i = 0; i < count; ++i) {
        const double t = i * step - rim;
        const double middle = kernel(t + 0.5 * step, rim, beta);
        table[i + 1] = table[i] + kernel(t, rim, beta) + 4.0 * middle + kernel(t + step, rim, beta);
    }
    const double total = table[count];
    for (double& value : table) value /= total;
    table[count + 1] = 1.0;
    return table;
}

// Part of the light that passes at `distance` steps inside the edge: tables of 2 rim kRimSteps + 2 values from -rim.
template <class T>
struct RimTables {
    std::vector<T> table[kWidestRim + 1];
    RimTables() {
        for (int rim = kNarrowestRim; rim <= kWidestRim; ++rim) {
            const std::vector<double> made = make_table(rim);
            table[rim].assign(made.begin(), made.end());
        }
    }
};

template <class T>
const T* rim_table(int rim) {
    static const RimTables<T> tables;
    return tables.table[rim].data();
}

// From the wavefront to the coefficients of its polynomial in rho_x at one rho_y.
void collapse(const PupilFunction& pupil, double rho_y, double* to) {
    for (std::int64_t i = 0; i < pupil.order; ++i) {
        double sum = 0.0;
        for (std::int64_t j = pupil.order - 1; j >= 0; --j) sum = sum * rho_y + pupil.wavefront[i * pupil.order + j];
        to[i] = sum;
    }
}

double wavefront_at(const PupilFunction& pupil, double rho_x, double rho_y) {
    double total = 0.0;
    for (std::int64_t i = pupil.order - 1; i >= 0; --i) {
        double sum = 0.0;
        for (std::int64_t j = pupil.order - 1; j >= 0; --j) sum = sum * rho_y + pupil.wavefront[i * pupil.order + j];
        total = total * rho_x + sum;
    }
    return total;
}

// Path through medium and immersion at the squared sine of the angle.
SIMCORE_INLINE double layers_path(double n, double immersion, double depth, double square) {
    const double ratio = n / immersion, inside = 1.0 - ratio * ratio * square, here = 1.0 - square;
    const double in_medium = std::sqrt(here > 0.0 ? here : 0.0) - 1.0;
    const double in_immersion = std::sqrt(inside > 0.0 ? inside : 0.0) - 1.0;
    return depth * (n * in_medium - immersion / ratio * in_immersion);
}

double path_at(const PupilFunction& pupil, const Lens& lens, double rho_x, double rho_y) {
    if (pupil.focus_depth == 0.0) return wavefront_at(pupil, rho_x, rho_y);
    const double square = (rho_x * rho_x + rho_y * rho_y) / (lens.per_cosine * lens.per_cosine);
    const double layers = layers_path(lens.medium_index, pupil.immersion_index, pupil.focus_depth, square);
    return wavefront_at(pupil, rho_x, rho_y) + layers;
}

// Bilinear.
std::complex<double> transmission_at(const PupilFunction& pupil, double rho_x, double rho_y) {
    const double last = static_cast<double>(pupil.side - 1);
    const double u = std::min(std::max(0.5 * (rho_x + 1.0) * last, 0.0), last);
    const double v = std::min(std::max(0.5 * (rho_y + 1.0) * last, 0.0), last);
    const std::int64_t i = std::min(static_cast<std::int64_t>(u), pupil.side - 2);
    const std::int64_t j = std::min(static_cast<std::int64_t>(v), pupil.side - 2);
    const double fu = u - static_cast<double>(i), fv = v - static_cast<double>(j);
    const std::complex<double>*above = pupil.transmission + j * pupil.side + i, *below = above + pupil.side;
    return (1.0 - fv) * ((1.0 - fu) * above[0] + fu * above[1]) + fv * ((1.0 - fu) * below[0] + fu * below[1]);
}

constexpr std::int64_t kChunk = 128;  // points whose distances from an edge are in hand

// From distances inside an edge, in steps, to the part of the light that passes there. Most points lie off the edge.
template <class T>
SIMCORE_INLINE void covered(const T* table, int rim, std::int64_t count, T* part) {
    const T last = static_cast<T>(2 * rim * kRimSteps);
    for (std::int64_t i = 0; i < count; ++i) {
        T at = (part[i] + static_cast<T>(rim)) * static_cast<T>(kRimSteps);
        at = at < T(0) ? T(0) : at;
        part[i] = at > last ? last : at;
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const T at = part[i];
        if (at == T(0)) continue;
        if (at == last) {
            part[i] = T(1);
            continue;
        }
        std::int64_t base = static_cast<std::int32_t>(at);
        SIMCORE_ONE_BY_ONE(base);
        part[i] = table[base] + (at - static_cast<T>(base)) * (table[base + 1] - table[base]);
    }
}

// Amplitude with the smoothed edges into `to`. Distances from an edge come from squares, which keeps their digits.
template <class T>
SIMCORE_INLINE void amplitude_body(const PupilFunction& pupil, const Lens& lens, const PupilEdge& edge, const T* table,
                                   std::int64_t count, const double* square, T* to) {
    const double sine = lens.sine, stop = pupil.stop / lens.per_cosine;
    const T per_step = static_cast<T>(1.0 / edge.step), outer = static_cast<T>(sine), inner = static_cast<T>(stop);
    for (std::int64_t first = 0; first < count; first += kChunk) {
        const std::int64_t size = std::min(kChunk, count - first);
        const double* here = square + first;
        T* amplitude = to + first;
        SIMCORE_INDEPENDENT
        for (std::int64_t i = 0; i < size; ++i)
            amplitude[i] =
                static_cast<T>(sine * sine - here[i]) / (outer + std::sqrt(static_cast<T>(here[i]))) * per_step;
        covered(table, edge.rim, size, amplitude);
        if (!(stop > 0.0)) continue;
        T part[kChunk];
        SIMCORE_INDEPENDENT
        for (std::int64_t i = 0; i < size; ++i)
            part[i] = static_cast<T>(here[i] - stop * stop) / (inner + std::sqrt(static_cast<T>(here[i]))) * per_step;
        covered(table, edge.rim, size, part);
        for (std::int64_t i = 0; i < size; ++i) amplitude[i] *= part[i];
    }
    const double rate = pupil.apodization * lens.per_cosine * lens.per_cosine;
    if (rate == 0.0) return;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) to[i] *= static_cast<T>(elementary::exp(-rate * square[i]));
}

// The polynomial sum of coefficients[j] rho^j along the line, in whole vectors.
template <int bytes>
SIMCORE_INLINE void wave_body(std::int64_t order, const double* coefficients, std::int64_t count, double start,
                              double step, double* to) {
    using Values = Pack<double, kLanes, bytes>;
    constexpr double places[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7};
    const Values apart = step * Values(places);
    for (std::int64_t i = 0; i < count; i += kLanes) {
        const Values rho = apart + (start + static_cast<double>(i) * step);
        Values sum;
        for (std::int64_t j = order - 1; j >= 0; --j) sum = sum * rho + coefficients[j];
        sum.store(to + i);
    }
}

SIMCORE_DISPATCH_LANES(fill_wave, wave_body,
                       (std::int64_t order, const double* coefficients, std::int64_t count, double start, double step,
                        double* to),
                       (order, coefficients, count, start, step, to))

template <class T>
SIMCORE_INLINE void points_body(const PupilFunction& pupil, const Lens& lens, const PupilEdge& edge, const T* table,
                                std::complex<double> scale, std::int64_t count, const double* square, double* wave,
                                const T* factor, T* re, T* im) {
    const double per_wavelength = 1.0 / lens.wavelength;
    const T c = static_cast<T>(scale.real()), s = static_cast<T>(scale.imag());
    amplitude_body(pupil, lens, edge, table, count, square, re);
    if (pupil.focus_depth != 0.0) {
        const double n = lens.medium_index, immersion = pupil.immersion_index, depth = pupil.focus_depth;
        SIMCORE_INDEPENDENT
        for (std::int64_t i = 0; i < count; ++i) wave[i] += layers_path(n, immersion, depth, square[i]);
    }
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const turns::Phase<T> turn = turns::phase_of<T>(per_wavelength * wave[i]);
        const T amplitude = re[i] * factor[i];
        re[i] = amplitude * (c * turn.cos - s * turn.sin);
        im[i] = amplitude * (c * turn.sin + s * turn.cos);
    }
}

#define PARAMETERS(T)                                                                                                 \
    (const PupilFunction& pupil, const Lens& lens, const PupilEdge& edge, const T* table, std::complex<double> scale, \
     std::int64_t count, const double* square, double* wave, const T* factor, T* re, T* im)
#define ARGUMENTS (pupil, lens, edge, table, scale, count, square, wave, factor, re, im)
SIMCORE_DISPATCH(points_dispatched, points_body, PARAMETERS(float), ARGUMENTS)
SIMCORE_DISPATCH(points_dispatched, points_body, PARAMETERS(double), ARGUMENTS)
#undef PARAMETERS
#undef ARGUMENTS

}  // namespace

double flat_part(int rim) {
    constexpr double part[kWidestRim + 1] = {0.0, 0.0, 0.45, 0.62, 0.68, 0.74, 0.77, 0.78, 0.72};
    return part[rim];
}

std::complex<double> pupil_at(const PupilFunction& pupil, const Lens& lens, double sx, double sy) {
    const double square = sx * sx + sy * sy, rho_x = sx * lens.per_cosine, rho_y = sy * lens.per_cosine;
    const double edge = lens.sine * (1.0 + 1e-12), rho = std::sqrt(square) * lens.per_cosine;
    if (square > edge * edge || rho < pupil.stop) return 0.0;
    const double amplitude = elementary::exp(-pupil.apodization * rho * rho);
    const elementary::SinCos turn = elementary::sincos(kTwoPi / lens.wavelength * path_at(pupil, lens, rho_x, rho_y));
    const std::complex<double> value(amplitude * turn.cos, amplitude * turn.sin);
    return pupil.side > 0 ? value * transmission_at(pupil, rho_x, rho_y) : value;
}

double ray_shift(const PupilFunction& pupil, const Lens& lens) {
    if (pupil.order < 2 && pupil.focus_depth == 0.0) return 0.0;
    double most = 0.0;
    const double h = 1e-3, rim = lens.sine * lens.per_cosine - h;
    for (int i = 0; i < 16; ++i) {
        const elementary::SinCos turn = elementary::sincos(kTwoPi * i / 16.0);
        const double x = rim * turn.cos, y = rim * turn.sin;
        const double dx = path_at(pupil, lens, x + h, y) - path_at(pupil, lens, x - h, y);
        const double dy = path_at(pupil, lens, x, y + h) - path_at(pupil, lens, x, y - h);
        most = std::max(most, std::sqrt(dx * dx + dy * dy) / (2.0 * h));
    }
    return most / lens.numerical_aperture;  // d(2 pi W / wavelength) / dk
}

void wavefront_line(const PupilFunction& pupil, const Lens& lens, const PupilLine& line, double* to) {
    double coefficients[64];
    collapse(pupil, line.sy * lens.per_cosine, coefficients);
    fill_wave(pupil.order, coefficients, line.count, line.start * lens.per_cosine, line.step * lens.per_cosine, to);
}

template <class T>
void pupil_points(const PupilFunction& pupil, const Lens& lens, const PupilEdge& edge, std::complex<double> scale,
                  std::int64_t count, const double* square, double* wave, const T* factor, T* re, T* im) {
    points_dispatched(pupil, lens, edge, rim_table<T>(edge.rim), scale, count, square, wave, factor, re, im);
}

template <class T>
void transmission_line(const PupilFunction& pupil, const Lens& lens, const PupilLine& line, T* re, T* im) {
    for (std::int64_t i = 0; i < line.count; ++i) {
        const double sx = line.start + static_cast<double>(i) * line.step;
        const std::complex<double> t = transmission_at(pupil, sx * lens.per_cosine, line.sy * lens.per_cosine);
        const double a = static_cast<double>(re[i]), b = static_cast<double>(im[i]);
        re[i] = static_cast<T>(a * t.real() - b * t.imag());
        im[i] = static_cast<T>(a * t.imag() + b * t.real());
    }
}

#define SIMCORE_PUPIL(T)                                                                                  \
    template void pupil_points(const PupilFunction&, const Lens&, const PupilEdge&, std::complex<double>, \
                               std::int64_t, const double*, double*, const T*, T*, T*);                   \
    template void transmission_line(const PupilFunction&, const Lens&, const PupilLine&, T*, T*);
SIMCORE_PUPIL(float)
SIMCORE_PUPIL(double)
#undef SIMCORE_PUPIL

}  // namespace simcore
