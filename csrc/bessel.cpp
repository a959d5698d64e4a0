#include "bessel.hpp"

#include <array>
#include <cmath>

#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kCellsPerUnit = 8;
constexpr int kSwitch = 32;  // argument where the asymptotic series takes over
constexpr int kDegree = 9;   // of the Taylor series: (1/16)^10 / 10! = 3e-19 is left out
constexpr int kAsymptotic = 9;
constexpr int kOrders = kDegree + 3;

struct Tables {
    std::array<double, (kDegree + 1) * kSwitch * kCellsPerUnit> j0, j1, j2;
    double p0[kAsymptotic], q0[kAsymptotic], p1[kAsymptotic], q1[kAsymptotic], p2[kAsymptotic], q2[kAsymptotic];
};

// J_0 .. J_{kOrders - 1} at x by Miller's algorithm, normalised by J_0 + 2 J_2 + 2 J_4 + ... = 1.
void miller(double x, double* j) {
    double above = 0.0, here = 1e-250, sum = 0.0;
    for (int n = 2 * (static_cast<int>(x) / 2) + 42; n >= 0; --n) {
        if (n < kOrders) j[n] = here;
        if (n % 2 == 0) sum += n == 0 ? here : 2.0 * here;
        const double below = 2.0 * n / x * here - above;
        above = here;
        here = below;
    }
    for (int n = 0; n < kOrders; ++n) j[n] /= sum;
}

// Taylor coefficients J_order^(k) / k!, from 2^k J_v^(k) = sum_i (-1)^i C(k, i) J_{v - k + 2 i}.
void taylor(const double* j, int order, double* to) {
    double scale = 1.0;  // 1 / (2^k k!)
    for (int k = 0; k <= kDegree; ++k) {
        if (k > 0) scale /= 2.0 * k;
        double binomial = 1.0, sum = 0.0;
        for (int i = 0; i <= k; ++i) {
            const int n = order - k + 2 * i;
            const double value = n >= 0 ? j[n] : (n % 2 == 0 ? j[-n] : -j[-n]);
            sum += (i % 2 == 0 ? binomial : -binomial) * value;
            binomial = binomial * (k - i) / (i + 1);
        }
        to[k] = sum * scale;
    }
}

// Hankel's series: P = p[0] + p[1] / x^2 + ..., Q = (q[0] + q[1] / x^2 + ...) / x.
void hankel(int order, double* p, double* q) {
    double a = 1.0;
    for (int k = 0; k < 2 * kAsymptotic; ++k) {
        const double sign = (k / 2) % 2 == 0 ? 1.0 : -1.0;
        (k % 2 == 0 ? p : q)[k / 2] = sign * a;
        const double odd = 2.0 * k + 1.0;
        a *= (4.0 * order * order - odd * odd) / (8.0 * (k + 1.0));
    }
}

Tables make_tables() {
    Tables t;
    for (int cell = 0; cell < kSwitch * kCellsPerUnit; ++cell) {
        double j[kOrders];
        miller((cell + 0.5) / kCellsPerUnit, j);
        taylor(j, 0, t.j0.data() + (kDegree + 1) * cell);
        taylor(j, 1, t.j1.data() + (kDegree + 1) * cell);
        taylor(j, 2, t.j2.data() + (kDegree + 1) * cell);
    }
    hankel(0, t.p0, t.q0);
    hankel(1, t.p1, t.q1);
    hankel(2, t.p2, t.q2);
    return t;
}

const Tables& tables() {
    static const Tables made = make_tables();
    return made;
}

template <int count>
SIMCORE_INLINE double polynomial(const double* c, double x) {
    double sum = c[count - 1];
    for (int k = count - 2; k >= 0; --k) sum = sum * x + c[k];
    return sum;
}

SIMCORE_INLINE void bessel_body(const Tables& t, std::int64_t count, const double* argument, double* j0, double* j2) {
    for (std::int64_t i = 0; i < count; ++i) {
        const double x = argument[i];
        if (x < kSwitch) {
            const int cell = static_cast<int>(x * kCellsPerUnit);
            const double u = x - (cell + 0.5) / kCellsPerUnit;
            j0[i] = polynomial<kDegree + 1>(t.j0.data() + (kDegree + 1) * cell, u);
            j2[i] = polynomial<kDegree + 1>(t.j2.data() + (kDegree + 1) * cell, u);
        } else {
            const double inverse = 1.0 / x, square = inverse * inverse;
            const elementary::SinCos turn = elementary::sincos(x);
            const double plus = turn.cos + turn.sin, minus = (turn.sin - turn.cos) * inverse;
            const double scale = std::sqrt(inverse / kPi);
            j0[i] =
                scale * (polynomial<kAsymptotic>(t.p0, square) * plus - polynomial<kAsymptotic>(t.q0, square) * minus);
            j2[i] =
                -scale * (polynomial<kAsymptotic>(t.p2, square) * plus - polynomial<kAsymptotic>(t.q2, square) * minus);
        }
    }
}

// J1 = sqrt(2 / (pi x)) (P sin(x - pi/4) + Q cos(x - pi/4)): the phase is a quarter turn behind that of J0.
SIMCORE_INLINE void bessel_one_body(const Tables& t, std::int64_t count, const double* argument, double* j1) {
    for (std::int64_t i = 0; i < count; ++i) {
        const double x = argument[i];
        if (x < kSwitch) {
            const int cell = static_cast<int>(x * kCellsPerUnit);
            const double u = x - (cell + 0.5) / kCellsPerUnit;
            j1[i] = polynomial<kDegree + 1>(t.j1.data() + (kDegree + 1) * cell, u);
        } else {
            const double inverse = 1.0 / x, square = inverse * inverse;
            const elementary::SinCos turn = elementary::sincos(x);
            const double minus = turn.sin - turn.cos, plus = (turn.sin + turn.cos) * inverse;
            j1[i] = std::sqrt(inverse / kPi) *
                    (polynomial<kAsymptotic>(t.p1, square) * minus + polynomial<kAsymptotic>(t.q1, square) * plus);
        }
    }
}

SIMCORE_DISPATCH(bessel_one_dispatched, bessel_one_body,
                 (const Tables& t, std::int64_t count, const double* argument, double* j1), (t, count, argument, j1))

SIMCORE_DISPATCH(bessel_dispatched, bessel_body,
                 (const Tables& t, std::int64_t count, const double* argument, double* j0, double* j2),
                 (t, count, argument, j0, j2))

}  // namespace

void bessel_j0_j2(std::int64_t count, const double* argument, double* j0, double* j2) {
    bessel_dispatched(tables(), count, argument, j0, j2);
}

void bessel_j1(std::int64_t count, const double* argument, double* j1) {
    bessel_one_dispatched(tables(), count, argument, j1);
}

void gauss_legendre(int count, double* node, double* weight) {
    for (int i = 0; i < count; ++i) {
        double z = elementary::cos(kPi * (i + 0.75) / (count + 0.5)), slope = 1.0;
        for (int step = 0; step < 8; ++step) {
            double before = 1.0, here = z;
            for (int n = 2; n <= count; ++n) {
                const double next = ((2.0 * n - 1.0) * z * here - (n - 1.0) * before) / n;
                before = here;
                here = next;
            }
            slope = count * (z * here - before) / (z * z - 1.0);
            z -= here / slope;
        }
        node[count - 1 - i] = 0.5 * (1.0 + z);
        weight[count - 1 - i] = 1.0 / ((1.0 - z * z) * slope * slope);
    }
}

}  // namespace simcore
