#include "coherent.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>
#include <vector>

#include "aligned.hpp"
#include "elementary.hpp"
#include "mie.hpp"
#include "pixels.hpp"
#include "radial_intensity.hpp"
#include "radial_profile.hpp"
#include "refine.hpp"
#include "scattering.hpp"
#include "sphere_rows.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kCoarsest = 400.0;            // largest phase across a pixel
constexpr double kPlain = 2e-4;                // tolerance above which positions need no double precision
constexpr double kLoose = 5e-3;                // tolerance above which sums may stop early
constexpr std::int64_t kBefore = 3;            // radial points before r = 0, for the derivatives of fields
constexpr std::int64_t kBeforeHalves = 4;      // and for what lies half-way between the points
constexpr std::int64_t kAfter = 4;             // and beyond the intervals in use
constexpr std::int64_t kBand = 8, kTile = 64;  // rows and columns of a tile of many particles' image
constexpr std::int64_t kFields = 16;           // fields that are worked on together

// What the accuracy asks for.
struct Demand {
    double terms;   // multiple of x^(1/3) in the number of coefficients
    double nodes;   // nodes beyond the least number
    double digits;  // natural logarithm of the accuracy of the quadrature
    int stride;     // of the points of the radial grid
};

template <class T>
Demand demand(double tolerance) {
    if (std::is_same_v<T, double>) return {6.0, 10.0, 20.0, 1};  // coefficients left out are below 1e-12
    return tolerance < kLoose ? Demand{4.5, 6.0, 12.0, 1} : Demand{3.0, 3.0, 7.0, 2};  // below 1e-8, 1e-5
}

// Numbers that follow from the request; lengths in micrometres.
struct Setup {
    Demand demand;
    bool backward, plain;
    double sine, stopped;          // of the outermost direction, and of the outermost one that is blocked
    double wavelength, frequency;  // shortest wavelength; frequency: 2 pi NA / wavelength
    double spacing;                // of the radial points
    std::int64_t before;           // radial points before r = 0
    std::int64_t height, width, cells;
    std::int64_t terms, stride;  // of the coefficients and of the radial functions
};

}  // namespace

template <class T>
struct CoherentScratch {
    PixelRule rule;
    Refinement refinement;
    Directions open, blocked;
    ProfileScratch<T> open_profile, blocked_profile;
    SourceScratch source;
    std::vector<double> size, distance, integrands, blocked_integrands;
    std::vector<std::complex<double>> index, a, b;
    std::vector<std::int64_t> terms, sphere, intervals, piece;
    std::vector<Source> sources;
    std::vector<Profile> profiles, blocked_profiles;
    AlignedVector<T> quads, blocked_quads, halves, functions, pieces, rows, column, line, weight, constant;
    AlignedVector<T> fraction, cosine, sine, values, sums, coarse, ring, phases;
    AlignedVector<double> dx;
    AlignedVector<float> plain_dx;
    std::vector<const T*> row_pointers;
    AlignedVector<std::int32_t> base;
};

namespace {

template <class T>
using Scratch = CoherentScratch<T>;

// Interpolation by cubics has the error (frequency spacing)^4 / 384 of what there is at that frequency, which may be
// ten times the incident intensity in focus. Intensities have twice the frequency, and twice the points.
double spacing_for(const Setup& setup, double tolerance) {
    return std::sqrt(std::sqrt(4.0 * tolerance)) / setup.frequency;
}

template <class T>
Setup set_up(const Light& light, bool backward, std::int64_t height, std::int64_t width, double tolerance) {
    Setup setup{};
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
    return setup;
}

// `highest`: frequency up to which what is drawn must be averaged over the pixels well.
template <class T>
void divide_pixels(const Light& light, double highest, double accuracy, Setup& setup, Scratch<T>& s) {
    s.rule = pixel_rule(highest * light.pixel_size, accuracy);
    setup.cells = s.rule.cells(setup.width);
}

// Largest distance of a cell from the axis of a particle, micrometres; `margin` in pixels around the cells.
double farthest(const PixelRule& rule, const Setup& setup, double x, double y, double margin, double pixel_size) {
    const double first = rule.position(0) - margin;
    const double right = rule.position(setup.cells - 1) + margin;
    const double bottom = rule.position(rule.cells(setup.height) - 1) + margin;
    const double dx = std::max(std::abs(first - x), std::abs(right - x));
    const double dy = std::max(std::abs(first - y), std::abs(bottom - y));
    return std::sqrt(dx * dx + dy * dy) * pixel_size;
}

// Coefficients of the homogeneous spheres at every wavelength: rows of setup.terms, wavelengths innermost.
template <class T>
void scatter_spheres(const Light& light, const Particles& p, Setup& setup, Scratch<T>& s) {
    s.size.clear();
    s.index.clear();
    s.terms.clear();
    s.sphere.assign(static_cast<std::size_t>(p.count), -1);
    const double n = light.objective.medium_index;
    for (std::int64_t i = 0; i < p.count; ++i) {
        if (p.source[i] >= 0) continue;
        s.sphere[i] = static_cast<std::int64_t>(s.size.size());
        for (std::int64_t q = 0; q < light.wavelengths; ++q) {
            s.size.push_back(kTwoPi * n * p.radius[i] / light.wavelength[q]);
            s.index.emplace_back(p.index[i].real() / n, p.index[i].imag() / n);
            s.terms.push_back(mie_terms(s.size.back(), setup.demand.terms));
            setup.terms = std::max(setup.terms, s.terms.back());
        }
    }
    const std::int64_t rows = static_cast<std::int64_t>(s.size.size());
    s.a.resize(static_cast<std::size_t>(rows * setup.terms));
    s.b.resize(static_cast<std::size_t>(rows * setup.terms));
    if (rows > 0)
        mie_coefficients(rows, s.size.data(), s.index.data(), s.terms.data(), setup.terms, s.a.data(), s.b.data());
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
double find_sources(const Light& light, const Particles& p, Setup& setup, Scratch<T>& s) {
    scatter_spheres(light, p, setup, s);
    s.sources.clear();
    double order = static_cast<double>(setup.terms);
    std::int64_t terms = setup.terms;
    for (std::int64_t i = 0; i < p.count; ++i) {
        for (std::int64_t q = 0; q < light.wavelengths; ++q) {
            if (p.source[i] < 0) {
                const std::int64_t row = s.sphere[i] + q;
                s.sources.push_back({s.terms[row], s.a.data() + row * setup.terms, s.b.data() + row * setup.terms, 0,
                                     nullptr, nullptr});
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
void choose_directions(RadialTables& tables, const Light& light, const Particles& p, double margin, double order,
                       Setup& setup, Scratch<T>& s) {
    double swing = 0.0, farthest_z = 0.0, most = 0.0;
    const double wavenumber = kTwoPi / setup.wavelength, n = light.objective.medium_index;
    s.distance.resize(static_cast<std::size_t>(p.count));
    for (std::int64_t i = 0; i < p.count; ++i) {
        s.distance[i] = farthest(s.rule, setup, p.x[i], p.y[i], margin, light.pixel_size);
        most = std::max(most, s.distance[i]);
        farthest_z = std::max(farthest_z, std::abs(p.z[i]));
    }
    const auto fill = [&](double sine, Directions& to) {
        const double below = 1.0 - std::sqrt(std::max(0.0, 1.0 - sine * sine));
        swing = wavenumber * n * ((most + 8.0 * setup.spacing) * sine + farthest_z * below) + order * sine;
        fill_directions(tables, light.objective, sine, {swing, wavenumber, setup.demand.nodes, setup.demand.digits},
                        setup.terms, to);
    };
    fill(setup.sine, s.open);
    s.open_profile.forget(setup.demand.stride);
    if (setup.stopped > 0.0) {
        fill(setup.stopped, s.blocked);
        s.blocked_profile.forget(setup.demand.stride);
    }
    s.intervals.resize(static_cast<std::size_t>(p.count));
    for (std::int64_t i = 0; i < p.count; ++i)
        s.intervals[i] = static_cast<std::int64_t>(s.distance[i] / setup.spacing) + 2;
    setup.stride = 4 * (*std::max_element(s.intervals.begin(), s.intervals.end()) + setup.before + kAfter);
}

template <class T>
void integrands(const Light& light, const Particles& p, const Setup& setup, const Directions& directions,
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

// A and B of a number of fields (particle, wavelength) into s.quads, rows of setup.stride.
template <class T>
void profiles(RadialTables& tables, const Light& light, const Particles& p, const Setup& setup, std::int64_t first,
              std::int64_t fields, Scratch<T>& s) {
    const auto run = [&](const Directions& directions, ProfileScratch<T>& scratch, std::vector<double>& values,
                         AlignedVector<T>& quads) {
        integrands(light, p, setup, directions, first, fields, s.source, s, values);
        s.profiles.resize(static_cast<std::size_t>(fields));
        for (std::int64_t f = 0; f < fields; ++f) {
            const std::int64_t i = (first + f) / light.wavelengths, q = (first + f) % light.wavelengths;
            const double k = kTwoPi * light.objective.medium_index / light.wavelength[q];
            s.profiles[f] = {k * directions.sine * setup.spacing, s.intervals[i] + kAfter};
        }
        quads.resize(static_cast<std::size_t>(setup.stride * fields));
        radial_profiles(tables, directions, fields, values.data(), s.profiles.data(), setup.before, scratch,
                        setup.stride, quads.data());
    };
    run(s.open, s.open_profile, s.integrands, s.quads);
    if (setup.stopped > 0.0) {
        run(s.blocked, s.blocked_profile, s.blocked_integrands, s.blocked_quads);
        for (std::int64_t i = 0; i < setup.stride * fields; ++i) s.quads[i] -= s.blocked_quads[i];
    }
}

std::complex<double> reference(const Light& light, std::int64_t q) {
    return light.objective.stop > 0.0 ? 0.0 : light.reference[q];
}

// Calls band(first row of cells, number of rows, where to, values between planes) for all rows of cells in turn and
// averages them into pixels: give(y, plane, pixels).
template <class T, class Band, class Give>
void draw_rows(const Setup& setup, std::int64_t planes, Scratch<T>& s, Band band, Give give) {
    const std::int64_t needed = s.rule.division + 2 * s.rule.reach, most = needed + 4 * kBand;
    const std::int64_t apart = most * setup.cells, last = s.rule.cells(setup.height);
    s.rows.resize(static_cast<std::size_t>(planes * apart));
    s.column.resize(static_cast<std::size_t>(setup.cells));
    s.line.resize(static_cast<std::size_t>(setup.width));
    std::int64_t begin = 0, filled = 0, cell = 0;
    for (std::int64_t y = 0; y < setup.height; ++y, begin += s.rule.division) {
        while (filled < begin + needed) {
            if (filled + kBand > most) {
                for (std::int64_t plane = 0; plane < planes; ++plane) {
                    T* rows = s.rows.data() + plane * apart;
                    std::copy(rows + begin * setup.cells, rows + filled * setup.cells, rows);
                }
                filled -= begin;
                begin = 0;
            }
            const std::int64_t count = std::min(kBand, last - cell);
            band(cell, count, s.rows.data() + filled * setup.cells, apart);
            filled += count;
            cell += count;
        }
        for (std::int64_t plane = 0; plane < planes; ++plane) {
            integrate_row(s.rule, s.rows.data() + plane * apart + begin * setup.cells, setup.cells, s.column.data(),
                          setup.width, s.line.data());
            give(y, plane, s.line.data());
        }
    }
}

template <class T>
RowScratch<T> row_scratch(std::int64_t cells, Scratch<T>& s) {
    const std::size_t count = static_cast<std::size_t>(cells);
    s.base.resize(count);
    s.fraction.resize(count);
    s.cosine.resize(count);
    s.sine.resize(count);
    s.values.resize(4 * count);
    return {s.base.data(), s.fraction.data(), s.cosine.data(), s.sine.data(), s.values.data()};
}

// Distances along x of evenly spaced cells from a particle, in units of the radial step.
template <class T>
void columns(const Setup& setup, std::int64_t at, std::int64_t cells, double first, double step, Scratch<T>& s) {
    if (setup.plain) {
        for (std::int64_t i = 0; i < cells; ++i)
            s.plain_dx[at + i] = static_cast<float>(first + static_cast<double>(i) * step);
    } else {
        for (std::int64_t i = 0; i < cells; ++i) s.dx[at + i] = first + static_cast<double>(i) * step;
    }
}

template <class T>
void size_columns(const Setup& setup, std::int64_t count, Scratch<T>& s) {
    if (setup.plain) {
        s.plain_dx.resize(static_cast<std::size_t>(count));
    } else {
        s.dx.resize(static_cast<std::size_t>(count));
    }
}

template <class T>
void locate(const Setup& setup, std::int64_t at, std::int64_t cells, double dy, const RowScratch<T>& scratch,
            const Scratch<T>& s) {
    if constexpr (std::is_same_v<T, float>) {
        if (setup.plain) {
            locate_row(RowGeometry<float>{cells, s.plain_dx.data() + at, static_cast<float>(dy)}, scratch);
            return;
        }
    }
    locate_row(RowGeometry<double>{cells, s.dx.data() + at, dy}, scratch);
}

Harmonics harmonics(const Form& form) {
    const std::complex<double>*p = form.q[0], *c = form.q[1], *d = form.q[2];
    Harmonics h{2, p[1].real(), p[2].real(), p[1].imag(), p[2].imag(), 0.5 * (c[1].real() - d[2].real()), c[2].real()};
    if (h.k_cos != 0.0 || h.k_sin != 0.0 || h.h_cos != 0.0 || h.h_sin != 0.0) h.functions = 4;
    return h;
}

// F, G, K and H of one particle, summed over the wavelengths: cubic pieces into s.pieces. The fields are known at every
// other point, from which those between follow.
template <class T>
void intensities(RadialTables& tables, const Light& light, const Particles& particle, const Setup& setup,
                 const Form& form, int functions, Scratch<T>& s) {
    const std::int64_t points = setup.stride / 4, between = points - 5;
    s.functions.assign(static_cast<std::size_t>(2 * functions * points), T(0));
    s.halves.resize(static_cast<std::size_t>(4 * between));
    T *even = s.functions.data(), *odd = even + functions * points;
    IntensityOf of{functions, 0.0, form.q[0][0].real(), 0.5 * (form.q[1][1].real() + form.q[2][2].real()), 0.0, 0.0};
    for (std::int64_t first = 0; first < light.wavelengths; first += kFields) {
        const std::int64_t fields = std::min(kFields, light.wavelengths - first);
        profiles(tables, light, particle, setup, first, fields, s);
        for (std::int64_t f = 0; f < fields; ++f) {
            const std::complex<double> r = reference(light, first + f);
            of.weight = light.weight[first + f];
            of.reference_re = r.real();
            of.reference_im = r.imag();
            const T* quads = s.quads.data() + f * setup.stride;
            half_points(points, quads, s.halves.data());
            add_intensity(of, points, quads, points, even);
            add_intensity(of, between, s.halves.data(), points, odd);
        }
    }
    // The values lie at points 2, 2 1/2, 3, ...; from `start` on, the fourth lies at r = 0.
    const std::int64_t all = 2 * between;
    s.values.resize(static_cast<std::size_t>(functions * all));
    for (std::int64_t i = 0; i < between; ++i)
        for (int f = 0; f < functions; ++f) {
            s.values[functions * 2 * i + f] = even[f * points + i + 2];
            s.values[functions * (2 * i + 1) + f] = odd[f * points + i];
        }
    const std::int64_t start = 2 * (kBeforeHalves - 2) - 3;
    s.pieces.resize(static_cast<std::size_t>(4 * functions * (all - start)));
    cubic_pieces(functions, all - start, s.values.data() + functions * start, s.pieces.data());
}

template <class T>
void draw_one(RadialTables& tables, const Light& light, const Particles& particle, const Setup& setup, Scratch<T>& s,
              T* out) {
    const Form form = intensity_form(light.polarization);
    const Harmonics turns = harmonics(form);
    intensities(tables, light, particle, setup, form, turns.functions, s);
    const double scale = 2.0 * light.pixel_size / setup.spacing;
    size_columns(setup, setup.cells, s);
    columns(setup, 0, setup.cells, (s.rule.position(0) - particle.x[0]) * scale, scale / s.rule.division, s);
    const RowScratch<T> scratch = row_scratch(kTile, s);
    const T* pieces = s.pieces.data();
    draw_rows(
        setup, 1, s,
        [&](std::int64_t cell, std::int64_t rows, T* to, std::int64_t) {
            for (std::int64_t first = 0; first < setup.cells; first += kTile) {
                const std::int64_t cells = std::min(kTile, setup.cells - first);
                for (std::int64_t row = 0; row < rows; ++row) {
                    locate(setup, first, cells, (s.rule.position(cell + row) - particle.y[0]) * scale, scratch, s);
                    single_row(cells, turns, scratch, pieces, to + row * setup.cells + first);
                }
            }
        },
        [&](std::int64_t y, std::int64_t, const T* line) {
            std::copy(line, line + setup.width, out + y * setup.width);
        });
}

// The fields of many particles on coarse rows, refined to rows of cells when they are asked for, in turn.
template <class T>
class FieldRows {
  public:
    FieldRows(RadialTables& tables, const Light& light, const Particles& particles, const Setup& setup,
              const Components& components, bool squared, Scratch<T>& s)
        : light_(light), p_(particles), setup_(setup), components_(components), s_(s), r_(s.refinement) {
        coarse_ = r_.coarse(setup.cells);
        phase_length_ = r_.phase_length(setup.cells);
        length_ = r_.length(setup.cells);
        planes_ = 2 * components.count;
        row_size_ = planes_ * length_;
        kept_ = r_.taps + kBand;
        height_ = r_.coarse(s.rule.cells(setup.height));
        fill_pieces(tables);
        const double scale = light.pixel_size / setup.spacing;
        size_columns(setup, coarse_ * p_.count, s);
        for (std::int64_t i = 0; i < p_.count; ++i)
            columns(setup, i * coarse_, coarse_, (position(0) - p_.x[i]) * scale, step() * scale, s);
        s.sums.resize(static_cast<std::size_t>(6 * kTile * kBand * light.wavelengths));
        s.coarse.assign(static_cast<std::size_t>(kBand * light.wavelengths * planes_ * (phase_length_ + 32)), T(0));
        s.ring.resize(static_cast<std::size_t>(kept_ * light.wavelengths * row_size_));
        s.phases.resize(static_cast<std::size_t>(std::max(row_size_, length_)));
        s.row_pointers.resize(static_cast<std::size_t>(r_.taps));
        scratch_ = row_scratch(kTile, s);
        fill_constants(squared);
    }

    // Intensity of a row of cells.
    void squares(std::int64_t cell, T* to) {
        for (std::int64_t q = 0; q < light_.wavelengths; ++q) sum_squares(at(cell, q), q > 0, s_.phases.data());
        interleave(r_, setup_.cells, s_.phases.data(), to);
    }

    // Components of a row of cells, `apart` values one after the other.
    void planes(std::int64_t cell, std::int64_t apart, T* to) {
        sum_planes(at(cell, 0), s_.phases.data());
        for (std::int64_t plane = 0; plane < planes_; ++plane)
            interleave(r_, setup_.cells, s_.phases.data() + plane * length_, to + plane * apart);
    }

  private:
    double step() const { return static_cast<double>(r_.factor) / s_.rule.division; }
    double position(std::int64_t coarse) const {
        return s_.rule.position(0) + static_cast<double>(coarse - r_.lead()) * step();
    }

    void fill_pieces(RadialTables& tables) {
        const std::int64_t fields = p_.count * light_.wavelengths;
        s_.piece.resize(static_cast<std::size_t>(fields));
        std::int64_t size = 0;
        for (std::int64_t f = 0; f < fields; ++f) {
            s_.piece[f] = size;
            size += 16 * s_.intervals[f / light_.wavelengths];
        }
        s_.pieces.resize(static_cast<std::size_t>(size));
        pieces_ = s_.pieces.data();
        for (std::int64_t first = 0; first < fields; first += kFields) {
            const std::int64_t here = std::min(kFields, fields - first);
            profiles(tables, light_, p_, setup_, first, here, s_);
            for (std::int64_t f = 0; f < here; ++f)
                cubic_pieces(4, s_.intervals[(first + f) / light_.wavelengths] + kBefore + kAfter,
                             s_.quads.data() + f * setup_.stride, pieces_ + s_.piece[first + f]);
        }
    }

    // The reference wave in each component; weights of the intensity as factors of the amplitude.
    void fill_constants(bool squared) {
        s_.constant.clear();
        factors_.clear();
        for (std::int64_t q = 0; q < light_.wavelengths; ++q) {
            const double root = squared ? std::sqrt(light_.weight[q]) : 1.0;
            for (int m = 0; m < components_.count; ++m) {
                const Component& e = components_.at[m];
                const std::complex<double> constant = root * (e.p * reference(light_, q));
                s_.constant.push_back(static_cast<T>(constant.real()));
                s_.constant.push_back(static_cast<T>(constant.imag()));
                for (const std::complex<double>& part : {-e.p, e.c, e.d}) {
                    factors_.push_back(root * part.real());
                    factors_.push_back(root * part.imag());
                }
            }
        }
    }

    T* ring(std::int64_t coarse, std::int64_t q) {
        return s_.ring.data() + (coarse % kept_ * light_.wavelengths + q) * row_size_;
    }

    // The next band of rows, tile by tile: what a tile needs of the particles' pieces stays in the nearest memory.
    void next_band() {
        const std::int64_t rows = std::min(kBand, height_ - ready_);
        for (std::int64_t first = 0; first < coarse_; first += kTile)
            draw_tile(rows, first, std::min(kTile, coarse_ - first));
        for (std::int64_t row = 0; row < rows; ++row, ++ready_)
            for (std::int64_t q = 0; q < light_.wavelengths; ++q)
                for (std::int64_t plane = 0; plane < planes_; ++plane)
                    refine_row(r_, phase_length_, coarse_row(row, q, plane), ring(ready_, q) + plane * length_);
    }

    void draw_tile(std::int64_t rows, std::int64_t first, std::int64_t cells) {
        const std::int64_t waves = light_.wavelengths, apart = 6 * kTile;
        const double scale = light_.pixel_size / setup_.spacing;
        std::fill(s_.sums.begin(), s_.sums.end(), T(0));
        for (std::int64_t i = 0; i < p_.count; ++i) {
            for (std::int64_t row = 0; row < rows; ++row) {
                locate(setup_, i * coarse_ + first, cells, (position(ready_ + row) - p_.y[i]) * scale, scratch_, s_);
                for (std::int64_t q = 0; q < waves; ++q)
                    add_field(cells, scratch_, pieces_ + s_.piece[i * waves + q],
                              s_.sums.data() + (row * waves + q) * apart);
            }
        }
        for (std::int64_t row = 0; row < rows; ++row)
            for (std::int64_t q = 0; q < waves; ++q)
                for (std::int64_t m = 0; m < planes_ / 2; ++m)
                    combine(cells, s_.sums.data() + (row * waves + q) * apart,
                            factors_.data() + 6 * (q * planes_ / 2 + m), coarse_row(row, q, 2 * m) + first,
                            coarse_row(row, q, 2 * m + 1) + first);
    }

    T* coarse_row(std::int64_t row, std::int64_t q, std::int64_t plane) {
        return s_.coarse.data() + ((row * light_.wavelengths + q) * planes_ + plane) * (phase_length_ + 32);
    }

    // The sum that makes a row of cells of the ring's rows.
    RowSum<T> at(std::int64_t cell, std::int64_t q) {
        const std::int64_t first = cell / r_.factor, phase = cell % r_.factor;
        while (ready_ < first + r_.taps) next_band();
        const bool exact = phase == 0;
        const int taps = exact ? 1 : r_.taps;
        s_.weight.resize(static_cast<std::size_t>(r_.taps));
        for (int k = 0; k < taps; ++k) {
            s_.row_pointers[k] = ring(first + (exact ? r_.lead() : k), q);
            s_.weight[k] = exact ? T(1) : static_cast<T>(r_.weight[phase * r_.taps + k]);
        }
        return {taps,
                s_.row_pointers.data(),
                s_.weight.data(),
                components_.count,
                length_,
                s_.constant.data() + 2 * components_.count * q};
    }

    const Light& light_;
    const Particles& p_;
    const Setup& setup_;
    const Components& components_;
    Scratch<T>& s_;
    const Refinement& r_;
    std::int64_t coarse_, height_, phase_length_, length_, planes_, row_size_, kept_, ready_ = 0;
    T* pieces_ = nullptr;
    RowScratch<T> scratch_;
    std::vector<double> factors_;
};

template <class T>
void draw_several(RadialTables& tables, const Light& light, const Particles& particles, const Setup& setup,
                  Scratch<T>& s, T* out) {
    const Components components = intensity_components(intensity_form(light.polarization));
    FieldRows<T> rows(tables, light, particles, setup, components, true, s);
    draw_rows(
        setup, 1, s,
        [&](std::int64_t cell, std::int64_t count, T* to, std::int64_t) {
            for (std::int64_t row = 0; row < count; ++row) rows.squares(cell + row, to + row * setup.cells);
        },
        [&](std::int64_t y, std::int64_t, const T* line) {
            std::copy(line, line + setup.width, out + y * setup.width);
        });
}

template <class T>
void refine_fields(const Light& light, double tolerance, const Setup& setup, Scratch<T>& s) {
    s.refinement = refinement(setup.frequency * light.pixel_size / s.rule.division, 0.05 * tolerance);
}

// Margin in pixels of the coarse rows around the cells.
template <class T>
double margin(const Scratch<T>& s) {
    return static_cast<double>(s.refinement.factor * (s.refinement.taps + 1)) / s.rule.division;
}

template <class T>
void prepare(RadialTables& tables, const Light& light, const Particles& particles, double around, Setup& setup,
             Scratch<T>& s) {
    const double order = find_sources(light, particles, setup, s);
    choose_directions(tables, light, particles, around, order, setup, s);
}

}  // namespace

template <class T>
CoherentImager<T>::CoherentImager(RadialTables& tables, bool backward, double tolerance)
    : tables_(tables), backward_(backward), tolerance_(tolerance), scratch_(std::make_unique<CoherentScratch<T>>()) {}

template <class T>
CoherentImager<T>::~CoherentImager() = default;

template <class T>
void CoherentImager<T>::intensity(const Light& light, const Particles& particles, std::int64_t height,
                                  std::int64_t width, T* out) {
    Setup setup = set_up<T>(light, backward_, height, width, tolerance_);
    const bool dark = setup.stopped >= setup.sine;
    if (dark || particles.count == 0) {
        double empty = 0.0;
        for (std::int64_t q = 0; q < light.wavelengths; ++q) empty += light.weight[q] * std::norm(reference(light, q));
        empty *= intensity_form(light.polarization).q[0][0].real();
        std::fill(out, out + height * width, static_cast<T>(empty));
        return;
    }
    const bool several = particles.count > 1;
    setup.before = several ? kBefore : kBeforeHalves;
    // Intensities have twice the frequencies of a field; of the last tenth there is hardly anything.
    const bool loose = !several && tolerance_ >= kLoose;
    divide_pixels(light, (loose ? 1.8 : 2.0) * setup.frequency,
                  loose ? std::min(0.15 * tolerance_, 0.0045) : 0.05 * tolerance_, setup, *scratch_);
    if (several) refine_fields(light, tolerance_, setup, *scratch_);
    prepare(tables_, light, particles, several ? margin(*scratch_) : 0.0, setup, *scratch_);
    if (several) {
        draw_several(tables_, light, particles, setup, *scratch_, out);
    } else {
        draw_one(tables_, light, particles, setup, *scratch_, out);
    }
}

template <class T>
void CoherentImager<T>::field(const Light& light, const Particles& particles, std::int64_t height, std::int64_t width,
                              std::complex<T>* out) {
    Setup setup = set_up<T>(light, backward_, height, width, tolerance_);
    const Components components = field_components(light.polarization);
    if (setup.stopped >= setup.sine || particles.count == 0) {
        for (std::int64_t i = 0; i < height * width; ++i)
            for (int m = 0; m < components.count; ++m) {
                const std::complex<double> empty = components.at[m].p * reference(light, 0);
                *out++ = {static_cast<T>(empty.real()), static_cast<T>(empty.imag())};
            }
        return;
    }
    setup.before = kBefore;
    divide_pixels(light, setup.frequency, 0.05 * tolerance_, setup, *scratch_);
    refine_fields(light, tolerance_, setup, *scratch_);
    prepare(tables_, light, particles, margin(*scratch_), setup, *scratch_);
    FieldRows<T> rows(tables_, light, particles, setup, components, false, *scratch_);
    T* values = reinterpret_cast<T*>(out);  // real and imaginary part follow each other
    const std::int64_t planes = 2 * components.count;
    draw_rows(
        setup, planes, *scratch_,
        [&](std::int64_t cell, std::int64_t count, T* to, std::int64_t apart) {
            for (std::int64_t row = 0; row < count; ++row) rows.planes(cell + row, apart, to + row * setup.cells);
        },
        [&](std::int64_t y, std::int64_t plane, const T* line) {
            for (std::int64_t x = 0; x < width; ++x) values[(y * width + x) * planes + plane] = line[x];
        });
}

template class CoherentImager<float>;
template class CoherentImager<double>;

}  // namespace simcore
