#include "layered.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "elementary.hpp"
#include "riccati.hpp"

namespace simcore {
namespace {

constexpr double kSmallestCore = 1e-8;   // of the sphere's radius; its effect goes with the cube
constexpr double kMuchAbsorption = 1.0;  // Im(m x) from which w is xi: psi and chi differ by exp(-2 Im(m x))

// Complex numbers of the spheres side by side, in memory and in registers.
struct Numbers {
    double re[kLanes], im[kLanes];

    void set(int lane, std::complex<double> value) {
        re[lane] = value.real();
        im[lane] = value.imag();
    }
};

template <class Lanes>
struct Complex {
    Lanes re, im;

    SIMCORE_INLINE Complex() {}
    SIMCORE_INLINE Complex(const Lanes& real, const Lanes& imaginary) : re(real), im(imaginary) {}
    SIMCORE_INLINE explicit Complex(const double* rows) : re(rows), im(rows + kLanes) {}
    SIMCORE_INLINE explicit Complex(const Numbers& numbers) : re(numbers.re), im(numbers.im) {}
    SIMCORE_INLINE void store(double* rows) const {
        re.store(rows);
        im.store(rows + kLanes);
    }
    SIMCORE_INLINE Lanes squared() const { return re * re + im * im; }
    SIMCORE_INLINE Complex times(const Lanes& factor) const { return {re * factor, im * factor}; }
    SIMCORE_INLINE Complex operator+(const Complex& b) const { return {re + b.re, im + b.im}; }
    SIMCORE_INLINE Complex operator-(const Complex& b) const { return {re - b.re, im - b.im}; }
    SIMCORE_INLINE Complex operator*(const Complex& b) const { return {re * b.re - im * b.im, re * b.im + im * b.re}; }
    // Where b is 0 to the last bit, the quotient is huge but finite.
    SIMCORE_INLINE Complex operator/(const Complex& b) const {
        const Lanes zero, size = b.squared();
        const Lanes real = Lanes::where_equal(size, zero, 1e-30, b.re);
        const Lanes inverse = 1.0 / Lanes::where_equal(size, zero, 1e-60, size);
        return {(re * real + im * b.im) * inverse, (im * real - re * b.im) * inverse};
    }
};

// One radius of a layer, z = m rho. The recurrences run at 1 / inverse, which is z - slip.
struct Boundary {
    Numbers inverse, slip;
    Numbers psi, psi_before;  // psi_0 and psi_{-1}, scaled
    Numbers w, w_before;      // w_0 and w_{-1}, scaled
    double start[kLanes];     // order where the downward recurrence starts
};

// R at the interface from a layer (inside) to the next (outside): R <- jump (n + 1) + down R for a_n, up R for b_n.
struct Interface {
    Numbers up, down, jump;
};

struct Shell {
    Interface entry;
    Boundary inner, outer;
};

struct Sphere {  // up to kLanes spheres
    Boundary core;
    std::vector<Shell> shells;
    Interface exit;
    Boundary medium;
    double x[kLanes], sin_x[kLanes], cos_x[kLanes];
};

// exp(-t) sinh(t), t >= 0, with all digits.
double scaled_sinh(double t) {
    if (t > 0.5) return 0.5 * (1.0 - elementary::exp(-2.0 * t));
    double series = 1.0;
    for (double k = 15.0; k > 1.0; k -= 2.0) series = 1.0 + t * t / (k * (k - 1.0)) * series;
    return t * series * elementary::exp(-t);
}

// `shrink` is how far Im z lies inside that of the layer's outer radius, `grow` how far outside that of the inner one.
void place(Boundary& boundary, int lane, const Argument& z, std::int64_t terms, double shrink, double grow,
           bool absorbing) {
    const std::complex<double> inverse(z.inverse_re, z.inverse_im), excess(z.excess_re, z.excess_im);
    boundary.inverse.set(lane, inverse);
    const std::complex<double> slip = std::complex<double>(z.re, z.im) * excess;
    boundary.slip.set(lane, slip);
    boundary.start[lane] = z.start(terms);
    const elementary::SinCos turn = elementary::sincos(z.re);
    const double moved = z.lost_re - slip.real();
    const double sine = turn.sin + moved * turn.cos, cosine = turn.cos - moved * turn.sin;
    const double inside = elementary::exp(-shrink), outside = elementary::exp(-grow);
    const double odd = inside * scaled_sinh(z.im), even = inside * 0.5 * (1.0 + elementary::exp(-2.0 * z.im));
    const std::complex<double> sin_z(sine * even, cosine * odd), cos_z(cosine * even, -sine * odd);
    boundary.psi.set(lane, sin_z);
    boundary.psi_before.set(lane, cos_z);
    // chi_0 = cos z, chi_{-1} = -sin z; xi_0 = -i exp(i z), xi_{-1} = exp(i z).
    boundary.w.set(lane, absorbing ? std::complex<double>(outside * sine, -outside * cosine) : cos_z);
    boundary.w_before.set(lane, absorbing ? std::complex<double>(outside * cosine, outside * sine) : -sin_z);
}

void place(Interface& interface, int lane, double x, std::complex<double> in, std::complex<double> out) {
    const double in_size = in.real() * in.real() + in.imag() * in.imag();
    const double out_size = out.real() * out.real() + out.imag() * out.imag();
    const double real = in.real() * out.real() + in.imag() * out.imag();
    // in conj(out); the rounding of its products is put back, for layers of nearly the same phase.
    const double imaginary =
        (in.imag() * out.real() - in.real() * out.imag()) + residual(in.imag(), out.real(), -in.real(), out.imag());
    const double dr = real / in_size, di = -imaginary / in_size;  // out / in
    // 1 - (out / in)^2 = (in - out)(in + out) / in^2, exact for indices that are close; its imaginary part by itself.
    const std::complex<double> difference = in - out, sum = in + out;
    const double cr = difference.real() * sum.real() - difference.imag() * sum.imag();
    const double ci = difference.real() * sum.imag() + difference.imag() * sum.real();
    const double sr = (in.real() - in.imag()) * (in.real() + in.imag()), si = 2.0 * in.real() * in.imag();
    const double contrast_re = (cr * sr + ci * si) / in_size / in_size, contrast_im = -2.0 * dr * di;
    const double scale = out_size * x;
    interface.down.set(lane, {dr, di});
    interface.up.set(lane, {real / out_size, imaginary / out_size});
    interface.jump.set(lane, {(contrast_re * out.real() + contrast_im * out.imag()) / scale,
                              (contrast_im * out.real() - contrast_re * out.imag()) / scale});
}

void prepare(Sphere& sphere, int lane, std::size_t layers, const double* size_parameter, const std::complex<double>* m,
             std::int64_t terms) {
    const double x = size_parameter[layers - 1], smallest = kSmallestCore * x;
    double inner = std::max(size_parameter[0], smallest);
    const Argument core(inner, m[0]);
    place(sphere.core, lane, core, terms, 0.0, 0.0, core.im >= kMuchAbsorption);
    for (std::size_t l = 1; l < layers; ++l) {
        Shell& shell = sphere.shells[l - 1];
        const double outer = std::max(size_parameter[l], smallest), depth = m[l].imag() * (outer - inner);
        const Argument from(inner, m[l]), to(outer, m[l]);
        const bool absorbing = to.im >= kMuchAbsorption;
        place(shell.entry, lane, inner, m[l - 1], m[l]);
        place(shell.inner, lane, from, terms, depth, 0.0, absorbing);
        place(shell.outer, lane, to, terms, 0.0, depth, absorbing);
        inner = outer;
    }
    place(sphere.exit, lane, x, m[layers - 1], 1.0);
    place(sphere.medium, lane, Argument(x, 1.0), terms, 0.0, 0.0, false);
    const elementary::SinCos turn = elementary::sincos(x);
    sphere.x[lane] = x;
    sphere.sin_x[lane] = turn.sin;
    sphere.cos_x[lane] = turn.cos;
}

constexpr std::int64_t kRatioRow = 4 * kLanes;  // r_n at two radii: real, imaginary, real, imaginary
constexpr std::int64_t kStateRow = 4 * kLanes;  // R of a_n and b_n, at last a_n and b_n themselves

// r_n = psi_n / psi_{n-1} at one radius, order by order downward.
template <int bytes>
struct Downward {
    using Lanes = Double8<bytes>;
    Complex<Lanes> inverse, ratio;
    Lanes start;

    SIMCORE_INLINE explicit Downward(const Boundary& b) : inverse(b.inverse), start(b.start) {}
    SIMCORE_INLINE void step(double order) {
        const Lanes odd(2.0 * order + 1.0), zero;
        const Complex<Lanes> next = Complex<Lanes>(1.0, zero) / (inverse.times(odd) - ratio);
        ratio.re = Lanes::where_at_least(start, order, next.re, zero);
        ratio.im = Lanes::where_at_least(start, order, next.im, zero);
    }
};

template <int bytes>
SIMCORE_INLINE void ratios(const Boundary& first, const Boundary& second, std::int64_t terms, double* r) {
    double top = 0.0;
    for (int lane = 0; lane < kLanes; ++lane) top = std::max({top, first.start[lane], second.start[lane]});
    Downward<bytes> left(first), right(second);
    for (std::int64_t n = static_cast<std::int64_t>(top); n >= 0; --n) {
        left.step(static_cast<double>(n));
        right.step(static_cast<double>(n));
        if (n > terms + 1) continue;
        left.ratio.store(r + kRatioRow * n);
        right.ratio.store(r + kRatioRow * n + 2 * kLanes);
    }
}

// psi_n, psi_{n+1}, w_n, w_{n+1} at one radius, order by order upward.
template <int bytes>
struct Upward {
    using Lanes = Double8<bytes>;
    Complex<Lanes> inverse, slip, psi, psi_next, w, w_next;

    // From the larger of psi_0 and psi_{-1}: the ratios are right for a z that is off by a rounding.
    SIMCORE_INLINE Upward(const Boundary& b, const double* ratio_row)
        : inverse(b.inverse), slip(b.slip), psi_next(b.psi), w(b.w_before), w_next(b.w) {
        const Complex<Lanes> before(b.psi_before), by_ratio = before * Complex<Lanes>(ratio_row);
        const Lanes size = psi_next.squared(), size_before = before.squared();
        psi_next.re = Lanes::where_at_least(size, size_before, psi_next.re, by_ratio.re);
        psi_next.im = Lanes::where_at_least(size, size_before, psi_next.im, by_ratio.im);
    }
    // To order n, with r_{n+1} in the row.
    SIMCORE_INLINE void step(double order, const double* ratio_row) {
        const Lanes odd(2.0 * order + 1.0);
        const Complex<Lanes> w_before = w;
        psi = psi_next;
        psi_next = psi * Complex<Lanes>(ratio_row);
        w = w_next;
        w_next = inverse.times(odd) * w - w_before;
    }
    // The change of R over the slip: R' = 1 + R^2 - 2 (n + 1) R / z for any u.
    SIMCORE_INLINE Complex<Lanes> change(double order, const Complex<Lanes>& R) const {
        const Complex<Lanes> product = R * (R - inverse.times(2.0 * order + 2.0));
        return slip * Complex<Lanes>(product.re + 1.0, product.im);
    }
    SIMCORE_INLINE void scale_psi(const Lanes& factor) {
        psi = psi.times(factor);
        psi_next = psi_next.times(factor);
    }
    SIMCORE_INLINE void scale_w(const Lanes& factor) {
        w = w.times(factor);
        w_next = w_next.times(factor);
    }
};

template <int bytes>
struct Crossing {
    using Lanes = Double8<bytes>;
    Complex<Lanes> up, down, jump;

    SIMCORE_INLINE explicit Crossing(const Interface& i) : up(i.up), down(i.down), jump(i.jump) {}
    SIMCORE_INLINE Complex<Lanes> electric(double order, const double* state) const {
        return jump.times(order + 1.0) + down * Complex<Lanes>(state);
    }
    SIMCORE_INLINE Complex<Lanes> magnetic(const double* state) const {
        return up * Complex<Lanes>(state + 2 * kLanes);
    }
};

// The core fills the state with r_{n+1}(m x), and `medium` (one row of kLanes per order) with r_n(x) of the surface.
template <int bytes>
SIMCORE_INLINE void core_body(const Sphere& sphere, std::int64_t terms, double* r, double* state, double* medium) {
    using Lanes = Double8<bytes>;
    ratios<bytes>(sphere.core, sphere.medium, terms, r);
    const Upward<bytes> core(sphere.core, r);
    for (std::int64_t n = 0; n <= terms; ++n) {
        const double* row = r + kRatioRow * (n + 1);
        Lanes(row + 2 * kLanes).store(medium + kLanes * (n + 1));
        if (n == 0) continue;
        const Complex<Lanes> rounded(row), R = rounded + core.change(static_cast<double>(n), rounded);
        R.store(state + kStateRow * (n - 1));
        R.store(state + kStateRow * (n - 1) + 2 * kLanes);
    }
}

template <int bytes>
SIMCORE_INLINE Complex<Double8<bytes>> through(double order, const Complex<Double8<bytes>>& entering,
                                               const Upward<bytes>& inner, const Upward<bytes>& outer) {
    const Complex<Double8<bytes>> R = entering - inner.change(order, entering);
    const Complex<Double8<bytes>> A = inner.w_next - R * inner.w, B = R * inner.psi - inner.psi_next;
    const Complex<Double8<bytes>> left = (A * outer.psi_next + B * outer.w_next) / (A * outer.psi + B * outer.w);
    return left + outer.change(order, left);
}

template <int bytes>
SIMCORE_INLINE void shell_body(const Shell& shell, std::int64_t terms, double* r, double* state) {
    using Lanes = Double8<bytes>;
    ratios<bytes>(shell.inner, shell.outer, terms, r);
    const Crossing<bytes> entry(shell.entry);
    const Lanes one(1.0), large(0x1p200), small(0x1p-200), shrink(0x1p-100), grow(0x1p100);
    Upward<bytes> inner(shell.inner, r), outer(shell.outer, r + 2 * kLanes);
    for (std::int64_t n = 0; n <= terms; ++n) {
        const double order = static_cast<double>(n);
        const double* row = r + kRatioRow * (n + 1);
        inner.step(order, row);
        outer.step(order, row + 2 * kLanes);
        const Lanes factor = Lanes::where_at_least(inner.w_next.squared(), large, shrink, one);
        inner.scale_w(factor);
        outer.scale_w(factor);
        const Lanes psi_factor = Lanes::where_at_least(small, outer.psi_next.squared(), grow, one);
        inner.scale_psi(psi_factor);
        outer.scale_psi(psi_factor);
        if (n == 0) continue;
        double* to = state + kStateRow * (n - 1);
        const Complex<Lanes> electric = entry.electric(order, to), magnetic = entry.magnetic(to);
        through(order, electric, inner, outer).store(to);
        through(order, magnetic, inner, outer).store(to + 2 * kLanes);
    }
}

// At the surface, in the medium: the state becomes a_n, b_n.
template <int bytes>
SIMCORE_INLINE void surface_body(const Sphere& sphere, std::int64_t terms, const double* medium, double* state) {
    using Lanes = Double8<bytes>;
    const Crossing<bytes> exit(sphere.exit);
    const Lanes x(sphere.x);
    Lanes psi(sphere.cos_x), psi_next(sphere.sin_x), chi = 0.0 - psi_next, chi_next = psi;
    for (std::int64_t n = 0; n <= terms; ++n) {
        const double order = static_cast<double>(n);
        const Lanes factor = (2.0 * order + 1.0) / x, psi_before = psi, chi_before = chi;
        psi = psi_next;
        psi_next =
            Lanes::where_at_least(x, order + 1.0, factor * psi - psi_before, psi * Lanes(medium + kLanes * (n + 1)));
        chi = chi_next;
        chi_next = factor * chi - chi_before;
        if (n == 0) continue;
        double* to = state + kStateRow * (n - 1);
        const Complex<Lanes> a = exit.electric(order, to), b = exit.magnetic(to);
        quotient(a.re * psi - psi_next, a.im * psi, a.re * chi - chi_next, a.im * chi, to);
        quotient(b.re * psi - psi_next, b.im * psi, b.re * chi - chi_next, b.im * chi, to + 2 * kLanes);
    }
}

SIMCORE_DISPATCH_LANES(core_block, core_body,
                       (const Sphere& sphere, std::int64_t terms, double* r, double* state, double* medium),
                       (sphere, terms, r, state, medium))
SIMCORE_DISPATCH_LANES(shell_block, shell_body, (const Shell& shell, std::int64_t terms, double* r, double* state),
                       (shell, terms, r, state))
SIMCORE_DISPATCH_LANES(surface_block, surface_body,
                       (const Sphere& sphere, std::int64_t terms, const double* medium, double* state),
                       (sphere, terms, medium, state))

}  // namespace

void layered_coefficients(std::int64_t count, std::int64_t layers, const double* size_parameter,
                          const std::complex<double>* relative_index, const std::int64_t* terms, std::int64_t stride,
                          std::complex<double>* a, std::complex<double>* b) {
    Sphere sphere;
    sphere.shells.resize(static_cast<std::size_t>(layers - 1));
    std::vector<double> scratch;
    for (std::int64_t first = 0; first < count; first += kLanes) {
        std::int64_t most = 0;
        for (int lane = 0; lane < kLanes; ++lane) {
            const std::int64_t i = std::min(first + lane, count - 1);
            prepare(sphere, lane, static_cast<std::size_t>(layers), size_parameter + i * layers,
                    relative_index + i * layers, terms[i]);
            most = std::max(most, terms[i]);
        }
        scratch.resize(static_cast<std::size_t>((kRatioRow + kLanes) * (most + 2) + kStateRow * most));
        double* medium = scratch.data() + kRatioRow * (most + 2);
        double* state = medium + kLanes * (most + 2);
        core_block(sphere, most, scratch.data(), state, medium);
        for (const Shell& shell : sphere.shells) shell_block(shell, most, scratch.data(), state);
        surface_block(sphere, most, medium, state);
        for (std::int64_t i = first; i < std::min(first + kLanes, count); ++i) {
            for (std::int64_t n = 0; n < stride; ++n) {
                const double* row = state + kStateRow * n + (i - first);
                const bool inside = n < terms[i];
                a[i * stride + n] = inside ? std::complex<double>(row[0], row[kLanes]) : 0.0;
                b[i * stride + n] = inside ? std::complex<double>(row[2 * kLanes], row[3 * kLanes]) : 0.0;
            }
        }
    }
}

}  // namespace simcore
