#include "coherent_setup.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "mie.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kCoarsest = 400.0;                  // largest phase across a pixel
constexpr double kPlain = 2e-4;                      // tolerance from which positions need no double precision
constexpr std::int64_t kMostCoefficients = 1 << 13;  // of spheres that are done side by side
constexpr double kLeftOut = 0.5;                     // share of the tolerance for light that is too weak to be drawn

template <class T>
using Scratch = CoherentScratch<T>;

template <class T>
CoherentDemand demand(double tolerance) {
    const int taps = RadialGrid<T>::taps;
    if (std::is_same_v<T, double>) return {6.0, 10.0, 20.0, {1, taps}};  // coefficients left out are below 1e-12
    if (tolerance >= kLoose) return {3.0, 3.0, 7.0, {2, taps}};          // below 1e-5; interpolation: 3e-4
    if (tolerance >= kPlain) return {4.5, 6.0, 12.0, {2, 10}};           // below 1e-8; 2e-6
    return {4.5, 6.0, 12.0, {1, taps}};                                  // 5e-6
}

// Interpolation by cubics has the error (frequency spacing)^4 / 384 of what there is at that frequency, which may be
// ten times the incident intensity in focus. Intensities have twice the frequency, and twice the points.
double spacing_for(const CoherentSetup& setup, double tolerance) {
    return std::sqrt(std::sqrt(4.0 * tolerance)) / setup.frequency;
}

// Largest distance of a cell from the axis of a particle, micrometres; `margin` in pixels around the cells.
double farthest(const PixelRule& rule, const CoherentSetup& setup, double x, double y, double margin,
                double pixel_size) {
    const double first = rule.position(0) - margin;
    const double right = rule.position(setup.cells - 1) + margin;
    const double bottom = rule.position(rule.cells(setup.height) - 1) + margin;
    const double dx = std::max(std::abs(first - x), std::abs(right - x));
    const double dy = std::max(std::abs(first - y), std::abs(bottom - y));
    return std::sqrt(dx * dx + dy * dy) * pixel_size;
}

Source multipole_source(const Particles& p, std::int64_t row, std::int64_t wavelengths, std::int64_t q) {
    const std::int64_t at = (row * wavelengths + q) * p.terms;
    std::int64_t terms = p.terms;
    while (terms > 0 && p.a[at + terms - 1] == 0.0 && p.b[at + terms - 1] == 0.0) --terms;
    return {terms, p.a + at, p.b + at, 0, nullptr, nullptr};
}

Source table_source(const Particles& p, std::int64_t row, std::int64_t q) {
    const std::int64_t at = (row * p.table_wavelengths + (p.table_wavelengths == 1 ? 0 : q)) * p.angles;
    return {0, nullptr, nullptr, p.angles, p.s1 + at, p.s2 + at};
}

// The sources of every particle at every wavelength, wavelengths innermost; returns the highest order that the light
// scattered has in the angle.
template <class T>
double find_sources(const Light& light, const Particles& p, CoherentSetup& setup, Scratch<T>& s) {
    Particles alone = p;
    if (p.row < 0) scatter_spheres(1, &light, &alone, setup.demand.terms, s.spheres);
    std::int64_t row = alone.row;
    setup.terms = 0;
    for (std::int64_t i = 0, next = row; i < p.count; ++i)
        for (std::int64_t q = 0; p.source[i] < 0 && q < light.wavelengths; ++q)
            setup.terms = std::max(setup.terms, s.spheres.terms[next++]);
    s.sources.clear();
    double order = static_cast<double>(setup.terms);
    std::int64_t terms = setup.terms;
    for (std::int64_t i = 0; i < p.count; ++i) {
        for (std::int64_t q = 0; q < light.wavelengths; ++q) {
            if (p.source[i] < 0) {
                const std::int64_t at = row * s.spheres.stride;
                s.sources.push_back(
                    {s.spheres.terms[row++], s.spheres.a.data() + at, s.spheres.b.data() + at, 0, nullptr, nullptr});
            } else if (p.source[i] < p.multipole_rows) {
                s.sources.push_back(multipole_source(p, p.source[i], light.wavelengths, q));
            } else {
                s.sources.push_back(table_source(p, p.source[i] - p.multipole_rows, q));
                order = std::max(order, static_cast<double>(p.angles) / 6.0);
            }
            terms = std::max(terms, s.sources.back().terms);
        }
    }
    setup.terms = terms;
    return std::max(order, static_cast<double>(terms));
}

// Where the cells of a row begin and how far they reach, for every particle: the nodes and radial points needed.
template <class T>
void choose_directions(RadialTables& tables, const Light& light, const Particles& p, double margin,
                       CoherentSetup& setup, Scratch<T>& s) {
    double swing = 0.0, farthest_z = 0.0, most = 0.0;
    const double wavenumber = kTwoPi / setup.wavelength, n = light.objective.medium_index;
    s.distance.resize(static_cast<std::size_t>(p.count));
    for (std::int64_t i = 0; i < p.count; ++i) {
        s.distance[i] = farthest(s.rule, setup, p.x[i], p.y[i], margin, light.pixel_size);
        most = std::max(most, s.distance[i]);
        farthest_z = std::max(farthest_z, std::abs(p.z[i]));
    }
    const auto directions = [&](double sine) {
        const double below = 1.0 - std::sqrt(std::max(0.0, 1.0 - sine * sine));
        swing = wavenumber * n * ((most + 8.0 * setup.spacing) * sine + farthest_z * below) + setup.order * sine;
        return &s.directions.of(tables, light.objective, sine,
                                {swing, wavenumber, setup.demand.nodes, setup.demand.digits}, setup.terms);
    };
    s.open = directions(setup.sine);
    s.open_profile.transform.forget(setup.demand.steps);
    if (setup.stopped > 0.0) {
        s.blocked = directions(setup.stopped);
        s.blocked_profile.transform.forget(setup.demand.steps);
    }
    s.intervals.resize(static_cast<std::size_t>(p.count));
    for (std::int64_t i = 0; i < p.count; ++i)
        s.intervals[i] = static_cast<std::int64_t>(s.distance[i] / setup.spacing) + 2;
    setup.stride = 4 * (*std::max_element(s.intervals.begin(), s.intervals.end()) + setup.before + setup.after);
}

// Radius in the focal plane beyond which no ray of a particle meets it: those from the edge of the pupil at the angle t
// go through z tan t from the axis, and as far beside that as the particle reaches, order / (k cos t).
double cone(double z, double sine, double radius) {
    const double cosine = std::sqrt(std::max(1e-6, 1.0 - sine * sine));
    return (std::abs(z) * sine + radius) / cosine;
}

template <class T>
void integrands(const Light& light, const Particles& p, const CoherentSetup& setup, const Directions& directions,
                std::int64_t first, std::int64_t fields, SourceScratch& scratch, const Scratch<T>& s,
                std::vector<double>& to) {
    to.resize(static_cast<std::size_t>(4 * directions.count * fields));
    for (std::int64_t f = 0; f < fields; ++f) {
        const std::int64_t i = (first + f) / light.wavelengths, q = (first + f) % light.wavelengths;
        const double vacuum = kTwoPi / light.wavelength[q], k = vacuum * light.objective.medium_index;
        const double constant = setup.backward ? 2.0 * k * (p.z[i] - light.reflector) : 0.0;
        integrand(directions, s.sources[first + f], setup.backward, {vacuum, k * p.z[i], constant}, scratch,
                  to.data() + 4 * directions.count * f);
    }
}

}  // namespace

template <class T>
CoherentSetup set_up(const Light& light, bool backward, std::int64_t height, std::int64_t width, double tolerance) {
    CoherentSetup setup{};
    setup.demand = demand<T>(tolerance);
    setup.backward = backward;
    setup.plain = std::is_same_v<T, float> && tolerance >= kPlain;
    setup.height = height;
    setup.width = width;
    setup.sine = light.objective.sine();
    setup.stopped = light.objective.stopped_sine();
    setup.wavelength = *std::min_element(light.wavelength, light.wavelength + light.wavelengths);
    setup.frequency = kTwoPi * light.objective.medium_index * setup.sine / setup.wavelength;
    if (!(setup.frequency * light.pixel_size < kCoarsest))
        throw std::domain_error("pixel_size: more than a hundred times what the aperture resolves");
    setup.spacing = spacing_for(setup, tolerance);
    setup.after = kAfter;
    return setup;
}

// What many particles are off by adds up at random: with the root of their number, or with the number where that is
// less.
void choose_least(const Light& light, std::int64_t count, bool squared, double tolerance, CoherentSetup& setup) {
    setup.least = setup.error = setup.quiet = 0.0;
    if (squared) setup.quiet = 0.05 * tolerance / static_cast<double>(2 * light.wavelengths);
    if (!setup.plain || setup.stopped > 0.0 || light.wavelengths > 1) return;
    const double steepest =  // of what is drawn, with the amplitude
        squared ? std::max(1e-6, 2.0 * light.weight[0] * std::max(1.0, std::abs(reference(light, 0)))) : 1.0;
    const double particles = static_cast<double>(count);
    const double each = tolerance / (steepest * std::min(particles, 2.0 * std::sqrt(particles)));
    setup.least = kLeftOut * each;
    setup.error = 0.05 * each;
}

template <class T>
void divide_pixels(const Light& light, double highest, double accuracy, CoherentSetup& setup, Scratch<T>& s) {
    s.rule = pixel_rule(highest * light.pixel_size, accuracy);
    setup.cells = s.rule.cells(setup.width);
}

template <class T>
void prepare(RadialTables& tables, const Light& light, const Particles& p, double margin, CoherentSetup& setup,
             Scratch<T>& s) {
    setup.order = find_sources(light, p, setup, s);
    choose_directions(tables, light, p, margin, setup, s);
}

template <class T>
void profiles(RadialTables& tables, const Light& light, const Particles& p, const CoherentSetup& setup,
              std::int64_t first, std::int64_t fields, Scratch<T>& s) {
    const auto run = [&](const Directions& directions, ProfileScratch<T>& scratch, std::vector<double>& values,
                         AlignedVector<T>& quads) {
        integrands(light, p, setup, directions, first, fields, s.source, s, values);
        s.profiles.resize(static_cast<std::size_t>(fields));
        for (std::int64_t f = 0; f < fields; ++f) {
            const std::int64_t i = (first + f) / light.wavelengths, q = (first + f) % light.wavelengths;
            const double k = kTwoPi * light.objective.medium_index / light.wavelength[q];
            s.profiles[f] = {k * directions.sine * setup.spacing, s.intervals[i] + setup.after};
        }
        quads.resize(static_cast<std::size_t>(setup.stride * fields));
        radial_profiles(tables, directions, fields, values.data(), s.profiles.data(), setup.before, scratch,
                        setup.stride, quads.data());
    };
    run(*s.open, s.open_profile, s.integrands, s.quads);
    if (setup.stopped > 0.0) {
        run(*s.blocked, s.blocked_profile, s.blocked_integrands, s.blocked_quads);
        for (std::int64_t i = 0; i < setup.stride * fields; ++i) s.quads[i] -= s.blocked_quads[i];
    }
}

template <class T>
void make_tables(RadialTables& tables, const Light& light, const Particles& p, const CoherentSetup& setup,
                 Scratch<T>& s) {
    const std::int64_t waves = light.wavelengths, fields = p.count * waves;
    s.fields.clear();
    for (std::int64_t first = 0; first < fields; first += kTogether) {
        const std::int64_t here = std::min(kTogether, fields - first);
        // Where a pupil bends the rays, it is not known from where on the light falls off.
        if (setup.least > 0.0 && s.open->flat) {
            const double k = setup.frequency / setup.sine;
            integrands(light, p, setup, *s.open, first, here, s.source, s, s.integrands);
            s.wanted.clear();
            for (std::int64_t i = first; i < first + here; ++i)
                s.wanted.push_back({setup.frequency * s.distance[i],
                                    setup.frequency * cone(p.z[i], setup.sine, setup.order / k), setup.least});
            add_tables(tables, *s.open, here, s.integrands.data(), s.wanted.data(), setup.error, s.open_profile,
                       s.fields);
        } else {
            profiles(tables, light, p, setup, first, here, s);
            for (std::int64_t f = 0; f < here; ++f)
                add_table(s.intervals[(first + f) / waves], setup.frequency * setup.spacing,
                          s.quads.data() + f * setup.stride, s.fields);
        }
    }
    s.fields.connect();
}

std::int64_t scatter_spheres(std::int64_t count, const Light* lights, Particles* particles, double margin,
                             SphereRows& rows) {
    rows.size.clear();
    rows.index.clear();
    rows.terms.clear();
    rows.stride = 0;
    std::int64_t image = 0;
    for (; image < count && static_cast<std::int64_t>(rows.size.size()) * rows.stride <= kMostCoefficients; ++image) {
        const Light& light = lights[image];
        Particles& p = particles[image];
        p.row = static_cast<std::int64_t>(rows.size.size());
        const double n = light.objective.medium_index;
        for (std::int64_t i = 0; i < p.count; ++i)
            for (std::int64_t q = 0; p.source[i] < 0 && q < light.wavelengths; ++q) {
                rows.size.push_back(kTwoPi * n * p.radius[i] / light.wavelength[q]);
                rows.index.emplace_back(p.index[i].real() / n, p.index[i].imag() / n);
                rows.terms.push_back(mie_terms(rows.size.back(), margin));
                rows.stride = std::max(rows.stride, rows.terms.back());
            }
    }
    const auto spheres = static_cast<std::int64_t>(rows.size.size());
    rows.a.resize(static_cast<std::size_t>(spheres * rows.stride));
    rows.b.resize(static_cast<std::size_t>(spheres * rows.stride));
    if (spheres > 0)
        mie_coefficients(spheres, rows.size.data(), rows.index.data(), rows.terms.data(), rows.stride, rows.a.data(),
                         rows.b.data());
    return image;
}

template <class T>
double term_margin(double tolerance) {
    return demand<T>(tolerance).terms;
}

#define SIMCORE_SETUP(T)                                                                                         \
    template double term_margin<T>(double);                                                                      \
    template CoherentSetup set_up<T>(const Light&, bool, std::int64_t, std::int64_t, double);                    \
    template void divide_pixels<T>(const Light&, double, double, CoherentSetup&, CoherentScratch<T>&);           \
    template void prepare<T>(RadialTables&, const Light&, const Particles&, double, CoherentSetup&,              \
                             CoherentScratch<T>&);                                                               \
    template void profiles<T>(RadialTables&, const Light&, const Particles&, const CoherentSetup&, std::int64_t, \
                              std::int64_t, CoherentScratch<T>&);                                                \
    template void make_tables<T>(RadialTables&, const Light&, const Particles&, const CoherentSetup&,            \
                                 CoherentScratch<T>&);

SIMCORE_SETUP(float)
SIMCORE_SETUP(double)

}  // namespace simcore
