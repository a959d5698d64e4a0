#include "emission_pupil.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kGrazing = 1e-12;  // least cosine: the weights are singular at 90 degrees
constexpr int kSpreadPoints = 128;

struct Complex {
    double re, im;
};

SIMCORE_INLINE Complex times(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }

// scale / a
SIMCORE_INLINE Complex over(double scale, Complex a) {
    const double inverse = scale / (a.re * a.re + a.im * a.im);
    return {a.re * inverse, -a.im * inverse};
}

struct Weights {
    Complex along, across;
};

// sqrt(n^2 - s^2) - n without cancellation.
SIMCORE_INLINE double gap(double n, double square) { return -square / (n + std::sqrt(std::max(n * n - square, 0.0))); }

// t n_i sqrt(cos t_i) / (n cos t), or t n_i cos t_i / (n cos t) without apodisation.
SIMCORE_INLINE Weights layered_weights(const EmissionOptics& o, bool aplanatic, double square, Complex medium) {
    const double n = o.medium, g = o.coverslip, i = o.immersion;
    const double glass = std::sqrt(std::max(g * g - square, kGrazing));
    const double oil = std::sqrt(std::max(i * i - square, kGrazing));
    const double lens = aplanatic ? std::sqrt(i * oil) : oil;
    const double across = 2.0 * glass / (glass + oil), along = 2.0 * glass / (i / g * glass + g / i * oil);
    return {over(2.0 * along * lens, {g / n * medium.re + n / g * glass, g / n * medium.im}),
            over(2.0 * across * lens, {medium.re + glass, medium.im})};
}

struct Rows {
    std::int64_t count;
    const double* w;
    double *u_re, *u_im, *v_re, *v_im, *k_re, *k_im, *axial, *decay, *path;
};

SIMCORE_INLINE double static_path(const EmissionOptics& o, const RadialWavefront& wavefront, double w, double square,
                                  double immersion_thickness) {
    double power = w, path = 0.0;
    for (std::int64_t k = 0; k < wavefront.count; ++k, power *= w) path += wavefront.coefficient[k] * power;
    if (o.layered())
        path +=
            (o.coverslip_thickness * gap(o.coverslip, square) -
             o.coverslip_thickness_nominal * gap(o.coverslip_nominal, square)) +
            (immersion_thickness * gap(o.immersion, square) - o.working_distance * gap(o.immersion_nominal, square));
    return path;
}

// The phases of the path, and the apodisation by the waist.
SIMCORE_INLINE void turn_body(double wavenumber, double inverse_waist, const Rows& to) {
    for (std::int64_t j = 0; j < to.count; ++j) {
        const elementary::SinCos turn = elementary::sincos(wavenumber * to.path[j]);
        const double amplitude = elementary::exp(-to.w[j] * inverse_waist);
        const Complex factor{amplitude * turn.cos, amplitude * turn.sin};
        const Complex u = times({to.u_re[j], to.u_im[j]}, factor), v = times({to.v_re[j], to.v_im[j]}, factor);
        const Complex k = times({to.k_re[j], to.k_im[j]}, factor);
        to.u_re[j] = u.re;
        to.u_im[j] = u.im;
        to.v_re[j] = v.re;
        to.v_im[j] = v.im;
        to.k_re[j] = k.re;
        to.k_im[j] = k.im;
    }
}

SIMCORE_INLINE void pupil_body(const EmissionOptics& o, const EmissionModel& model, const RadialWavefront& wavefront,
                               double wavenumber, double thickness, const Rows& to) {
    const double aperture = o.aperture(), n = o.medium;
    const bool layered = o.layered();
    const double inverse_waist = 1.0 / (o.waist * o.waist);
    for (std::int64_t j = 0; j < to.count; ++j) {
        const double square = aperture * aperture * to.w[j];
        const double rest = n * n - square, root = std::sqrt(std::abs(rest));
        const bool evanescent = rest < 0.0;
        to.axial[j] = evanescent ? -n : -square / (n + root);
        to.decay[j] = evanescent ? root : 0.0;
        to.path[j] = static_path(o, wavefront, to.w[j], square, thickness);
        const Complex medium{evanescent ? 0.0 : root, evanescent ? root : 0.0};
        const double front = layered ? std::sqrt(std::max(o.immersion * o.immersion - square, kGrazing)) / o.immersion
                                     : std::max(root, kGrazing) / n;
        const double plain = model.aplanatic ? 1.0 / std::sqrt(front) : 1.0;
        Weights weight{{plain, 0.0}, {plain, 0.0}};
        if (layered && model.vectorial) weight = layered_weights(o, model.aplanatic, square, medium);
        const Complex across = weight.across, along = weight.along;
        const Complex tilted = times(along, {medium.re / n, medium.im / n});
        const double sine = std::sqrt(square) / n;
        const bool vectorial = model.vectorial;
        to.u_re[j] = vectorial ? 0.5 * (across.re + tilted.re) : across.re;
        to.u_im[j] = vectorial ? 0.5 * (across.im + tilted.im) : across.im;
        to.v_re[j] = vectorial ? 0.5 * (across.re - tilted.re) : 0.0;
        to.v_im[j] = vectorial ? 0.5 * (across.im - tilted.im) : 0.0;
        to.k_re[j] = vectorial ? sine * along.re : 0.0;
        to.k_im[j] = vectorial ? sine * along.im : 0.0;
    }
    if (layered || wavefront.count > 0 || inverse_waist > 0.0) turn_body(wavenumber, inverse_waist, to);
}

SIMCORE_DISPATCH(pupil_dispatched, pupil_body,
                 (const EmissionOptics& o, const EmissionModel& model, const RadialWavefront& wavefront,
                  double wavenumber, double thickness, const Rows& to),
                 (o, model, wavefront, wavenumber, thickness, to))

double immersion_thickness(const EmissionOptics& o) {
    if (!o.layered()) return 0.0;
    return o.immersion * ((o.working_distance / o.immersion_nominal - o.focus_depth / o.medium) +
                          (o.coverslip_thickness_nominal / o.coverslip_nominal - o.coverslip_thickness / o.coverslip));
}

}  // namespace

void emission_pupil(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                    double wavelength, std::int64_t count, const double* w, EmissionPupil& to) {
    to.count = count;
    for (std::vector<double>* row :
         {&to.u_re, &to.u_im, &to.v_re, &to.v_im, &to.k_re, &to.k_im, &to.axial, &to.decay, &to.path})
        row->resize(static_cast<std::size_t>(count));
    pupil_dispatched(optics, model, wavefront, kTwoPi / wavelength, immersion_thickness(optics),
                     {count, w, to.u_re.data(), to.u_im.data(), to.v_re.data(), to.v_im.data(), to.k_re.data(),
                      to.k_im.data(), to.axial.data(), to.decay.data(), to.path.data()});
}

Spread emission_spread(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength, double low,
                       double high) {
    const double aperture = optics.aperture(), thickness = immersion_thickness(optics);
    const double stop = optics.stop * optics.stop;
    Spread spread{0.0, 0.0};
    double before[2] = {0.0, 0.0}, total[2] = {0.0, 0.0}, sine_before = 0.0;
    int first = 0;
    if (!optics.layered() && wavefront.count == 0) {
        // Defocus alone changes one way, and fastest at the rim.
        first = kSpreadPoints - 2;
        const double q = 1.0 / (kSpreadPoints - 1), rim = aperture * aperture;
        const double inner = gap(optics.medium, rim * stop),
                     outer = gap(optics.medium, rim * (1.0 - (1.0 - stop) * q * q));
        total[0] = std::abs(low * (outer - inner));
        total[1] = std::abs(high * (outer - inner));
    }
    for (int i = first; i < kSpreadPoints; ++i) {
        // Dense towards the rim, where the path changes fastest.
        const double q = 1.0 - static_cast<double>(i) / (kSpreadPoints - 1), w = 1.0 - (1.0 - stop) * q * q;
        const double square = aperture * aperture * w, sine = std::sqrt(square);
        const double path = static_path(optics, wavefront, w, square, thickness);
        const bool evanescent = square > optics.medium * optics.medium;
        for (int end = 0; end < 2; ++end) {
            const double depth = end == 0 ? low : high;
            const double here = path + depth * (evanescent ? -optics.medium : gap(optics.medium, square));
            if (i > first) {
                total[end] += std::abs(here - before[end]);
                spread.distance = std::max(spread.distance, std::abs(here - before[end]) / (sine - sine_before));
            }
            before[end] = here;
        }
        sine_before = sine;
    }
    spread.phase = std::max(total[0], total[1]) * kTwoPi / wavelength;
    return spread;
}

}  // namespace simcore
