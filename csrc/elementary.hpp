// Elementary functions whose bytes do not depend on the machine: no libm, no fma, no table, only IEEE operations in a
// fixed order, so that every instruction level, compiler and platform gives the same result. Branch-free: a plain loop
// over an array vectorises. Errors measured against mpmath: below 1 ulp (tests/test_kernel_elementary.py).
//
// The polynomials interpolate at Chebyshev nodes, computed with mpmath at 60 digits.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>

#include "dispatch.hpp"

namespace simcore::elementary {

SIMCORE_INLINE std::uint64_t bits_of(double value) {
    std::uint64_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

SIMCORE_INLINE double double_of(std::uint64_t bits) {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// Adding 1.5 * 2^52 rounds to the nearest integer and leaves it, in two's complement, in the low bits.
constexpr double round_shift = 6755399441055744.0;

struct SinCos {
    double sin, cos;
};

// Sine and cosine of high + low + quadrant pi/2, |high| <= pi/4, low beneath its last digit.
SIMCORE_INLINE SinCos sincos_near(double high, double low, std::uint64_t quadrant) {
    const double z = high * high;
    double p = -0x1.ab17a79237a19p-41;
    p = 0x1.61217ec01749dp-33 + z * p;
    p = -0x1.ae64541266378p-26 + z * p;
    p = 0x1.71de3a54605eep-19 + z * p;
    p = -0x1.a01a01a019936p-13 + z * p;
    p = 0x1.1111111111110p-7 + z * p;
    p = -0x1.5555555555555p-3 + z * p;
    const double sine = high + (high * z * p + low * (1.0 - 0.5 * z));

    double q = -0x1.907d7aebd5e3dp-37;
    q = 0x1.1eeb68b109173p-29 + z * q;
    q = -0x1.27e4fa17a41b4p-22 + z * q;
    q = 0x1.a01a019f4e867p-16 + z * q;
    q = -0x1.6c16c16c16966p-10 + z * q;
    q = 0x1.5555555555555p-5 + z * q;
    const double half = 0.5 * z;
    const double body = 1.0 - half;
    const double cosine = body + (((1.0 - body) - half) + (z * z * q - high * low));

    const bool odd = (quadrant & 1) != 0;
    const std::uint64_t sign = std::uint64_t{1} << 63;
    SinCos result;
    result.sin = double_of(bits_of(odd ? cosine : sine) ^ ((quadrant << 62) & sign));
    result.cos = double_of(bits_of(odd ? sine : cosine) ^ (((quadrant + 1) << 62) & sign));
    return result;
}

// Sine and cosine of x radians. |x| <= 1.6e6: below 1 ulp where the result exceeds 2^-45, absolute error below 2^-97
// beneath that. Above, the argument acts as if rounded by less than 1 ulp; |x| > 2^40, inf, nan: nan.
//
// Reduction by x - n pi/2 with pi/2 in three parts (Cody and Waite, Software Manual for the Elementary Functions,
// 1980), the first two of 33 bits, so that their products with n are exact; the reduced argument is kept as a sum high
// + low.
SIMCORE_INLINE SinCos sincos(double x) {
    const double inside = (x >= -0x1p40) & (x <= 0x1p40) ? x : std::numeric_limits<double>::quiet_NaN();
    const double shifted = inside * 0x1.45f306dc9c883p-1 + round_shift;
    const double n = shifted - round_shift;
    const std::uint64_t quadrant = bits_of(shifted);

    const double first = inside - n * 0x1.921fb544p+0;
    const double step = n * -0x1.0b4611a6p-34;
    const double coarse = first + step;
    const double taken = coarse - first;  // two-sum: first + step == coarse + lost, exactly
    const double lost = (first - (coarse - taken)) + (step - taken);
    const double rest = lost - n * 0x1.3198a2e037073p-69;
    const double high = coarse + rest;
    const double low = (coarse - high) + rest;

    SinCos result = sincos_near(high, low, quadrant);
    result.sin = x == 0.0 ? x : result.sin;  // keeps the sign of zero
    return result;
}

SIMCORE_INLINE double sin(double x) { return sincos(x).sin; }

SIMCORE_INLINE double cos(double x) { return sincos(x).cos; }

// 2^n for an integer n in [-1022, 1023], held in the low bits of n + round_shift.
SIMCORE_INLINE double power_of_two(double shifted) { return double_of((bits_of(shifted) + 1023) << 52); }

// e^x, below 1 ulp (subnormal results: 1 ulp more); overflow gives inf, underflow 0, nan nan.
SIMCORE_INLINE double exp(double x) {
    double bounded = x > 710.0 ? 710.0 : x;
    bounded = bounded < -746.0 ? -746.0 : bounded;
    const double n = (bounded * 0x1.71547652b82fep+0 + round_shift) - round_shift;
    const double high = bounded - n * 0x1.62e42fefa2p-1;  // 40 bits: the product is exact
    const double low = n * 0x1.9ef35793c7673p-41;
    const double r = high - low;

    double p = 2.091475533485177e-09;
    p = 2.510531272977942e-08 + r * p;
    p = 2.7557273478694357e-07 + r * p;
    p = 2.7557255170000507e-06 + r * p;
    p = 2.4801587325677484e-05 + r * p;
    p = 0.0001984126987500228 + r * p;
    p = 0.0013888888888883711 + r * p;
    p = 0.008333333333326084 + r * p;
    p = 0.04166666666666667 + r * p;
    p = 0.1666666666666667 + r * p;
    p = 0.5 + r * p;
    const double value = 1.0 + (high + (r * r * p - low));

    // In two factors, so that neither leaves the range of exponents before the product does.
    const double first_shifted = 0.5 * n + round_shift;
    const double second_shifted = (n - (first_shifted - round_shift)) + round_shift;
    return value * power_of_two(first_shifted) * power_of_two(second_shifted);
}

// Natural logarithm, below 1 ulp; log(0) = -inf, log(inf) = inf, negative and nan: nan.
SIMCORE_INLINE double log(double x) {
    const bool subnormal = x < 0x1p-1022;
    const std::uint64_t offset = 0x3ff0000000000000u - 0x3fe6a09e667f3bcdu;  // 1 - sqrt(1/2)
    const std::uint64_t bits = bits_of(subnormal ? x * 0x1p54 : x) + offset;
    const double biased = double_of((bits >> 52) | 0x4330000000000000u) - 0x1p52;
    const double k = biased - (subnormal ? 1077.0 : 1023.0);
    const double mantissa = double_of((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);  // [sqrt(1/2), sqrt(2))

    // log(1 + f) = 2 artanh(s), s = f / (2 + f); 2 s = f - f^2/2 + s f^2/2 exactly.
    const double f = mantissa - 1.0;
    const double s = f / (2.0 + f);
    const double w = s * s;
    double p = 0.13086767009948175;
    p = 0.13268759668560612 + w * p;
    p = 0.15386240205813478 + w * p;
    p = 0.18181795630884753 + w * p;
    p = 0.2222222239180047 + w * p;
    p = 0.2857142857080323 + w * p;
    p = 0.4000000000000088 + w * p;
    p = 0.6666666666666666 + w * p;
    const double square = 0.5 * f * f;
    const double tail = s * (square + w * p) + k * 0x1.9ef35793c7673p-41;
    double result = k * 0x1.62e42fefa2p-1 - ((square - tail) - f);

    const double infinity = std::numeric_limits<double>::infinity();
    result = x < infinity ? result : x;  // inf and nan stay
    result = x > 0.0 ? result : (x == 0.0 ? -infinity : std::numeric_limits<double>::quiet_NaN());
    return result;
}

}  // namespace simcore::elementary
