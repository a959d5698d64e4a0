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

// Limits of s: the extremes on a grid of directions, with a margin for what lies between them.
void set_limits(Outline& shape, double deformation) {
    constexpr int rows = 12, columns = 24;
    const auto d = static_cast<float>(deformation);
    shape.low = 1.0f - kOutlineLimit * d;
    shape.high = 1.0f + kOutlineLimit * d;
    float least = shape.high, largest = shape.low;
    for (int i = 0; i < rows; ++i) {
        const double z = (2 * i + 1) / static_cast<double>(rows) - 1.0, rho = std::sqrt(1.0 - z * z);
        for (int j = 0; j < columns; ++j) {
            const auto turn = elementary::sincos(2.0 * kPi * j / columns);
            const float s = outline_at(shape, static_cast<float>(rho * turn.cos), static_cast<float>(rho * turn.sin),
                                       static_cast<float>(z));
            least = std::min(least, s);
            largest = std::max(largest, s);
        }
    }
    shape.low = std::max(shape.low, least - 0.2f * d);
    shape.high = std::min(shape.high, largest + 0.2f * d);
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
