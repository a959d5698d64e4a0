#include "scattering.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kTaps = 10;  // of the interpolation between angles

// sums: four rows of terms, the weighted a + b and a - b, real and imaginary.
template <int bytes>
SIMCORE_INLINE void series_body(const Directions& d, std::int64_t terms, const double* sums, double* to) {
    using Lanes = Pack<double, kLanes, bytes>;
    const std::int64_t count = d.count;
    for (std::int64_t j = 0; j < count; j += kLanes) {
        Lanes ar, ai, br, bi;
        const double *sum = d.sum.data() + j, *difference = d.difference.data() + j;
        for (std::int64_t n = 0; n < terms; ++n) {
            const Lanes u(sum + n * count), v(difference + n * count);
            ar += scaled(sums[n], u);
            ai += scaled(sums[terms + n], u);
            br += scaled(sums[2 * terms + n], v);
            bi += scaled(sums[3 * terms + n], v);
        }
        ar.store(to + j);
        ai.store(to + count + j);
        br.store(to + 2 * count + j);
        bi.store(to + 3 * count + j);
    }
}

SIMCORE_DISPATCH_LANES(series, series_body, (const Directions& d, std::int64_t terms, const double* sums, double* to),
                       (d, terms, sums, to))

SIMCORE_INLINE void turn_body(const Directions& d, const Phase& phase, double* to) {
    const std::int64_t count = d.count;
    for (std::int64_t j = 0; j < count; ++j) {
        const elementary::SinCos turn =
            elementary::sincos((phase.wavenumber * d.path[j] - phase.depth * d.one_minus_cos[j]) + phase.constant);
        const double wr = d.weight[j] * turn.cos, wi = d.weight[j] * turn.sin;
        const double ar = to[j], ai = to[count + j], br = to[2 * count + j], bi = to[3 * count + j];
        to[j] = ar * wr - ai * wi;
        to[count + j] = ar * wi + ai * wr;
        to[2 * count + j] = br * wr - bi * wi;
        to[3 * count + j] = br * wi + bi * wr;
    }
}

SIMCORE_DISPATCH(turn, turn_body, (const Directions& d, const Phase& phase, double* to), (d, phase, to))

void multipoles(const Directions& directions, const Source& source, bool backward, SourceScratch& scratch, double* to) {
    const std::int64_t terms = source.terms;
    scratch.sums.resize(static_cast<std::size_t>(4 * terms));
    double* sums = scratch.sums.data();
    for (std::int64_t n = 0; n < terms; ++n) {
        const double order = static_cast<double>(n + 1);
        const double weight = (2.0 * order + 1.0) / (order * (order + 1.0));
        const double side_a = backward && n % 2 != 0 ? -weight : weight, side_b = backward ? -side_a : weight;
        sums[n] = side_a * source.a[n].real() + side_b * source.b[n].real();
        sums[terms + n] = side_a * source.a[n].imag() + side_b * source.b[n].imag();
        sums[2 * terms + n] = side_a * source.a[n].real() - side_b * source.b[n].real();
        sums[3 * terms + n] = side_a * source.a[n].imag() - side_b * source.b[n].imag();
    }
    series(directions, terms, sums, to);
}

// The angle t of a direction, from sin(t / 2) by the series of the arc sine and two steps of Newton's method.
double angle_of(double one_minus_cos) {
    const double u = std::sqrt(0.5 * one_minus_cos), square = u * u, target = std::sqrt(1.0 - square);
    double half = u * (1.0 + square * (1.0 / 6.0 + square * (0.075 + square * (5.0 / 112.0))));
    for (int step = 0; step < 2; ++step) {
        const elementary::SinCos at = elementary::sincos(half);
        const double miss = u * at.cos - target * at.sin;
        half += miss * (1.0 + miss * miss / 6.0);
    }
    return 2.0 * half;
}

// Lagrange's weights for a point `fraction` beyond the middle tap.
void lagrange(double fraction, double* weight) {
    for (int k = 0; k < kTaps; ++k) {
        double product = 1.0;
        for (int j = 0; j < kTaps; ++j)
            if (j != k) product *= (fraction - (j - (kTaps / 2 - 1))) / (k - j);
        weight[k] = product;
    }
}

// Amplitudes are even functions of the angle about 0 and about pi.
void table(const Directions& directions, const Source& source, bool backward, double* to) {
    const std::int64_t count = directions.count, last = source.angles - 1;
    for (std::int64_t j = 0; j < count; ++j) {
        const double angle = angle_of(directions.one_minus_cos[j]);
        const double at = (backward ? kPi - angle : angle) * (static_cast<double>(last) / kPi);
        const std::int64_t base = std::min(static_cast<std::int64_t>(at), last - 1);
        double weight[kTaps];
        lagrange(at - static_cast<double>(base), weight);
        std::complex<double> s1 = 0.0, s2 = 0.0;
        for (int k = 0; k < kTaps; ++k) {
            std::int64_t i = std::abs(base + k - (kTaps / 2 - 1));
            i = i > last ? 2 * last - i : i;
            s1 += weight[k] * source.s1[i];
            s2 += weight[k] * source.s2[i];
        }
        if (backward) s2 = -s2;
        to[j] = (s1 + s2).real();
        to[count + j] = (s1 + s2).imag();
        to[2 * count + j] = (s1 - s2).real();
        to[3 * count + j] = (s1 - s2).imag();
    }
}

}  // namespace

void integrand(const Directions& directions, const Source& source, bool backward, const Phase& phase,
               SourceScratch& scratch, double* to) {
    if (source.angles > 0) {
        table(directions, source, backward, to);
    } else {
        multipoles(directions, source, backward, scratch, to);
    }
    turn(directions, phase, to);
}

}  // namespace simcore
