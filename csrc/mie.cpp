#include "mie.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "elementary.hpp"
#include "riccati.hpp"

namespace simcore {
namespace {

// Up to kLanes spheres side by side.
struct Spheres {
    double x[kLanes], x_inverse[kLanes];
    double m_re[kLanes], m_im[kLanes];                // relative index
    double im_re[kLanes], im_im[kLanes];              // its inverse
    double squared_re[kLanes], squared_im[kLanes];    // 1 / m^2
    double contrast_re[kLanes], contrast_im[kLanes];  // 1 / m^2 - 1
    double iz_re[kLanes], iz_im[kLanes];              // inverse of z = m x, rounded
    double dz_re[kLanes], dz_im[kLanes];              // what z lost to that rounding
    double start[kLanes];                             // index where the downward recurrence starts
    double sin_x[kLanes], cos_x[kLanes];
};

void prepare(Spheres& s, int lane, double x, std::complex<double> m, std::int64_t terms) {
    const double mr = m.real(), mi = m.imag();
    const Argument z(x, m);
    s.x[lane] = x;
    s.x_inverse[lane] = 1.0 / x;
    s.m_re[lane] = mr;
    s.m_im[lane] = mi;
    const double msize = mr * mr + mi * mi;
    s.im_re[lane] = mr / msize;
    s.im_im[lane] = -mi / msize;
    const double nr = s.im_re[lane], ni = s.im_im[lane];
    s.squared_re[lane] = nr * nr - ni * ni;
    s.squared_im[lane] = 2.0 * nr * ni;
    // (1 - m)(1 + m) / m^2, exact for m close to 1.
    const double cr = (1.0 - mr) * (1.0 + mr) + mi * mi, ci = -2.0 * mr * mi;
    s.contrast_re[lane] = cr * s.squared_re[lane] - ci * s.squared_im[lane];
    s.contrast_im[lane] = s.squared_im[lane];  // the imaginary part of 1 / m^2 - 1 is that of 1 / m^2
    s.iz_re[lane] = z.inverse_re;
    s.iz_im[lane] = z.inverse_im;
    s.dz_re[lane] = z.excess_re * z.re - z.excess_im * z.im;
    s.dz_im[lane] = z.excess_re * z.im + z.excess_im * z.re;
    s.start[lane] = z.start(terms);
    const elementary::SinCos turn = elementary::sincos(x);
    s.sin_x[lane] = turn.sin;
    s.cos_x[lane] = turn.cos;
}

// r_{n+1}(m x) and r_{n+1}(x) for n = 0 .. terms into r (three rows of kLanes per n), downward from the lanes' own
// starts.
template <int bytes>
SIMCORE_INLINE void ratios(const Spheres& s, std::int64_t terms, double* r) {
    using Lanes = Double8<bytes>;
    const Lanes ir(s.iz_re), ii(s.iz_im), ix(s.x_inverse), start(s.start);
    double top = 0.0;
    for (int lane = 0; lane < kLanes; ++lane) top = std::max(top, s.start[lane]);
    const Lanes zero, tiny(1e-75), tiny_square(1e-150);
    Lanes re, im, real;
    for (std::int64_t n = static_cast<std::int64_t>(top); n > 0; --n) {
        const double order = static_cast<double>(n), odd = 2.0 * order + 1.0;
        Lanes cr = odd * ir - re, ci = odd * ii - im, cx = odd * ix - real;
        Lanes size = cr * cr + ci * ci;
        // psi_{n-1} = 0 to the last bit: a huge but finite ratio keeps the recurrence going.
        cr = Lanes::where_equal(size, zero, tiny, cr);
        size = Lanes::where_equal(size, zero, tiny_square, size);
        cx = Lanes::where_equal(cx, zero, tiny, cx);
        const Lanes inverse = 1.0 / size;
        re = Lanes::where_at_least(start, order, cr * inverse, zero);
        im = Lanes::where_at_least(start, order, zero - ci * inverse, zero);
        real = Lanes::where_at_least(start, order, 1.0 / cx, zero);
        if (n - 1 <= terms) {
            double* row = r + 3 * kLanes * (n - 1);
            re.store(row);
            im.store(row + kLanes);
            real.store(row + 2 * kLanes);
        }
    }
}

// Coefficients from the ratios in r; per n four rows of kLanes (a, b: real, imaginary) into c.
//
// With f_a = D_n(m x) / m + n / x and f_b = m D_n(m x) + n / x, P = f psi_n - psi_{n-1} and Q = f chi_n - chi_{n-1}.
// Where psi decays, psi_{n-1} = (D_n(x) + n / x) psi_n, and D_n(z) = (n + 1) / z - r_{n+1}(z) takes the large terms out
// of the difference, which else costs all digits of b_1 at small x.
template <int bytes>
SIMCORE_INLINE void coefficients_upward(const Spheres& s, std::int64_t terms, const double* r, double* c) {
    using Lanes = Double8<bytes>;
    const Lanes x(s.x), mr(s.m_re), mi(s.m_im), nr(s.im_re), ni(s.im_im), zr(s.dz_re), zi(s.dz_im);
    const Lanes ir(s.iz_re), ii(s.iz_im), sr(s.squared_re), si(s.squared_im), lr(s.contrast_re), li(s.contrast_im);
    // psi_0 = sin x, psi_{-1} = cos x; chi_0 = cos x, chi_{-1} = -sin x.
    Lanes psi_before(s.sin_x), chi_before(s.cos_x), psi_older = chi_before, chi_older = 0.0 - psi_before;
    for (std::int64_t n = 1; n <= terms; ++n) {
        const double* row = r + 3 * kLanes * n;
        const double order = static_cast<double>(n);
        Lanes re(row), im(row + kLanes);
        const Lanes rx(row + 2 * kLanes), rx_before(row - kLanes);
        // r' = 1 + r^2 - 2 (n + 1) r / z carries r from the rounded argument to the true one.
        const Lanes br = re - (2.0 * order + 2.0) * ir, bi = im - (2.0 * order + 2.0) * ii;
        const Lanes er = 1.0 + (re * br - im * bi), ei = re * bi + im * br;
        re += zr * er - zi * ei;
        im += zr * ei + zi * er;
        const Lanes ratio = order / x, next = (order + 1.0) / x, factor = (2.0 * order - 1.0) / x;
        const Lanes psi = Lanes::where_at_least(x, order, factor * psi_before - psi_older, psi_before * rx_before);
        const Lanes chi = factor * chi_before - chi_older;
        const Lanes ar = re * nr - im * ni, ai = re * ni + im * nr;  // r / m
        const Lanes gr = re * mr - im * mi, gi = re * mi + im * mr;  // m r
        const Lanes far = (next * sr - ar) + ratio, fai = next * si - ai;
        const Lanes fbr = (next + ratio) - gr, fbi = 0.0 - gi;
        const Lanes par = Lanes::where_at_least(x, order, far * psi - psi_before, (next * lr + (rx - ar)) * psi);
        const Lanes pai = Lanes::where_at_least(x, order, fai * psi, (next * li - ai) * psi);
        const Lanes pbr = Lanes::where_at_least(x, order, fbr * psi - psi_before, (rx - gr) * psi);
        double* to = c + 4 * kLanes * (n - 1);
        quotient(par, pai, far * chi - chi_before, fai * chi, to);
        quotient(pbr, fbi * psi, fbr * chi - chi_before, fbi * chi, to + 2 * kLanes);
        psi_older = psi_before;
        psi_before = psi;
        chi_older = chi_before;
        chi_before = chi;
    }
}

template <int bytes>
SIMCORE_INLINE void coefficients_body(const Spheres& s, std::int64_t terms, double* r, double* c) {
    ratios<bytes>(s, terms, r);
    coefficients_upward<bytes>(s, terms, r, c);
}

SIMCORE_DISPATCH_LANES(coefficients_block, coefficients_body,
                       (const Spheres& s, std::int64_t terms, double* r, double* c), (s, terms, r, c))

// The angular recurrence: pi_n and its increment pi_n - pi_{n-1}, with e = 1 - cos(theta). Differences instead of the
// three-term recurrence lose nothing near the axis.
template <int bytes>
struct Angular {
    Double8<bytes> e, pi = 1.0, increment = 1.0;

    SIMCORE_INLINE explicit Angular(const double* one_minus_cos) : e(one_minus_cos) {}
    SIMCORE_INLINE Double8<bytes> sum(double n) const { return (n + 1.0) * increment - n * e * pi; }  // pi_n + tau_n
    SIMCORE_INLINE void step(double n) {
        increment = ((n + 1.0) * increment - (2.0 * n + 1.0) * e * pi) * (1.0 / n);
        pi += increment;
    }
};

template <int bytes>
SIMCORE_INLINE void angular_body(std::int64_t terms, std::int64_t angles, const double* one_minus_cos, double* sum,
                                 double* difference) {
    for (std::int64_t j = 0; j < angles; j += kLanes) {
        Angular<bytes> angular(one_minus_cos + j);
        for (std::int64_t n = 1; n <= terms; ++n) {
            const double order = static_cast<double>(n);
            const Double8<bytes> plus = angular.sum(order);
            plus.store(sum + (n - 1) * angles + j);
            (2.0 * angular.pi - plus).store(difference + (n - 1) * angles + j);
            angular.step(order);
        }
    }
}

// S1 and S2 at kLanes angles; side is -1 where cos(theta) < 0, and one_minus_cos = 1 - |cos(theta)|.
template <int bytes>
SIMCORE_INLINE void amplitudes_body(std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
                                    const double* one_minus_cos, const double* side, double* to) {
    using Lanes = Double8<bytes>;
    Lanes s1r, s1i, s2r, s2i;
    const Lanes sign(side);
    Lanes flip = sign;  // sign^n, the parity of tau_n
    Angular<bytes> angular(one_minus_cos);
    for (std::int64_t n = 1; n <= terms; ++n) {
        const double order = static_cast<double>(n);
        const double weight = (2.0 * order + 1.0) / (order * (order + 1.0));
        const double ar = weight * a[n - 1].real(), ai = weight * a[n - 1].imag();
        const double br = weight * b[n - 1].real(), bi = weight * b[n - 1].imag();
        const Lanes pi = angular.pi * flip * sign, tau = (angular.sum(order) - angular.pi) * flip;
        s1r += ar * pi + br * tau;
        s1i += ai * pi + bi * tau;
        s2r += ar * tau + br * pi;
        s2i += ai * tau + bi * pi;
        angular.step(order);
        flip *= sign;
    }
    s1r.store(to);
    s1i.store(to + kLanes);
    s2r.store(to + 2 * kLanes);
    s2i.store(to + 3 * kLanes);
}

SIMCORE_DISPATCH_LANES(amplitudes_block, amplitudes_body,
                       (std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
                        const double* one_minus_cos, const double* side, double* to),
                       (terms, a, b, one_minus_cos, side, to))

}  // namespace

SIMCORE_DISPATCH_LANES(angular_functions, angular_body,
                       (std::int64_t terms, std::int64_t angles, const double* one_minus_cos, double* sum,
                        double* difference),
                       (terms, angles, one_minus_cos, sum, difference))

std::int64_t mie_terms(double size_parameter, double margin) {
    return static_cast<std::int64_t>(std::ceil(size_parameter + margin * cube_root(size_parameter) + 3.0));
}

void mie_coefficients(std::int64_t count, const double* size_parameter, const std::complex<double>* relative_index,
                      const std::int64_t* terms, std::int64_t stride, std::complex<double>* a,
                      std::complex<double>* b) {
    std::vector<double> scratch;
    for (std::int64_t first = 0; first < count; first += kLanes) {
        Spheres s;
        std::int64_t most = 0;
        for (int lane = 0; lane < kLanes; ++lane) {
            const std::int64_t i = std::min(first + lane, count - 1);
            prepare(s, lane, size_parameter[i], relative_index[i], terms[i]);
            most = std::max(most, terms[i]);
        }
        scratch.resize(static_cast<std::size_t>(kLanes * (7 * most + 3)));
        double* c = scratch.data() + 3 * kLanes * (most + 1);
        coefficients_block(s, most, scratch.data(), c);
        for (std::int64_t i = first; i < std::min(first + kLanes, count); ++i) {
            for (std::int64_t n = 0; n < stride; ++n) {
                const double* row = c + 4 * kLanes * n + (i - first);
                const bool inside = n < terms[i];
                a[i * stride + n] = inside ? std::complex<double>(row[0], row[kLanes]) : 0.0;
                b[i * stride + n] = inside ? std::complex<double>(row[2 * kLanes], row[3 * kLanes]) : 0.0;
            }
        }
    }
}

void mie_amplitudes(std::int64_t count, std::int64_t terms, const std::complex<double>* a,
                    const std::complex<double>* b, std::int64_t angles, const double* cos_theta,
                    std::complex<double>* s1, std::complex<double>* s2) {
    for (std::int64_t j = 0; j < angles; j += kLanes) {
        double e[kLanes], side[kLanes], out[4 * kLanes];
        const std::int64_t here = std::min<std::int64_t>(kLanes, angles - j);
        for (int lane = 0; lane < kLanes; ++lane) {
            const double mu = cos_theta[std::min(j + lane, angles - 1)];
            side[lane] = mu < 0.0 ? -1.0 : 1.0;
            e[lane] = 1.0 - std::abs(mu);
        }
        for (std::int64_t i = 0; i < count; ++i) {
            amplitudes_block(terms, a + i * terms, b + i * terms, e, side, out);
            for (std::int64_t lane = 0; lane < here; ++lane) {
                s1[i * angles + j + lane] = {out[lane], out[kLanes + lane]};
                s2[i * angles + j + lane] = {out[2 * kLanes + lane], out[3 * kLanes + lane]};
            }
        }
    }
}

}  // namespace simcore
