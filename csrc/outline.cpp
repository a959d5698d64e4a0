#include "outline.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kPi = 0x1.921fb54442d18p+1;

// Legendre polynomials of degree 2 .. 5, coefficients of z^k.
constexpr double kLegendre[kOutlineDegree + 1][kOutlineDegree + 1] = {{1, 0, 0, 0, 0, 0},
                                                                      {0, 1, 0, 0, 0, 0},
                                                                      {-0.5, 0, 1.5, 0, 0, 0},
                                                                      {0, -1.5, 0, 2.5, 0, 0},
                                                                      {0.375, 0, -3.75, 0, 4.375, 0},
                                                                      {0, 1.875, 0, -8.75, 0, 7.875}};

struct Normals {
    const PixelStream& stream;
    std::uint32_t next = 0;
    double second = 0.0;
    bool waiting = false;

    // Box and Muller's pairs.
    double operator()() {
        if (waiting) return waiting = false, second;
        const rng::Block words = rng::block(stream, next++, 0);
        const double radius = std::sqrt(-2.0 * elementary::log(rng::uniform(words.words[0], words.words[1])));
        const auto turn = elementary::sincos(2.0 * kPi * rng::uniform(words.words[2], words.words[3]));
        second = radius * turn.sin;
        waiting = true;
        return radius * turn.cos;
    }
};

// d^m P_l / dz^m times sqrt((2 l + 1) (l - m)! / (l + m)!) and sqrt(2) for m > 0: with Re, Im of (x + i y)^m the
// squares of one degree's functions add up to 2 l + 1.
void harmonic(int degree, int order, double* coefficient) {
    std::copy(kLegendre[degree], kLegendre[degree] + kOutlineDegree + 1, coefficient);
    for (int step = 0; step < order; ++step) {
        for (int k = 0; k < kOutlineDegree; ++k) coefficient[k] = (k + 1) * coefficient[k + 1];
        coefficient[kOutlineDegree] = 0.0;
    }
    double norm = (order > 0 ? 2.0 : 1.0) * (2 * degree + 1);
    for (int k = degree - order + 1; k <= degree + order; ++k) norm /= k;
    for (int k = 0; k <= kOutlineDegree; ++k) coefficient[k] *= std::sqrt(norm);
}

// Directions spread over the sphere, at which the limits of s are looked for.
struct Directions {
    static constexpr int rows = 12, columns = 24, count = rows * columns;
    float x[count], y[count], z[count];

    Directions() {
        for (int i = 0; i < count; ++i) {
            const double height = (2 * (i / columns) + 1) / static_cast<double>(rows) - 1.0;
            const double rho = std::sqrt(1.0 - height * height);
            const auto turn = elementary::sincos(2.0 * kPi * (i % columns) / columns);
            x[i] = static_cast<float>(rho * turn.cos);
            y[i] = static_cast<float>(rho * turn.sin);
            z[i] = static_cast<float>(height);
        }
    }
};

SIMCORE_INLINE void values_body(const Outline& shape, const Directions& at, float* s) {
    const Outline own = shape;  // a copy: what the stores cannot alias stays in registers
    for (int i = 0; i < Directions::count; ++i) s[i] = outline_at(own, at.x[i], at.y[i], at.z[i]);
}

SIMCORE_DISPATCH(outline_values, values_body, (const Outline& shape, const Directions& at, float* s), (shape, at, s))

// Limits of s: the extremes on a grid of directions, with a margin for what lies between them.
void set_limits(Outline& shape, double deformation) {
    static const Directions directions;
    const auto d = static_cast<float>(deformation);
    shape.low = 1.0f - kOutlineLimit * d;
    shape.high = 1.0f + kOutlineLimit * d;
    float s[Directions::count];
    outline_values(shape, directions, s);
    shape.low = std::max(shape.low, *std::min_element(s, s + Directions::count) - 0.2f * d);
    shape.high = std::min(shape.high, *std::max_element(s, s + Directions::count) + 0.2f * d);
}

}  // namespace

Outline outline(const PixelStream& stream, double deformation) {
    Outline shape;
    if (deformation == 0.0) return shape;
    double total = 0.0;
    for (int l = 2; l <= kOutlineDegree; ++l) total += 1.0 / (l * l);
    Normals normal{stream};
    for (int l = 2; l <= kOutlineDegree; ++l) {
        const double sigma = deformation * std::sqrt(1.0 / (l * l) / total / (2 * l + 1));
        for (int m = 0; m <= l; ++m) {
            double function[kOutlineDegree + 1];
            harmonic(l, m, function);
            const double a = sigma * normal(), b = m > 0 ? sigma * normal() : 0.0;
            for (int k = 0; k <= kOutlineDegree - m; ++k) {
                shape.real[m][k] += static_cast<float>(a * function[k]);
                shape.imaginary[m][k] += static_cast<float>(b * function[k]);
            }
        }
    }
    set_limits(shape, deformation);
    return shape;
}

}  // namespace simcore
