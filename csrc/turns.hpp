// Cosine and sine of phases given in turns, logarithms of uniform numbers: in the precision that an image is made in.
//
// A phase is taken apart from its whole turns in double precision, however many there are; what is left fits in either.
// The polynomials interpolate at Chebyshev nodes, computed with mpmath at 50 digits; errors of the single ones: 1.5e-7
// (tests/test_kernel_elementary.py).
#pragma once

#include <cstdint>
#include <cstring>

#include "elementary.hpp"
#include "normal.hpp"

namespace simcore::turns {

template <class T>
struct Phase {
    T cos, sin;
};

template <class T>
Phase<T> phase_of(double turns);

template <>
SIMCORE_INLINE Phase<double> phase_of(double turns) {
    const elementary::SinCos value = normal::sincos_turns(turns);
    return {value.cos, value.sin};
}

SIMCORE_INLINE std::uint32_t bits_of(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

SIMCORE_INLINE float float_of(std::uint32_t bits) {
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <>
SIMCORE_INLINE Phase<float> phase_of(double turns) {
    constexpr float shift = 12582912.0f;  // 1.5 * 2^23, as elementary::round_shift
    const double whole = (turns + elementary::round_shift) - elementary::round_shift;
    const float quarters = static_cast<float>(4.0 * (turns - whole));
    const float shifted = quarters + shift;
    const std::uint32_t quadrant = bits_of(shifted);
    const float f = quarters - (shifted - shift), w = f * f;
    float p = -0.00460214889685f;
    p = 0.079680217549f + w * p;
    p = -0.645963477657f + w * p;
    p = 1.57079632195f + w * p;
    float q = -0.000906739848643f;
    q = 0.0208615283266f + w * q;
    q = -0.253669410356f + w * q;
    q = 1.23370054937f + w * q;
    const float sine = f * p, cosine = 1.0f - w * q;
    const bool odd = (quadrant & 1) != 0;
    constexpr std::uint32_t sign = std::uint32_t{1} << 31;
    return {float_of(bits_of(odd ? sine : cosine) ^ (((quadrant + 1) << 30) & sign)),
            float_of(bits_of(odd ? cosine : sine) ^ ((quadrant << 30) & sign))};
}

// Natural logarithm of a number of rng::uniform.
template <class T>
T log_of(double uniform);

template <>
SIMCORE_INLINE double log_of(double uniform) {
    return elementary::log(uniform);
}

// As elementary::log; the difference from 1 is taken in double precision, so that numbers next to 1 keep their digits.
template <>
SIMCORE_INLINE float log_of(double uniform) {
    const std::uint64_t bits = elementary::bits_of(uniform) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    const double exponent = elementary::double_of((bits >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0);
    const double mantissa = elementary::double_of((bits & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    const float f = static_cast<float>(mantissa - 1.0), k = static_cast<float>(exponent);
    const float s = f / (2.0f + f), w = s * s;
    float p = 0.29579949392f;
    p = 0.39988780566f + w * p;
    p = 0.666666850396f + w * p;
    return k * 0.693147180560f + s * (2.0f + w * p);
}

}  // namespace simcore::turns
