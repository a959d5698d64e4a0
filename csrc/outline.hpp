// A smooth random deformation of a body: its surface lies at s(u) = 1 + d f(u) of its radius in the direction u.
//
// f is a random function on the sphere with mean 0 and standard deviation 1 in every direction: real spherical
// harmonics of degree l = 2 .. 5 with normal coefficients, the variance of each degree proportional to 1 / l^2 (degree
// 0 would change the size, degree 1 move the body). It is kept as sum over m of Re, Im (x + i y)^m times polynomials in
// z, so that one value costs some 60 multiplications and no elementary function.
#pragma once

#include "dispatch.hpp"
#include "rng.hpp"

namespace simcore {

constexpr int kOutlineDegree = 5;
constexpr float kOutlineLimit = 2.5f;  // |f| is limited to this many standard deviations, so that s stays positive

struct Outline {
    float real[kOutlineDegree + 1][kOutlineDegree + 1] = {};  // of z^k (x + i y)^m, at [m][k]; times d
    float imaginary[kOutlineDegree + 1][kOutlineDegree + 1] = {};
    float low = 1.0f, high = 1.0f;  // s never leaves these limits
};

// The deformation of one body; its coefficients are words (j, 0) of the stream. Without (d = 0) s is 1.
Outline outline(const PixelStream& stream, double deformation);

// s in the unit direction (x, y, z).
SIMCORE_INLINE float outline_at(const Outline& shape, float x, float y, float z) {
    float sum = 1.0f, a = 1.0f, b = 0.0f;
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 6
#endif
    for (int m = 0; m <= kOutlineDegree; ++m) {
        float p = shape.real[m][kOutlineDegree - m], q = shape.imaginary[m][kOutlineDegree - m];
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 6
#endif
        for (int k = kOutlineDegree - m - 1; k >= 0; --k) {
            p = p * z + shape.real[m][k];
            q = q * z + shape.imaginary[m][k];
        }
        sum += a * p + b * q;
        const float next = a * x - b * y;
        b = a * y + b * x;
        a = next;
    }
    sum = sum < shape.low ? shape.low : sum;
    return sum > shape.high ? shape.high : sum;
}

}  // namespace simcore
