#include "mie.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

// Cube root to a few parts in 1e4 and better, from operations that round the same on every machine.
double cube_root(double value) {
    int exponent = 0;
    std::frexp(value, &exponent);
    double root = std::ldexp(1.0, exponent / 3);
    for (int i = 0; i < 6; ++i) root = (2.0 * root + value / (root * root)) / 3.0;
    return root;
}

// a b - c d and the like lose nothing to the rounding of the products.
double residual(double a, double b, double c, double d) {
    const double ab = a * b, cd = c * d;
    return (std::fma(a, b, -ab) + std::fma(c, d, -cd));
}

// Up to kLanes spheres side by side.
struct Spheres {
    double x[kLanes], x_inverse[kLanes];
    double m_re[kLanes], m_im[kLanes];    // relative index
    double im_re[kLanes], im_im[kLanes];  // its inverse
    double iz_re[kLanes], iz_im[kLanes];  // inverse of z = m x, rounded
    double dz_re[kLanes], dz_im[kLanes];  // what z lost to that rounding
    double start[kLanes];                 // index where the downward recurrence starts
    double sin_x[kLanes], cos_x[kLanes];
};

void prepare(Spheres& s, int lane, double x, std::complex<double> m, std::int64_t terms) {
    const double mr = m.real(), mi = m.imag();
    const double zr = mr * x, zi = mi * x;
    const double size = zr * zr + zi * zi;
    const double ir = zr / size, ii = -zi / size;
    // z iz - 1 to second order, with the rounding of z itself: the recurrence runs at 1 / iz, not at z.
    const double er = std::fma(mr, x, -zr), ei = std::fma(mi, x, -zi);
    const double head = zr * ir - zi * ii - 1.0;
    const double tail = std::fma(zr, ir, -(zr * ir)) - std::fma(zi, ii, -(zi * ii));
    const double cross = (zr * ii + zi * ir) + residual(zr, ii, zi, ir);
    // (zr ir - zi ii) is rounded once more in the subtraction: recover that too (two-sum).
    const double p = zr * ir, q = -(zi * ii), sum = p + q;
    const double rest = (p - (sum - (sum - p))) + (q - (sum - p));
    const double fr = head + (rest + tail) + (er * ir - ei * ii);
    const double fi = cross + (er * ii + ei * ir);
    s.x[lane] = x;
    s.x_inverse[lane] = 1.0 / x;
    s.m_re[lane] = mr;
    s.m_im[lane] = mi;
    const double msize = mr * mr + mi * mi;
    s.im_re[lane] = mr / msize;
    s.im_im[lane] = -mi / msize;
    s.iz_re[lane] = ir;
    s.iz_im[lane] = ii;
    s.dz_re[lane] = fr * zr - fi * zi;
    s.dz_im[lane] = fr * zi + fi * zr;
    const double modulus = std::sqrt(size);
    s.start[lane] = std::ceil(std::max(static_cast<double>(terms), modulus) + 8.0 * cube_root(modulus) + 20.0);
    const elementary::SinCos turn = elementary::sincos(x);
    s.sin_x[lane] = turn.sin;
    s.cos_x[lane] = turn.cos;
}

// D_n(m x) and D_n(x) for n = 1 .. terms into d (three rows of kLanes per n), downward from the lanes' own starts.
SIMCORE_INLINE void logarithmic_derivatives(const Spheres& s, std::int64_t terms, double* d) {
    Double8 ir, ii, ix, start;
    load(ir, s.iz_re);
    load(ii, s.iz_im);
    load(ix, s.x_inverse);
    load(start, s.start);
    double top = 0.0;
    for (int lane = 0; lane < kLanes; ++lane) top = std::max(top, s.start[lane]);
    const Double8 zero = {};
    Double8 re = zero, im = zero, real = zero;
    for (std::int64_t n = static_cast<std::int64_t>(top); n > 1; --n) {
        const double order = static_cast<double>(n);
        const Mask8 active = start >= order;
        const Double8 cr = order * ir, ci = order * ii, cx = order * ix;
        Double8 sr = re + cr, si = im + ci, sx = real + cx;
        Double8 size = sr * sr + si * si;
        // psi_{n-1} = 0 to the last bit: a huge but finite derivative keeps the recurrence going.
        const Mask8 hit = size == 0.0;
        sr = hit ? zero + 1e-75 : sr;
        size = hit ? zero + 1e-150 : size;
        sx = sx == 0.0 ? zero + 1e-75 : sx;
        const Double8 inverse = 1.0 / size;
        re = active ? cr - sr * inverse : zero;
        im = active ? ci + si * inverse : zero;
        real = active ? cx - 1.0 / sx : zero;
        if (n - 1 <= terms) {
            double* row = d + 3 * kLanes * (n - 2);
            store(row, re);
            store(row + kLanes, im);
            store(row + 2 * kLanes, real);
        }
    }
}

// (P P* - i ...) / |P - i Q|^2 for a = P / (P - i Q): no cancellation in the real part where P and Q are real.
SIMCORE_INLINE void quotient(Double8 pr, Double8 pi, Double8 qr, Double8 qi, double* re, double* im) {
    const Double8 cr = pr + qi, ci = pi - qr;
    const Double8 inverse = 1.0 / (cr * cr + ci * ci);
    store(re, (pr * cr + pi * ci) * inverse);
    store(im, (pi * cr - pr * ci) * inverse);
}

// Coefficients from the derivatives in d; per n four rows of kLanes (a, b: real, imaginary) into c.
SIMCORE_INLINE void coefficients_upward(const Spheres& s, std::int64_t terms, const double* d, double* c) {
    Double8 x, ix, mr, mi, nr, ni, ir, ii, dzr, dzi, psi_before, chi_before, chi;
    load(x, s.x);
    load(ix, s.x_inverse);
    load(mr, s.m_re);
    load(mi, s.m_im);
    load(nr, s.im_re);
    load(ni, s.im_im);
    load(ir, s.iz_re);
    load(ii, s.iz_im);
    load(dzr, s.dz_re);
    load(dzi, s.dz_im);
    load(psi_before, s.sin_x);
    load(chi_before, s.cos_x);
    const Double8 i2r = ir * ir - ii * ii, i2i = 2.0 * ir * ii;
    Double8 psi_older = chi_before;   // psi_{-1} = cos x
    Double8 chi_older = -psi_before;  // chi_{-1} = -sin x
    for (std::int64_t n = 1; n <= terms; ++n) {
        const double* row = d + 3 * kLanes * (n - 1);
        const double order = static_cast<double>(n);
        const double square = order * (order + 1.0);
        Double8 dr, di, dx;
        load(dr, row);
        load(di, row + kLanes);
        load(dx, row + 2 * kLanes);
        // D' = n (n + 1) / z^2 - 1 - D^2 carries D from the rounded argument to the true one.
        const Double8 er = square * i2r - 1.0 - (dr * dr - di * di), ei = square * i2i - 2.0 * dr * di;
        dr += dzr * er - dzi * ei;
        di += dzr * ei + dzi * er;
        const Double8 ratio = order / x;
        const Double8 factor = (2.0 * order - 1.0) / x;
        const Mask8 oscillates = x >= order;
        const Double8 psi = oscillates ? factor * psi_before - psi_older : psi_before / (dx + ratio);
        chi = factor * chi_before - chi_older;
        const Double8 ar = dr * nr - di * ni, ai = dr * ni + di * nr;
        const Double8 br = dr * mr - di * mi, bi = dr * mi + di * mr;
        // P = (D + n/x) psi_n - psi_{n-1}; with psi_{n-1} = (D_n(x) + n/x) psi_n where psi decays.
        const Double8 pa = oscillates ? (ar + ratio) * psi - psi_before : (ar - dx) * psi;
        const Double8 pb = oscillates ? (br + ratio) * psi - psi_before : (br - dx) * psi;
        double* out = c + 4 * kLanes * (n - 1);
        quotient(pa, ai * psi, (ar + ratio) * chi - chi_before, ai * chi, out, out + kLanes);
        quotient(pb, bi * psi, (br + ratio) * chi - chi_before, bi * chi, out + 2 * kLanes, out + 3 * kLanes);
        psi_older = psi_before;
        psi_before = psi;
        chi_older = chi_before;
        chi_before = chi;
    }
}

SIMCORE_INLINE void coefficients_body(const Spheres& s, std::int64_t terms, double* d, double* c) {
    logarithmic_derivatives(s, terms, d);
    coefficients_upward(s, terms, d, c);
}

SIMCORE_DISPATCH(coefficients_block, coefficients_body, (const Spheres& s, std::int64_t terms, double* d, double* c),
                 (s, terms, d, c))

// One step of the angular recurrence: pi_n and its increment pi_n - pi_{n-1}, with e = 1 - cos(theta). Differences
// instead of the three-term recurrence lose nothing near the axis.
struct Angular {
    Double8 pi, increment;
};

SIMCORE_INLINE void angular_step(Angular& t, double n, Double8 e) {
    t.increment = ((n + 1.0) * t.increment - (2.0 * n + 1.0) * e * t.pi) * (1.0 / n);
    t.pi += t.increment;
}

SIMCORE_INLINE void angular_body(std::int64_t terms, std::int64_t angles, const double* one_minus_cos, double* sum,
                                 double* difference) {
    for (std::int64_t j = 0; j < angles; j += kLanes) {
        Double8 e;
        load(e, one_minus_cos + j);
        Angular t = {Double8{} + 1.0, Double8{} + 1.0};
        for (std::int64_t n = 1; n <= terms; ++n) {
            const double order = static_cast<double>(n);
            const Double8 u = (order + 1.0) * t.increment - order * e * t.pi;  // pi + tau
            store(sum + (n - 1) * angles + j, u);
            store(difference + (n - 1) * angles + j, 2.0 * t.pi - u);
            angular_step(t, order, e);
        }
    }
}

// S1 +- S2 at kLanes angles; sign is -1 where cos(theta) < 0 and e = 1 - |cos(theta)|.
SIMCORE_INLINE void amplitudes_body(std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
                                    const double* one_minus_cos, const double* side, double* out) {
    Double8 e, sigma, s1r = {}, s1i = {}, s2r = {}, s2i = {};
    load(e, one_minus_cos);
    load(sigma, side);
    Angular t = {Double8{} + 1.0, Double8{} + 1.0};
    Double8 flip = sigma;  // sigma^n
    for (std::int64_t n = 1; n <= terms; ++n) {
        const double order = static_cast<double>(n);
        const double weight = (2.0 * order + 1.0) / (order * (order + 1.0));
        const double ar = weight * a[n - 1].real(), ai = weight * a[n - 1].imag();
        const double br = weight * b[n - 1].real(), bi = weight * b[n - 1].imag();
        const Double8 pi = t.pi * flip * sigma;
        const Double8 tau = ((order + 1.0) * t.increment - t.pi - order * e * t.pi) * flip;
        s1r += ar * pi + br * tau;
        s1i += ai * pi + bi * tau;
        s2r += ar * tau + br * pi;
        s2i += ai * tau + bi * pi;
        angular_step(t, order, e);
        flip *= sigma;
    }
    store(out, s1r);
    store(out + kLanes, s1i);
    store(out + 2 * kLanes, s2r);
    store(out + 3 * kLanes, s2i);
}

SIMCORE_DISPATCH(amplitudes_block, amplitudes_body,
                 (std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
                  const double* one_minus_cos, const double* side, double* out),
                 (terms, a, b, one_minus_cos, side, out))

}  // namespace

SIMCORE_DISPATCH(angular_functions, angular_body,
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
        scratch.resize(static_cast<std::size_t>(7 * kLanes * most));
        double* c = scratch.data() + 3 * kLanes * most;
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
