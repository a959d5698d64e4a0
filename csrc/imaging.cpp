#include "imaging.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "elementary.hpp"
#include "mie.hpp"
#include "pixels.hpp"
#include "radial_profile.hpp"
#include "sphere_rows.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kCoarsest = 400.0;  // largest phase across a pixel
constexpr std::int64_t kBefore = 3;  // radial points before r = 0, for the derivatives
constexpr std::int64_t kMargin = 7;  // points beyond the intervals in use

// What the precision of the output asks for.
template <class T>
struct Demand;
template <>
struct Demand<float> {
    static constexpr double terms = 4.5;    // coefficients left out are below 1e-8
    static constexpr double nodes = 6.0;    // nodes beyond the least number
    static constexpr double digits = 12.0;  // natural logarithm of the accuracy of the quadrature
};
template <>
struct Demand<double> {
    static constexpr double terms = 6.0;
    static constexpr double nodes = 10.0;
    static constexpr double digits = 20.0;
};

}  // namespace

template <class T>
struct Scratch {
    PixelRule rule;
    Pupil pupil;
    ProfileScratch<T> profile;
    std::vector<double> size, nodes, dx;
    std::vector<std::complex<double>> index, a, b;
    std::vector<std::int64_t> terms;
    std::vector<T> quads, even, odd, pieces, rows, column, fraction, cosine, sine, sums;
    std::vector<T> even_pieces, odd_pieces;
    std::vector<std::int32_t> base;
};

namespace {

// Numbers that follow from the request; lengths in micrometres.
struct Setup {
    double sine, wavelength, frequency;  // shortest wavelength; frequency: 2 pi NA / wavelength
    double spacing;                      // of the radial points
    double cosine_alpha = 1.0, sine_alpha = 0.0, polarised = 0.0;
    std::int64_t height, width, cells, intervals, points, terms;
};

template <class T>
Setup set_up(const Illumination& light, const SphereList& spheres, std::int64_t height, std::int64_t width,
             double tolerance, Scratch<T>& s) {
    Setup setup;
    setup.height = height;
    setup.width = width;
    setup.sine = std::min(1.0, light.numerical_aperture / light.medium_index);
    setup.wavelength = *std::min_element(light.wavelength, light.wavelength + light.wavelengths);
    setup.frequency = kTwoPi * light.medium_index * setup.sine / setup.wavelength;
    // Interpolation by cubics has the error (frequency spacing)^4 / 384 of what there is at that frequency, which may
    // be ten times the incident intensity in focus; an intensity has twice the frequency of a field.
    const double highest = (spheres.count == 1 ? 2.0 : 1.0) * setup.frequency;
    setup.spacing = std::sqrt(std::sqrt(4.0 * tolerance)) / highest;
    if (!std::isnan(light.polarisation_angle)) {
        const elementary::SinCos turn = elementary::sincos(2.0 * light.polarisation_angle);
        setup.cosine_alpha = turn.cos;
        setup.sine_alpha = turn.sin;
        setup.polarised = 1.0;
    }
    if (!(setup.frequency * light.pixel_size < kCoarsest))
        throw std::domain_error("pixel_size: more than a hundred times what the aperture resolves");
    s.rule = pixel_rule(2.0 * setup.frequency * light.pixel_size, 0.05 * tolerance);
    setup.cells = s.rule.cells(width);
    return setup;
}

// Largest distance of a cell from the axis of a sphere, in pixels.
double farthest(const PixelRule& rule, const Setup& setup, double x, double y) {
    const double first = rule.position(0);
    const double right = rule.position(setup.cells - 1), bottom = rule.position(rule.cells(setup.height) - 1);
    const double dx = std::max(std::abs(first - x), std::abs(right - x));
    const double dy = std::max(std::abs(first - y), std::abs(bottom - y));
    return std::sqrt(dx * dx + dy * dy);
}

// Coefficients of every sphere at every wavelength: rows of setup.terms, wavelengths innermost.
template <class T>
void scatter(const Illumination& light, const SphereList& spheres, Setup& setup, Scratch<T>& s) {
    const std::int64_t rows = spheres.count * light.wavelengths;
    s.size.resize(rows);
    s.index.resize(rows);
    s.terms.resize(rows);
    setup.terms = 0;
    for (std::int64_t row = 0; row < rows; ++row) {
        const std::int64_t i = row / light.wavelengths, q = row % light.wavelengths;
        s.size[row] = kTwoPi * light.medium_index * spheres.radius[i] / light.wavelength[q];
        s.index[row] = {spheres.index[i].real() / light.medium_index, spheres.index[i].imag() / light.medium_index};
        s.terms[row] = mie_terms(s.size[row], Demand<T>::terms);
        setup.terms = std::max(setup.terms, s.terms[row]);
    }
    s.a.resize(rows * setup.terms);
    s.b.resize(rows * setup.terms);
    mie_coefficients(rows, s.size.data(), s.index.data(), s.terms.data(), setup.terms, s.a.data(), s.b.data());
}

// Gauss points that resolve the phases over the pupil: 4 per 2 pi of half the pupil's total, and a margin. Where
// sin t_max is close to 1 the integrand is singular just outside the interval (convergence as rate^(-2 N)), and the
// other family serves, with twice the points.
template <class T>
void choose_directions(RadialTables& tables, const Illumination& light, const SphereList& spheres, Setup& setup,
                       Scratch<T>& s) {
    const double square = setup.sine * setup.sine;
    const double cosine = std::sqrt(1.0 - square);
    const double wavenumber = kTwoPi * light.medium_index / setup.wavelength;
    double most = 0.0, radius = 0.0;
    for (std::int64_t i = 0; i < spheres.count; ++i) {
        const double distance = farthest(s.rule, setup, spheres.x[i], spheres.y[i]) * light.pixel_size;
        radius = std::max(radius, distance);
        const double defocus = wavenumber * std::abs(spheres.z[i]) * (1.0 - cosine);
        most = std::max(most, setup.frequency * (distance + 8.0 * setup.spacing) + defocus);
    }
    most += static_cast<double>(setup.terms) * setup.sine;
    const bool grazing = square > 0.96;
    double wanted = 0.25 * most + Demand<T>::nodes;
    if (grazing) {
        wanted = 0.5 * most + 2.0 * Demand<T>::nodes;
    } else {
        const double x = 2.0 / square - 1.0;
        wanted += 0.5 * Demand<T>::digits / elementary::log(x + std::sqrt(x * x - 1.0));
    }
    const int count = nodes_on_ladder(wanted);
    setup.intervals = static_cast<std::int64_t>(radius / setup.spacing) + 2;
    setup.points = setup.intervals + kMargin;
    fill_pupil(tables, grazing, count, setup.sine, setup.terms, s.pupil);
    s.profile.panels.clear();
    s.profile.rows.clear();
    s.nodes.resize(4 * static_cast<std::size_t>(s.pupil.count));
    s.quads.resize(4 * static_cast<std::size_t>(setup.points));
}

// A and B of one sphere at one wavelength into s.quads.
template <class T>
void profile(RadialTables& tables, const Illumination& light, const SphereList& spheres, const Setup& setup,
             std::int64_t i, std::int64_t q, Scratch<T>& s) {
    const std::int64_t row = i * light.wavelengths + q;
    const double depth = kTwoPi * light.medium_index / light.wavelength[q] * spheres.z[i];
    const double frequency = setup.frequency * (setup.wavelength / light.wavelength[q]);
    integrand(s.pupil, s.terms[row], s.a.data() + row * setup.terms, s.b.data() + row * setup.terms, depth,
              s.nodes.data());
    radial_profile(tables, s.pupil, s.nodes.data(), frequency * setup.spacing, kBefore, setup.points, s.profile,
                   s.quads.data());
}

// Calls row(position in pixels, where to) for every row of cells in turn and averages them into pixels.
template <class T, class Row>
void draw_rows(const Setup& setup, Scratch<T>& s, T* out, Row row) {
    const std::int64_t needed = s.rule.division + 2 * s.rule.reach, kept = 2 * s.rule.reach;
    s.rows.resize(static_cast<std::size_t>(needed * setup.cells));
    s.column.resize(static_cast<std::size_t>(setup.cells));
    std::int64_t cell = 0;
    for (; cell < kept; ++cell) row(s.rule.position(cell), s.rows.data() + cell * setup.cells);
    for (std::int64_t y = 0; y < setup.height; ++y) {
        for (std::int64_t u = kept; u < needed; ++u, ++cell)
            row(s.rule.position(cell), s.rows.data() + u * setup.cells);
        integrate_row(s.rule, s.rows.data(), setup.cells, s.column.data(), setup.width, out + y * setup.width);
        std::copy(s.rows.begin() + (needed - kept) * setup.cells, s.rows.end(), s.rows.begin());
    }
}

// Distances of the cells from a sphere along x, in units of the radial step.
template <class T>
void columns(const Setup& setup, const PixelRule& rule, double x, double scale, T* to) {
    for (std::int64_t i = 0; i < setup.cells; ++i) to[i] = (rule.position(i) - x) * scale;
}

template <class T>
RowScratch<T> row_scratch(const Setup& setup, Scratch<T>& s) {
    const std::size_t cells = static_cast<std::size_t>(setup.cells);
    s.base.resize(cells);
    s.fraction.resize(cells);
    s.cosine.resize(cells);
    s.sine.resize(cells);
    return {s.base.data(), s.fraction.data(), s.cosine.data(), s.sine.data()};
}

// F and G of one sphere, summed over the wavelengths: cubic pieces into s.even_pieces, s.odd_pieces.
template <class T>
void intensities(RadialTables& tables, const Illumination& light, const SphereList& sphere, const Setup& setup,
                 Scratch<T>& s) {
    s.even.assign(static_cast<std::size_t>(setup.points), T(0));
    s.odd.assign(static_cast<std::size_t>(setup.points), T(0));
    for (std::int64_t q = 0; q < light.wavelengths; ++q) {
        profile(tables, light, sphere, setup, 0, q, s);
        const T weight = static_cast<T>(light.weight[q]);
        for (std::int64_t i = 0; i < setup.points; ++i) {
            const T *at = s.quads.data() + 4 * i, re = T(1) - at[0], im = -at[1];
            s.even[i] += weight * ((re * re + im * im) + (at[2] * at[2] + at[3] * at[3]));
            s.odd[i] -= T(2) * weight * (re * at[2] + im * at[3]);
        }
    }
    s.even_pieces.resize(4 * static_cast<std::size_t>(setup.intervals));
    s.odd_pieces.resize(4 * static_cast<std::size_t>(setup.intervals));
    cubic_pieces(1, setup.points, s.even.data(), s.even_pieces.data());
    cubic_pieces(1, setup.points, s.odd.data(), s.odd_pieces.data());
}

template <class T>
void draw_one(RadialTables& tables, const Illumination& light, const SphereList& sphere, const Setup& setup,
              Scratch<T>& s, T* out) {
    intensities(tables, light, sphere, setup, s);
    const double scale = light.pixel_size / setup.spacing;
    s.dx.resize(static_cast<std::size_t>(setup.cells));
    columns(setup, s.rule, sphere.x[0], scale, s.dx.data());
    const RowScratch<T> scratch = row_scratch(setup, s);
    const T* odd = setup.polarised != 0.0 ? s.odd_pieces.data() : nullptr;
    draw_rows(setup, s, out, [&](double y, T* to) {
        const RowGeometry row{setup.cells, s.dx.data(), (y - sphere.y[0]) * scale, setup.cosine_alpha,
                              setup.sine_alpha};
        single_row(row, scratch, s.even_pieces.data(), odd, to);
    });
}

template <class T>
void draw_several(RadialTables& tables, const Illumination& light, const SphereList& spheres, const Setup& setup,
                  Scratch<T>& s, T* out) {
    const std::int64_t block = 16 * setup.intervals, waves = light.wavelengths;
    s.pieces.resize(static_cast<std::size_t>(block * spheres.count * waves));
    s.dx.resize(static_cast<std::size_t>(setup.cells * spheres.count));
    const double scale = light.pixel_size / setup.spacing;
    for (std::int64_t i = 0; i < spheres.count; ++i) {
        columns(setup, s.rule, spheres.x[i], scale, s.dx.data() + i * setup.cells);
        for (std::int64_t q = 0; q < waves; ++q) {
            profile(tables, light, spheres, setup, i, q, s);
            cubic_pieces(4, setup.points, s.quads.data(), s.pieces.data() + (i * waves + q) * block);
        }
    }
    const RowScratch<T> scratch = row_scratch(setup, s);
    const std::int64_t sums = 8 * setup.cells;
    draw_rows(setup, s, out, [&](double y, T* to) {
        s.sums.assign(static_cast<std::size_t>(sums * waves), T(0));
        for (std::int64_t i = 0; i < spheres.count; ++i) {
            locate_row({setup.cells, s.dx.data() + i * setup.cells, (y - spheres.y[i]) * scale, 1.0, 0.0}, scratch);
            for (std::int64_t q = 0; q < waves; ++q)
                add_field(setup.cells, scratch, s.pieces.data() + (i * waves + q) * block, s.sums.data() + q * sums);
        }
        std::fill(to, to + setup.cells, T(0));
        for (std::int64_t q = 0; q < waves; ++q)
            add_intensity(setup.cells, s.sums.data() + q * sums, light.weight[q], setup.polarised, setup.cosine_alpha,
                          setup.sine_alpha, to);
    });
}

}  // namespace

template <class T>
SphereImager<T>::SphereImager(RadialTables& tables, double tolerance)
    : tables_(tables), tolerance_(tolerance), scratch_(std::make_unique<Scratch<T>>()) {}

template <class T>
SphereImager<T>::~SphereImager() = default;

template <class T>
void SphereImager<T>::draw(const Illumination& light, const SphereList& spheres, std::int64_t height,
                           std::int64_t width, T* out) {
    if (spheres.count == 0) {
        std::fill(out, out + height * width, T(1));
        return;
    }
    Setup setup = set_up(light, spheres, height, width, tolerance_, *scratch_);
    scatter(light, spheres, setup, *scratch_);
    choose_directions(tables_, light, spheres, setup, *scratch_);
    if (spheres.count == 1) {
        draw_one(tables_, light, spheres, setup, *scratch_, out);
    } else {
        draw_several(tables_, light, spheres, setup, *scratch_, out);
    }
}

template class SphereImager<float>;
template class SphereImager<double>;

}  // namespace simcore
