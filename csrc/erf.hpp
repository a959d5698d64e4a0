// The error function, as elementary.hpp's functions: the same bytes everywhere, branch-free. Absolute error below
// 2e-16.
#pragma once

#include "elementary.hpp"

namespace simcore::elementary {

// |x| < 1/2: power series; above: 1 - erfc, with log(erfc(x) exp(x^2) / t) as a Chebyshev series in t = 2 / (2 + x),
// coefficients computed with mpmath at 50 digits.
SIMCORE_INLINE double erf(double x) {
    const double magnitude = x < 0.0 ? -x : x;
    const double square = x * x;
    double p = 0x1.9e6ad5e55a730p-34;
    p = -0x1.51d7181c5d36dp-30 + square * p;
    p = 0x1.fcc5720624c1cp-27 + square * p;
    p = -0x1.5f742ec43e71ap-23 + square * p;
    p = 0x1.b9e6c9dc651a3p-20 + square * p;
    p = -0x1.f4d25c3e0c2ebp-17 + square * p;
    p = 0x1.f9a326f9b89b7p-14 + square * p;
    p = -0x1.c02db40040b86p-11 + square * p;
    p = 0x1.565bcd0e6a53fp-8 + square * p;
    p = -0x1.b82ce31288b51p-6 + square * p;
    p = 0x1.ce2f21a042be2p-4 + square * p;
    p = -0x1.812746b0379e7p-2 + square * p;
    p = 0x1.20dd750429b6dp+0 + square * p;

    constexpr double series[] = {
        0.64196979235649026,      0.0194764732041858363,    -0.00956151478680863164,   -0.000946595344482036866,
        0.000366839497852761452,  0.0000425233248069077716, -0.0000202785781125342432, -1.62429000464702551e-6,
        1.3036558355805232e-6,    1.56264417220661432e-8,   -8.52380959149265425e-8,   6.52905443909885151e-9,
        5.05934349555146871e-9,   -9.91364156493032305e-10, -2.27365122293184173e-10,  9.64679110201496178e-11,
        2.39403808306575603e-12,  -6.88602752653627709e-12, 8.94487927173036754e-13,   3.13092140812714238e-13,
        -1.12708225252217324e-13, 3.81087135885289851e-16,  7.10612553692257638e-15,   -1.52308789753733038e-15};
    const double bounded = magnitude < 7.0 ? magnitude : 7.0;
    const double t = 2.0 / (2.0 + bounded), y = 4.0 * t - 2.0;
    double a = 0.0, b = 0.0;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 24
#endif
    for (int k = 23; k >= 0; --k) {
        const double next = y * a - b + series[k];
        b = a;
        a = next;
    }
    const double complement = t * exp((0.5 * y * a - b - 0.651326859890854717) - bounded * bounded);
    const double outer = x < 0.0 ? complement - 1.0 : 1.0 - complement;
    const double result = magnitude < 0.5 ? x * p : outer;
    return x == x ? result : x;
}

}  // namespace simcore::elementary
