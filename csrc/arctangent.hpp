// The angle of a vector, as elementary.hpp: no libm, the same bytes everywhere. Errors measured against mpmath: below 2
// ulp (tests/test_kernel_fields.py). The polynomial interpolates at Chebyshev nodes, computed with mpmath at 60 digits.
#pragma once

#include "elementary.hpp"

namespace simcore::elementary {

// Angle of (x, y) in [-pi, pi], as std::atan2 for finite arguments whose quotient neither over- nor underflows, but
// atan2(0, 0) = 0 with the sign of y, and -0 in x counts as 0.
SIMCORE_INLINE double atan2(double y, double x) {
    const double wide = x < 0.0 ? -x : x, high = y < 0.0 ? -y : y;
    const bool steep = high > wide;
    const double longer = steep ? high : wide, shorter = steep ? wide : high;
    // atan(q) = pi/4 + atan((q - 1) / (q + 1)) where q exceeds tan(pi/8).
    const bool turned = shorter > 0.41421356237309503 * longer;
    const double numerator = turned ? shorter - longer : shorter;
    const double denominator = turned ? shorter + longer : longer;
    const double t = denominator > 0.0 ? numerator / denominator : 0.0;
    const double w = t * t;
    double p = 0x1.0acd9e91a5a35p-6;
    p = -0x1.1b311bb48c215p-5 + w * p;
    p = 0x1.74dccfb93fff0p-5 + w * p;
    p = -0x1.ac7a5a79b3f26p-5 + w * p;
    p = 0x1.e19a0bfa3eef9p-5 + w * p;
    p = -0x1.110e87b4357d2p-4 + w * p;
    p = 0x1.3b1392d519db1p-4 + w * p;
    p = -0x1.745d165dc9713p-4 + w * p;
    p = 0x1.c71c71c303dbbp-4 + w * p;
    p = -0x1.249249248d7dcp-3 + w * p;
    p = 0x1.9999999999953p-3 + w * p;
    p = -0x1.5555555555555p-2 + w * p;
    const double rest = t + t * w * p;
    // pi/4, pi/2 and pi in two parts each.
    const double eighth = turned ? 0x1.1a62633145c07p-55 + rest : rest;
    double angle = turned ? 0x1.921fb54442d18p-1 + eighth : eighth;
    angle = steep ? 0x1.921fb54442d18p+0 - (angle - 0x1.1a62633145c07p-54) : angle;
    angle = x < 0.0 ? 0x1.921fb54442d18p+1 - (angle - 0x1.1a62633145c07p-53) : angle;
    return double_of(bits_of(angle) | (bits_of(y) & (std::uint64_t{1} << 63)));
}

}  // namespace simcore::elementary
