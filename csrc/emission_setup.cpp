#include "emission_setup.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bessel.hpp"
#include "elementary.hpp"
#include "emission_rows.hpp"
#include "radial_mean.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kCoarsest = 400.0;                         // largest phase across a pixel
constexpr std::int64_t kMostCells = std::int64_t{1} << 28;  // of the grid that is integrated over the pixels
constexpr double kLoose = 1e-3;                             // tolerance from which the radial steps may be wider
constexpr double kRound = 0.5;                              // of the tolerance, for pixels taken to be round
constexpr double kTail = 0.02;                              // share of the tolerance that is left out far away

// Nodes beyond the least number, and the natural logarithm of the accuracy of the quadrature.
template <class T>
constexpr double kSpare = sizeof(T) == 4 ? 6.0 : 10.0;
template <class T>
constexpr double kDigits = sizeof(T) == 4 ? 12.0 : 20.0;

// A rule on [low, high] from one on [0, 1].
struct Piece {
    double low, high;
    enum { plain, upper, both } singular;  // where the integrand has square roots
};

void append(const Piece& piece, int count, std::vector<double>& w, std::vector<double>& weight) {
    std::vector<double> q(count), share(count);
    gauss_legendre(count, q.data(), share.data());
    const double length = piece.high - piece.low;
    for (int j = 0; j < count; ++j) {
        double at = q[j], slope = 1.0;
        if (piece.singular == Piece::upper) {
            const double cube = at * at * at;
            slope = 4.0 * cube;
            at = 1.0 - at * cube;
        } else if (piece.singular == Piece::both) {
            slope = 6.0 * at * (1.0 - at);
            at = at * at * (3.0 - 2.0 * at);
        }
        w.push_back(piece.low + length * at);
        weight.push_back(length * slope * share[j]);
    }
}

// Distance beyond the rays' at which the edge of the pupil leaves less than the tolerance, in units of 1 / frequency:
// the tail of a focus is 8 / (pi v^3) of its peak, that of a blurred disc of radius v0 8 / (pi v (v - v0)^2) against 4
// / v0^2.
double tail(double disc, double share, bool own_peak) {
    const double limit = own_peak ? share * std::min(1.0, 4.0 / (disc * disc)) : share;
    const auto left = [&](double x) { return 8.0 / (0.5 * kTwoPi * (disc + x) * x * x); };
    double high = 8.0;
    while (left(high) > limit) high *= 2.0;
    double low = 0.5 * high;
    for (int step = 0; step < 12; ++step) {
        const double middle = 0.5 * (low + high);
        (left(middle) > limit ? low : high) = middle;
    }
    return high;
}

double reach(const EmissionOptics& optics, const Spread& spread, double frequency, double tolerance, bool own_peak) {
    const double disc = frequency * spread.distance, open = 1.0 - optics.stop * optics.stop;
    // Rims that are bright, as grazing ones are, or two of them, leave more light outside.
    const double grazing = optics.aperture() > 0.9 * optics.medium ? 0.25 : 1.0;
    const double bright = grazing * (optics.stop > 0.0 ? 0.25 * open * open : 1.0);
    return spread.distance + tail(disc, kTail * tolerance * bright, own_peak) / frequency;
}

// Largest distance of a cell from an emitter, in pixels.
double farthest(const PixelRule& rule, const EmissionSetup& setup, double x, double y) {
    const double first = rule.position(0);
    const double right = rule.position(setup.cells - 1), bottom = rule.position(setup.rows - 1);
    const double dx = std::max(std::abs(first - x), std::abs(right - x));
    const double dy = std::max(std::abs(first - y), std::abs(bottom - y));
    return std::sqrt(dx * dx + dy * dy);
}

// The smallest index of a layer: the integrand has a branch point where s reaches it.
double first_branch(const EmissionOptics& optics) {
    if (!optics.layered()) return optics.medium;
    return std::min(
        {optics.medium, optics.immersion, optics.coverslip, optics.immersion_nominal, optics.coverslip_nominal});
}

// Gauss points that resolve the phases over the pupil: 4 per 2 pi of half the pupil's total, and a margin; more where
// the integrand is singular just outside the interval (convergence as rate^(-2 N)), twice as many where it is at its
// end.
template <class T>
void choose_nodes(const EmissionOptics& optics, double phase, EmissionSetup& setup, EmissionScratch<T>& s,
                  RadialTables& tables) {
    const double ratio = optics.aperture() / first_branch(optics), square = ratio * ratio;
    const bool beyond = optics.layered() && optics.aperture() > optics.medium;
    setup.grazing = square > 0.96;
    setup.special = beyond || optics.stop > 0.0;
    double wanted = 0.25 * phase + kSpare<T>;
    if (setup.grazing) {
        wanted = 0.5 * phase + 2.0 * kSpare<T>;
    } else {
        const double x = 2.0 / square - 1.0;
        wanted += 0.5 * kDigits<T> / elementary::log(x + std::sqrt(x * x - 1.0));
    }
    if (beyond) wanted += kDigits<T>;
    setup.count = nodes_on_ladder(wanted);
    s.w.clear();
    s.weight.clear();
    if (!setup.special) {
        const std::shared_ptr<const PupilNodes> nodes = tables.nodes(setup.grazing, setup.count);
        s.w = nodes->w;
        s.root = nodes->root;
        s.weight = nodes->weight;
        return;
    }
    const double stop = optics.stop * optics.stop;
    const double critical = optics.medium * optics.medium / (optics.aperture() * optics.aperture());
    if (beyond && critical > stop) {
        append({stop, critical, Piece::upper}, setup.count, s.w, s.weight);
        append({critical, 1.0, Piece::both}, setup.count, s.w, s.weight);
    } else {
        append({stop, 1.0,
                beyond          ? Piece::both
                : setup.grazing ? Piece::upper
                                : Piece::plain},
               setup.count, s.w, s.weight);
    }
    s.root.resize(s.w.size());
    for (std::size_t j = 0; j < s.w.size(); ++j) s.root[j] = std::sqrt(s.w[j]);
}

// Tables of the Bessel functions for points up to `last`.
template <class T>
std::int64_t fetch_panels(RadialTables& tables, const EmissionSetup& setup, double last, EmissionScratch<T>& s) {
    const std::int64_t panels = (static_cast<std::int64_t>(last) + RadialGrid<T>::taps) / kPanel + 1;
    const Orders orders = static_cast<Orders>(setup.orders);
    const std::int64_t nodes = static_cast<std::int64_t>(s.w.size());
    for (std::int64_t p = static_cast<std::int64_t>(s.tables.size()); p < panels; ++p) {
        if (setup.special) {
            auto made = std::make_shared<Panel<T>>(static_cast<std::size_t>(nodes * setup.orders * kPanel));
            fill_panel(nodes, s.root.data(), p, orders, made->data());
            s.panels.push_back(made);
        } else {
            s.panels.push_back(tables.panel<T>(setup.grazing, setup.count, p, orders));
        }
        s.tables.push_back(s.panels.back()->data());
    }
    return panels;
}

// Light of an emitter at z = 0 that the pupil lets pass, in the units of the fields: Int |pupil|^2 dw.
template <class T>
double power(const EmissionScratch<T>& s, bool vectorial, bool decays, double wavenumber, const Emitter& emitter) {
    const EmissionPupil& p = s.pupil;
    double flat = 0.0, up = 0.0;
    for (std::int64_t j = 0; j < p.count; ++j) {
        const double decay = decays ? elementary::exp(-2.0 * wavenumber * emitter.focus * p.decay[j]) : 1.0;
        const double left = decay * s.weight[j];
        flat +=
            left * ((p.u_re[j] * p.u_re[j] + p.u_im[j] * p.u_im[j]) + (p.v_re[j] * p.v_re[j] + p.v_im[j] * p.v_im[j]));
        up += left * (p.k_re[j] * p.k_re[j] + p.k_im[j] * p.k_im[j]);
    }
    if (!vectorial) return flat;
    return emitter.fixed ? emitter.sine * emitter.sine * flat + emitter.cosine * emitter.cosine * up : 2.0 * flat + up;
}

// The pupil with the phase of its depth and the weights of the quadrature.
template <class T>
void integrand(const EmissionSetup& setup, double phase, bool decays, EmissionScratch<T>& s) {
    const EmissionPupil& p = s.pupil;
    const std::size_t nodes = static_cast<std::size_t>(p.count);
    s.integrand.resize(2 * static_cast<std::size_t>(setup.orders) * nodes);
    s.turn.resize(2 * nodes);
    at_depth(DepthCall<T>{p.count,
                          setup.orders,
                          decays,
                          phase,
                          s.weight.data(),
                          p.axial.data(),
                          p.decay.data(),
                          {p.u_re.data(), p.u_im.data(), p.k_re.data(), p.k_im.data(), p.v_re.data(), p.v_im.data()},
                          s.turn.data(),
                          s.integrand.data()});
}

}  // namespace

double emission_reach(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength, double low,
                      double high, double tolerance) {
    return reach(optics, emission_spread(optics, wavefront, wavelength, low, high),
                 kTwoPi * optics.aperture() / wavelength, tolerance, false);
}

template <class T>
EmissionSetup set_up_emission(const EmissionOptics& optics, const EmissionModel& model,
                              const RadialWavefront& wavefront, const Spectrum& light, const EmitterList& emitters,
                              double tolerance, std::int64_t height, std::int64_t width, bool again,
                              EmissionScratch<T>& s, RadialTables& tables) {
    EmissionSetup setup;
    setup.height = height;
    setup.width = width;
    setup.wavelength = *std::min_element(light.wavelength, light.wavelength + light.count);
    setup.frequency = kTwoPi * optics.aperture() / setup.wavelength;
    if (!(setup.frequency * optics.pixel_size < kCoarsest))
        throw std::domain_error("pixel_size: more than a hundred times what the aperture resolves");
    // Interpolation by cubics has the error (frequency spacing)^4 / 384; an intensity has twice the frequency of a
    // field.
    setup.spacing = std::sqrt(std::sqrt(64.0 * tolerance)) / (2.0 * setup.frequency);
    const double bandwidth = 2.0 * setup.frequency * optics.pixel_size;
    setup.round = mean_is_round(bandwidth, optics.stop > 0.0 ? 0.3 : 0.1, kRound * tolerance);
    if (setup.round) {
        s.rule = PixelRule::centres();
    } else if (bandwidth != s.bandwidth) {
        s.rule = pixel_rule(bandwidth, 0.2 * tolerance);
    }
    s.bandwidth = setup.round ? -1.0 : bandwidth;
    // Of the highest frequencies, which cubics and differences follow least, the mean over a pixel leaves little.
    if (setup.round && tolerance >= kLoose) setup.spacing *= 1.5;
    setup.scale = optics.pixel_size / setup.spacing;
    setup.cells = s.rule.cells(setup.width);
    setup.rows = s.rule.cells(setup.height);
    if (setup.cells > kMostCells / setup.rows)
        throw std::domain_error("pixel_size: too many cells would be needed to integrate over these pixels");
    const auto depths = std::minmax_element(emitters.z, emitters.z + emitters.count);
    const Spread spread =
        emission_spread(optics, wavefront, setup.wavelength, optics.depth(*depths.first), optics.depth(*depths.second));
    setup.reach = reach(optics, spread, setup.frequency, tolerance, true);
    double distance = 0.0;
    for (std::int64_t i = 0; i < emitters.count; ++i)
        distance = std::max(distance, farthest(s.rule, setup, emitters.x[i], emitters.y[i]) * optics.pixel_size);
    setup.reach = std::min(setup.reach, distance + 0.1 * setup.spacing);  // the farthest itself among them
    setup.intervals = static_cast<std::int64_t>(setup.reach / setup.spacing) + 2;
    setup.points = setup.intervals + kEmissionMargin + (setup.round ? kMeanMargin : 0);
    setup.orders = model.vectorial ? 3 : 1;
    choose_nodes(
        optics,
        setup.frequency * (setup.reach + static_cast<double>(setup.points - setup.intervals + 1) * setup.spacing) +
            spread.phase,
        setup, s, tables);
    if (again && setup.count == s.nodes) return setup;
    s.nodes = setup.count;
    s.panels.clear();
    s.tables.clear();
    s.pupil.count = 0;
    return setup;
}

template <class T>
void emission_profile(RadialTables& tables, const EmissionOptics& optics, const EmissionModel& model,
                      const RadialWavefront& wavefront, const Spectrum& light, const EmissionSetup& setup,
                      const Emitter& emitter, EmissionScratch<T>& s) {
    const std::size_t points = static_cast<std::size_t>(setup.points), waves = static_cast<std::size_t>(light.count);
    std::vector<double> steps{static_cast<double>(setup.points)};  // what the weights of interpolation depend on
    for (std::int64_t q = 0; q < light.count; ++q)
        steps.push_back(optics.aperture() / light.wavelength[q] * setup.spacing);
    const bool fresh = steps != s.steps;
    s.steps = steps;
    s.lagrange.resize(waves * points * RadialGrid<T>::taps);
    s.radial_base.resize(waves * points);
    s.even.assign(points, T(0));
    s.odd.assign(points, T(0));
    s.twice.assign(points, T(0));
    for (std::int64_t q = 0; q < light.count; ++q) {
        const double wavenumber = kTwoPi / light.wavelength[q], highest = wavenumber * optics.aperture();
        if (q > 0 || s.pupil.count == 0)
            emission_pupil(optics, model, wavefront, light.wavelength[q], static_cast<std::int64_t>(s.w.size()),
                           s.w.data(), s.pupil);
        const bool decays = optics.layered() && optics.aperture() > optics.medium;
        integrand(setup, wavenumber * emitter.depth, decays, s);
        const double ratio = highest * setup.spacing / RadialGrid<T>::step;
        const std::int64_t panels =
            fetch_panels(tables, setup, static_cast<double>(setup.points - 1 - kEmissionBefore) * ratio, s);
        const std::int64_t row = panels * kPanel, width = model.vectorial ? 8 : 2;
        s.planes.resize(static_cast<std::size_t>(2 * setup.orders * row));
        s.padded.resize(static_cast<std::size_t>(width * (row + RadialGrid<T>::taps)));
        s.fields.resize(points * static_cast<std::size_t>(width));
        radial_fields({s.pupil.count, panels, s.tables.data(), setup.orders, s.integrand.data(), ratio, kEmissionBefore,
                       setup.points, fresh, s.planes.data(), s.padded.data(),
                       s.lagrange.data() + q * points * RadialGrid<T>::taps, s.fields.data(),
                       s.radial_base.data() + q * points});
        const double pixel = highest * optics.pixel_size;
        const double scale =
            light.weight[q] * pixel * pixel / (2.0 * kTwoPi) / power(s, model.vectorial, decays, wavenumber, emitter);
        add_squares({setup.points, model.vectorial, emitter.fixed, scale, emitter.sine, emitter.cosine, s.fields.data(),
                     s.even.data(), s.odd.data(), s.twice.data()});
    }
    if (setup.round) {
        const double step = setup.spacing / optics.pixel_size;
        mean_radial(0, step, kEmissionBefore, setup.points, s.even.data(), s.laplacians);
        if (emitter.fixed) {
            mean_radial(1, step, kEmissionBefore, setup.points, s.odd.data(), s.laplacians);
            mean_radial(2, step, kEmissionBefore, setup.points, s.twice.data(), s.laplacians);
        }
    }
    if (light.count > 1) s.pupil.count = 0;  // that of the last wavelength: not the next emitter's first
}

#define SIMCORE_EMISSION(T)                                                                                            \
    template EmissionSetup set_up_emission<T>(const EmissionOptics&, const EmissionModel&, const RadialWavefront&,     \
                                              const Spectrum&, const EmitterList&, double, std::int64_t, std::int64_t, \
                                              bool, EmissionScratch<T>&, RadialTables&);                               \
    template void emission_profile<T>(RadialTables&, const EmissionOptics&, const EmissionModel&,                      \
                                      const RadialWavefront&, const Spectrum&, const EmissionSetup&, const Emitter&,   \
                                      EmissionScratch<T>&);

SIMCORE_EMISSION(float)
SIMCORE_EMISSION(double)

}  // namespace simcore
