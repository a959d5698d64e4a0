#include "mie.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "elementary.hpp"
#include "riccati.hpp"

namespace simcore {
namespace {

// Two packs of spheres or angles side by side: the recurrences wait for each step's result, not for a free unit.
constexpr int kPair = 2 * kLanes;

template <int bytes>
using Pair = Pack<double, kPair, bytes>;

// Up to kPair spheres side by side.
struct Spheres {
    double x[kPair], x_inverse[kPair];
    double m_re[kPair], m_im[kPair];                // relative index
    double im_re[kPair], im_im[kPair];              // its inverse
    double squared_re[kPair], squared_im[kPair];    // 1 / m^2
    double contrast_re[kPair], contrast_im[kPair];  // 1 / m^2 - 1
    double iz_re[kPair], iz_im[kPair];              // inverse of z = m x, rounded
    double dz_re[kPair], dz_im[kPair];              // what z lost to that rounding
    double start[kPair];                            // index where the downward recurrence starts
    double sin_x[kPair], cos_x[kPair];
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
}

// r_{n+1}(m x) and r_{n+1}(x) for n = 0 .. terms into r (three rows of kPair per n), downward from the lanes' own
// starts.
template <int bytes>
SIMCORE_INLINE void ratios(const Spheres& s, std::int64_t terms, double* r) {
    using Lanes = Pair<bytes>;
    const Lanes ir(s.iz_re), ii(s.iz_im), ix(s.x_inverse), start(s.start);
    double top = 0.0;
    for (int lane = 0; lane < kPair; ++lane) top = std::max(top, s.start[lane]);
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
            double* row = r + 3 * kPair * (n - 1);
            re.store(row);
            im.store(row + kPair);
            real.store(row + 2 * kPair);
        }
    }
}

// Coefficients of the kLanes spheres from `lane` on, from the ratios in r; per n four rows of kPair (a, b: real,
// imaginary) into c.
//
// With f_a = D_n(m x) / m + n / x and f_b = m D_n(m x) + n / x, P = f psi_n - psi_{n-1} and Q = f chi_n - chi_{n-1}.
// Where psi decays, psi_{n-1} = (D_n(x) + n / x) psi_n, and D_n(z) = (n + 1) / z - r_{n+1}(z) takes the large terms out
// of the difference, which else costs all digits of b_1 at small x.
template <int bytes>
SIMCORE_INLINE void coefficients_upward(const Spheres& s, int lane, std::int64_t terms, const double* r, double* c) {
    using Lanes = Double8<bytes>;
    const auto load = [lane](const double (&of)[kPair]) { return Lanes(of + lane); };
    const Lanes x = load(s.x), ix = load(s.x_inverse), mr = load(s.m_re), mi = load(s.m_im), nr = load(s.im_re),
                ni = load(s.im_im), zr = load(s.dz_re), zi = load(s.dz_im), ir = load(s.iz_re), ii = load(s.iz_im),
                sr = load(s.squared_re), si = load(s.squared_im), lr = load(s.contrast_re), li = load(s.contrast_im);
    // psi_0 = sin x, psi_{-1} = cos x; chi_0 = cos x, chi_{-1} = -sin x.
    Lanes psi_before = load(s.sin_x), chi_before = load(s.cos_x), psi_older = chi_before, chi_older = 0.0 - psi_before;
    for (std::int64_t n = 1; n <= terms; ++n) {
        const double* row = r + 3 * kPair * n + lane;
        const double order = static_cast<double>(n);
        Lanes re(row), im(row + kPair);
        const Lanes rx(row + 2 * kPair), rx_before(row - kPair);
        // r' = 1 + r^2 - 2 (n + 1) r / z carries r from the rounded argument to the true one.
        const Lanes br = re - (2.0 * order + 2.0) * ir, bi = im - (2.0 * order + 2.0) * ii;
        const Lanes er = 1.0 + (re * br - im * bi), ei = re * bi + im * br;
        re += zr * er - zi * ei;
        im += zr * ei + zi * er;
        const Lanes ratio = order * ix, next = (order + 1.0) * ix, factor = (2.0 * order - 1.0) * ix;
        const Lanes psi = Lanes::where_at_least(x, order, factor * psi_before - psi_older, psi_before * rx_before);
        const Lanes chi = factor * chi_before - chi_older;
        const Lanes ar = re * nr - im * ni, ai = re * ni + im * nr;  // r / m
        const Lanes gr = re * mr - im * mi, gi = re * mi + im * mr;  // m r
        const Lanes far = (next * sr - ar) + ratio, fai = next * si - ai;
        const Lanes fbr = (next + ratio) - gr, fbi = 0.0 - gi;
        const Lanes par = Lanes::where_at_least(x, order, far * psi - psi_before, (next * lr + (rx - ar)) * psi);
        const Lanes pai = Lanes::where_at_least(x, order, fai * psi, (next * li - ai) * psi);
        const Lanes pbr = Lanes::where_at_least(x, order, fbr * psi - psi_before, (rx - gr) * psi);
        double* to = c + 4 * kPair * (n - 1) + lane;
        quotient(par, pai, far * chi - chi_before, fai * chi, to, kPair);
        quotient(pbr, fbi * psi, fbr * chi - chi_before, fbi * chi, to + 2 * kPair, kPair);
        psi_older = psi_before;
        psi_before = psi;
        chi_older = chi_before;
        chi_before = chi;
    }
}

template <int bytes>
SIMCORE_INLINE void coefficients_body(Spheres& s, std::int64_t terms, double* r, double* c) {
    for (int lane = 0; lane < kPair; ++lane) {
        const elementary::SinCos turn = elementary::sincos(s.x[lane]);
        s.sin_x[lane] = turn.sin;
        s.cos_x[lane] = turn.cos;
    }
    ratios<bytes>(s, terms, r);
    for (int lane = 0; lane < kPair; lane += kLanes) coefficients_upward<bytes>(s, lane, terms, r, c);
}

SIMCORE_DISPATCH_LANES(coefficients_block, coefficients_body, (Spheres & s, std::int64_t terms, double* r, double* c),
                       (s, terms, r, c))

// The angular recurrence: pi_n and its increment pi_n - pi_{n-1}, with e = 1 - cos(theta). Differences instead of the
// three-term recurrence lose nothing near the axis.
template <class Lanes>
struct Angular {
    Lanes e, pi = 1.0, increment = 1.0, bent;

    SIMCORE_INLINE explicit Angular(const double* one_minus_cos) : e(one_minus_cos) {}
    // pi_n + tau_n
    SIMCORE_INLINE Lanes sum(double n) {
        bent = e * pi;
        return (n + 1.0) * increment - n * bent;
    }
    // On from n, with the sum that was found there.
    SIMCORE_INLINE void step(double n, const Lanes& sum, double inverse) {
        increment = (sum - (n + 1.0) * bent) * inverse;
        pi += increment;
    }
};

template <int bytes>
SIMCORE_INLINE void angular_body(std::int64_t terms, std::int64_t angles, const double* one_minus_cos, double* sum,
                                 double* difference) {
    for (std::int64_t j = 0; j < angles; j += kLanes) {
        Angular<Double8<bytes>> angular(one_minus_cos + j);
        for (std::int64_t n = 1; n <= terms; ++n) {
            const double order = static_cast<double>(n);
            const Double8<bytes> plus = angular.sum(order);
            plus.store(sum + (n - 1) * angles + j);
            (2.0 * angular.pi - plus).store(difference + (n - 1) * angles + j);
            angular.step(order, plus, 1.0 / order);
        }
    }
}

// The spheres of each window in the order of their terms: a block takes as long as its largest sphere, and what is
// written should lie close together.
constexpr std::int64_t kWindow = 1024;

std::vector<std::int64_t> by_size(std::int64_t count, const std::int64_t* terms) {
    std::vector<std::int64_t> sorted(static_cast<std::size_t>(count)), place;
    for (std::int64_t first = 0; first < count; first += kWindow) {
        const std::int64_t last = std::min(first + kWindow, count);
        const std::int64_t least = *std::min_element(terms + first, terms + last);
        place.assign(static_cast<std::size_t>(*std::max_element(terms + first, terms + last) - least + 2), 0);
        for (std::int64_t i = first; i < last; ++i) ++place[terms[i] - least + 1];
        std::partial_sum(place.begin(), place.end(), place.begin());
        for (std::int64_t i = first; i < last; ++i) sorted[first + place[terms[i] - least]++] = i;
    }
    return sorted;
}

// What a sphere's term is multiplied with: pi + tau and pi - tau, for S1 + S2 and S1 - S2.
struct Term {
    double sum_re, sum_im, difference_re, difference_im, inverse;  // inverse: 1 / n
};

// (2 n + 1) / (n (n + 1)) (a_n +- b_n) / 2. `mirrored`: for pi - theta, where pi_n and tau_n at theta are given; by
// their parities the sum takes the difference's place, with (-1)^(n - 1).
std::vector<Term> weighted(std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
                           bool mirrored) {
    std::vector<Term> to(static_cast<std::size_t>(terms));
    for (std::int64_t n = 1; n <= terms; ++n) {
        const double order = static_cast<double>(n), weight = (order + 0.5) / (order * (order + 1.0));
        const double sign = mirrored && n % 2 == 0 ? -weight : weight;
        const std::complex<double> sum = sign * (a[n - 1] + b[n - 1]), difference = sign * (a[n - 1] - b[n - 1]);
        const std::complex<double>&first = mirrored ? difference : sum, &second = mirrored ? sum : difference;
        to[n - 1] = {first.real(), first.imag(), second.real(), second.imag(), 1.0 / order};
    }
    return to;
}

// At kPair angles, given by 1 - |cos|: the sums of what pi + tau and pi - tau are multiplied with (real, imaginary).
template <int bytes>
SIMCORE_INLINE void amplitudes_body(std::int64_t terms, const Term* term, const double* one_minus_cos, double* to) {
    using Lanes = Pair<bytes>;
    Lanes pr, pi, mr, mi;
    Angular<Lanes> angular(one_minus_cos);
    for (std::int64_t n = 1; n <= terms; ++n, ++term) {
        const double order = static_cast<double>(n);
        const Lanes sum = angular.sum(order), difference = 2.0 * angular.pi - sum;
        pr += scaled(term->sum_re, sum);
        pi += scaled(term->sum_im, sum);
        mr += scaled(term->difference_re, difference);
        mi += scaled(term->difference_im, difference);
        angular.step(order, sum, term->inverse);
    }
    pr.store(to);
    pi.store(to + kPair);
    mr.store(to + 2 * kPair);
    mi.store(to + 3 * kPair);
}

SIMCORE_DISPATCH_LANES(amplitudes_block, amplitudes_body,
                       (std::int64_t terms, const Term* term, const double* one_minus_cos, double* to),
                       (terms, term, one_minus_cos, to))

}  // namespace

SIMCORE_DISPATCH_LANES(angular_functions, angular_body,
                       (std::int64_t terms, std::int64_t angles, const double* one_minus_cos, double* sum,
                        double* difference),
                       (terms, angles, one_minus_cos, sum, difference))

std::int64_t mie_terms(double size_parameter, double margin) {
    return static_cast<std::int64_t>(std::ceil(size_parameter + margin * cube_root(size_parameter) + 3.0));
}

namespace {

// What will be written comes from memory while something else is computed.
void fetch_to_write(const std::complex<double>* row, std::int64_t count) {
#if defined(__GNUC__)
    for (std::int64_t n = 0; n < count; n += 4) __builtin_prefetch(row + n, 1, 2);
#endif
}

}  // namespace

void mie_coefficients(std::int64_t count, const double* size_parameter, const std::complex<double>* relative_index,
                      const std::int64_t* terms, std::int64_t stride, std::complex<double>* a,
                      std::complex<double>* b) {
    const std::vector<std::int64_t> sorted = by_size(count, terms);
    std::vector<double> scratch;
    for (std::int64_t first = 0; first < count; first += kPair) {
        Spheres s;
        std::int64_t most = 0;
        for (int lane = 0; lane < kPair; ++lane) {
            const std::int64_t i = sorted[std::min(first + lane, count - 1)];
            prepare(s, lane, size_parameter[i], relative_index[i], terms[i]);
            most = std::max(most, terms[i]);
        }
        for (int lane = 0; lane < kPair; ++lane) {
            const std::int64_t i = sorted[std::min(first + lane, count - 1)];
            fetch_to_write(a + i * stride, stride);
            fetch_to_write(b + i * stride, stride);
        }
        scratch.resize(static_cast<std::size_t>(kPair * (7 * most + 3)));
        double* c = scratch.data() + 3 * kPair * (most + 1);
        coefficients_block(s, most, scratch.data(), c);
        for (std::int64_t lane = 0; lane < std::min<std::int64_t>(kPair, count - first); ++lane) {
            const std::int64_t i = sorted[first + lane], last = std::min(terms[i], stride);
            std::complex<double>*a_row = a + i * stride, *b_row = b + i * stride;
            for (std::int64_t n = 0; n < last; ++n) {
                const double* row = c + 4 * kPair * n + lane;
                a_row[n] = {row[0], row[kPair]};
                b_row[n] = {row[2 * kPair], row[3 * kPair]};
            }
            std::fill(a_row + last, a_row + stride, 0.0);
            std::fill(b_row + last, b_row + stride, 0.0);
        }
    }
}

void mie_amplitudes(std::int64_t count, std::int64_t terms, const std::complex<double>* a,
                    const std::complex<double>* b, std::int64_t angles, const double* cos_theta,
                    std::complex<double>* s1, std::complex<double>* s2) {
    for (std::int64_t i = 0; i < count; ++i, a += terms, b += terms, s1 += angles, s2 += angles) {
        const std::vector<Term> direct = weighted(terms, a, b, false), mirrored = weighted(terms, a, b, true);
        for (std::int64_t j = 0; j < angles; j += kPair) {
            const std::int64_t here = std::min<std::int64_t>(kPair, angles - j);
            double e[kPair], ahead[4 * kPair], back[4 * kPair];
            bool any_ahead = false, any_back = false;
            for (int lane = 0; lane < kPair; ++lane) {
                const double mu = cos_theta[std::min(j + lane, angles - 1)];
                e[lane] = 1.0 - std::abs(mu);
                (mu < 0.0 ? any_back : any_ahead) = true;
            }
            if (any_ahead) amplitudes_block(terms, direct.data(), e, ahead);
            if (any_back) amplitudes_block(terms, mirrored.data(), e, back);
            for (std::int64_t lane = 0; lane < here; ++lane) {
                // S1 + S2, S1 - S2; for angles beyond 90 degrees the other way round.
                const bool turned = cos_theta[j + lane] < 0.0;
                const double *from = (turned ? back : ahead) + lane, *plus = from + (turned ? 2 * kPair : 0),
                             *minus = from + (turned ? 0 : 2 * kPair);
                s1[j + lane] = {plus[0] + minus[0], plus[kPair] + minus[kPair]};
                s2[j + lane] = {plus[0] - minus[0], plus[kPair] - minus[kPair]};
            }
        }
    }
}

}  // namespace simcore
