// Parts that the kernels of homogeneous and of layered spheres share: arguments of Riccati-Bessel functions without
// rounding, where their downward recurrence starts, and the last division.
#pragma once

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdint>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {

template <int bytes>
using Double8 = Pack<double, kLanes, bytes>;

// Cube root of a positive normal number, to a few parts in 1e4 and better, from operations that round the same on every
// machine.
SIMCORE_INLINE double cube_root(double value) {
    constexpr double start[5] = {0.5, 0.63, 0.79, 1.0, 1.26};  // near 2^((remainder - 0.5) / 3), remainder -2 .. 2
    const int exponent =
        static_cast<int>(elementary::bits_of(value) >> 52) - 1022;  // value = m 2^exponent, 0.5 <= m < 1
    double root =
        start[exponent % 3 + 2] * elementary::double_of(static_cast<std::uint64_t>(exponent / 3 + 1023) << 52);
    for (int i = 0; i < 3; ++i) root = (2.0 * root + value / (root * root)) * (1.0 / 3.0);
    return root;
}

// a b + c d, where the rounding of the products is not lost but returned: the sum of both is what it should be.
SIMCORE_INLINE double residual(double a, double b, double c, double d) {
    const double ab = a * b, cd = c * d;
    return (std::fma(a, b, -ab) + std::fma(c, d, -cd));
}

// z = m x and its inverse. (z + lost) inverse - 1 = excess to second order: recurrences run at 1 / inverse, not at z.
struct Argument {
    double re, im, lost_re, lost_im;
    double inverse_re, inverse_im, excess_re, excess_im;
    double modulus;

    SIMCORE_INLINE Argument(double x, std::complex<double> m) {
        const double mr = m.real(), mi = m.imag();
        const double zr = mr * x, zi = mi * x;
        const double size = zr * zr + zi * zi;
        const double ir = zr / size, ii = -zi / size;
        const double er = std::fma(mr, x, -zr), ei = std::fma(mi, x, -zi);
        const double head = zr * ir - zi * ii - 1.0;
        const double tail = std::fma(zr, ir, -(zr * ir)) - std::fma(zi, ii, -(zi * ii));
        const double cross = (zr * ii + zi * ir) + residual(zr, ii, zi, ir);
        // (zr ir - zi ii) is rounded once more in the subtraction: recover that too (two-sum).
        const double p = zr * ir, q = -(zi * ii), sum = p + q;
        const double rest = (p - (sum - (sum - p))) + (q - (sum - p));
        re = zr, im = zi, lost_re = er, lost_im = ei;
        inverse_re = ir, inverse_im = ii;
        excess_re = head + (rest + tail) + (er * ir - ei * ii);
        excess_im = cross + (er * ii + ei * ir);
        modulus = std::sqrt(size);
    }

    // Order from which psi_n / psi_{n-1} can be run down to `terms` from any start.
    SIMCORE_INLINE double start(std::int64_t terms) const {
        return std::ceil(std::max(static_cast<double>(terms), modulus) + 8.0 * cube_root(modulus) + 20.0);
    }
};

// a = P / (P - i Q), written so that nothing cancels in the real part where P and Q are real.
template <class Lanes>
SIMCORE_INLINE void quotient(const Lanes& pr, const Lanes& pi, const Lanes& qr, const Lanes& qi, double* to,
                             std::int64_t stride = kLanes) {
    const Lanes cr = pr + qi, ci = pi - qr;
    const Lanes inverse = 1.0 / (cr * cr + ci * ci);
    ((pr * cr + pi * ci) * inverse).store(to);
    ((pi * cr - pr * ci) * inverse).store(to + stride);
}

}  // namespace simcore
