#include "coherent.hpp"

#include <algorithm>
#include <cmath>

#include "coherent_rows.hpp"
#include "coherent_setup.hpp"
#include "radial_intensity.hpp"
#include "radial_mean.hpp"
#include "single_rows.hpp"

namespace simcore {
namespace {

constexpr double kRound = 0.5;   // of the tolerance, for pixels taken to be round
constexpr double kWidest = 1.2;  // radial step then, in units of 1 / frequency

template <class T>
using Scratch = CoherentScratch<T>;

Harmonics harmonics(const Form& form) {
    const std::complex<double>*p = form.q[0], *c = form.q[1], *d = form.q[2];
    Harmonics h{2, p[1].real(), p[2].real(), p[1].imag(), p[2].imag(), 0.5 * (c[1].real() - d[2].real()), c[2].real()};
    if (h.k_cos != 0.0 || h.k_sin != 0.0 || h.h_cos != 0.0 || h.h_sin != 0.0) h.functions = 4;
    return h;
}

// F, G, K and H of one particle, summed over the wavelengths: cubic pieces into s.pieces as draw_single takes them. The
// fields are known at every other point, from which those between follow.
template <class T>
void intensities(RadialTables& tables, const Light& light, const Particles& particle, const CoherentSetup& setup,
                 const Form& form, int functions, Scratch<T>& s) {
    const std::int64_t points = setup.stride / 4, between = points - 5;
    s.functions.assign(static_cast<std::size_t>(2 * functions * points), T(0));
    s.halves.resize(static_cast<std::size_t>(4 * between));
    T *even = s.functions.data(), *odd = even + functions * points;
    IntensityOf of{functions, 0.0, form.q[0][0].real(), 0.5 * (form.q[1][1].real() + form.q[2][2].real()), 0.0, 0.0};
    for (std::int64_t first = 0; first < light.wavelengths; first += kTogether) {
        const std::int64_t fields = std::min(kTogether, light.wavelengths - first);
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
    const std::int64_t all = 2 * between, start = 2 * (kBeforeHalves - 2) - 3;
    s.values.resize(static_cast<std::size_t>(functions * all));
    s.line.resize(static_cast<std::size_t>(all));
    T* line = s.line.data();
    for (int f = 0; f < functions; ++f) {
        for (std::int64_t i = 0; i < between; ++i) {
            line[2 * i] = even[f * points + i + 2];
            line[2 * i + 1] = odd[f * points + i];
        }
        const int order = f == 0 ? 0 : f == 3 ? 4 : 2;
        if (setup.round) mean_radial(order, 0.5 * setup.spacing / light.pixel_size, start + 3, all, line, s.laplacians);
        if (order > 0) divide_by_power(order, start + 3, all, line);
        for (std::int64_t i = 0; i < all; ++i) s.values[functions * i + f] = line[i];
    }
    s.pieces.resize(static_cast<std::size_t>(4 * functions * (all - start)));
    cubic_pieces(functions, all - start, s.values.data() + functions * start, s.pieces.data());
}

template <class T>
void single_rows(const CoherentSetup& setup, std::int64_t rows, const double* dy, const Harmonics& turns,
                 const T* pieces, T* to, const Scratch<T>& s) {
    if constexpr (std::is_same_v<T, float>) {
        if (setup.plain) {
            float plain_dy[kBand];
            for (std::int64_t row = 0; row < rows; ++row) plain_dy[row] = static_cast<float>(dy[row]);
            draw_single(TileGeometry<float>{rows, setup.cells, s.plain_dx.data(), plain_dy}, turns, pieces, setup.cells,
                        to);
            return;
        }
    }
    draw_single(TileGeometry<double>{rows, setup.cells, s.dx.data(), dy}, turns, pieces, setup.cells, to);
}

template <class T>
void draw_one(RadialTables& tables, const Light& light, const Particles& particle, const CoherentSetup& setup,
              Scratch<T>& s, T* out) {
    const Form form = intensity_form(light.polarization);
    const Harmonics turns = harmonics(form);
    intensities(tables, light, particle, setup, form, turns.functions, s);
    const double scale = 2.0 * light.pixel_size / setup.spacing;
    size_columns(setup, setup.cells, s);
    columns(setup, 0, setup.cells, (s.rule.position(0) - particle.x[0]) * scale, scale / s.rule.division, s);
    const T* pieces = s.pieces.data();
    const auto band = [&](std::int64_t cell, std::int64_t rows, T* to, std::int64_t) {
        double dy[kBand];
        for (std::int64_t row = 0; row < rows; ++row) dy[row] = (s.rule.position(cell + row) - particle.y[0]) * scale;
        single_rows(setup, rows, dy, turns, pieces, to, s);
    };
    if (setup.round) {
        for (std::int64_t y = 0; y < setup.height; y += kBand)
            band(y, std::min(kBand, setup.height - y), out + y * setup.width, 0);
        return;
    }
    draw_rows(
        setup, 1, s, band, [&](std::int64_t y) { return out + y * setup.width; }, [](std::int64_t, std::int64_t) {});
}

template <class T>
void draw_several(RadialTables& tables, const Light& light, const Particles& particles, const CoherentSetup& setup,
                  Scratch<T>& s, T* out) {
    const Components components = intensity_components(intensity_form(light.polarization));
    FieldRows<T> rows(tables, light, particles, setup, components, true, s);
    draw_rows(
        setup, 1, s,
        [&](std::int64_t cell, std::int64_t count, T* to, std::int64_t) {
            for (std::int64_t row = 0; row < count; ++row) rows.squares(cell + row, to + row * setup.cells);
        },
        [&](std::int64_t y) { return out + y * setup.width; }, [](std::int64_t, std::int64_t) {});
}

}  // namespace

template <class T>
CoherentImager<T>::CoherentImager(RadialTables& tables, bool backward, double tolerance)
    : tables_(tables), backward_(backward), tolerance_(tolerance), scratch_(std::make_unique<CoherentScratch<T>>()) {}

template <class T>
CoherentImager<T>::~CoherentImager() = default;

template <class T>
std::int64_t CoherentImager<T>::scatter(std::int64_t count, const Light* lights, Particles* particles) {
    return scatter_spheres(count, lights, particles, term_margin<T>(tolerance_), scratch_->spheres);
}

template <class T>
void CoherentImager<T>::intensity(const Light& light, const Particles& particles, std::int64_t height,
                                  std::int64_t width, T* out) {
    CoherentSetup setup = set_up<T>(light, backward_, height, width, tolerance_);
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
    setup.round = !several && mean_is_round(2.0 * setup.frequency * light.pixel_size,
                                            light.objective.stop > 0.0 ? 0.3 : 0.1, kRound * tolerance_);
    if (setup.round) {
        setup.after += kMeanMargin / 2;  // of half-way points there are twice as many
        setup.cells = width;
        // Of the highest frequencies, which cubics and differences follow least, the mean over a pixel leaves little.
        setup.spacing = std::max(setup.spacing, std::min(3.0 * setup.spacing, kWidest / setup.frequency));
        scratch_->rule = PixelRule::centres();
    } else {
        divide_pixels(light, (loose ? 1.8 : 2.0) * setup.frequency,
                      loose ? std::min(0.15 * tolerance_, 0.0045) : 0.05 * tolerance_, setup, *scratch_);
    }
    if (several) {
        refine_fields(light, tolerance_, setup, *scratch_);
        choose_least(light, particles.count, true, tolerance_, setup);
    }
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
    CoherentSetup setup = set_up<T>(light, backward_, height, width, tolerance_);
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
    choose_least(light, particles.count, false, tolerance_, setup);
    prepare(tables_, light, particles, margin(*scratch_), setup, *scratch_);
    FieldRows<T> rows(tables_, light, particles, setup, components, false, *scratch_);
    T* values = reinterpret_cast<T*>(out);  // real and imaginary part follow each other
    const std::int64_t planes = 2 * components.count;
    scratch_->line.resize(static_cast<std::size_t>(width));
    T* line = scratch_->line.data();
    draw_rows(
        setup, planes, *scratch_,
        [&](std::int64_t cell, std::int64_t count, T* to, std::int64_t apart) {
            for (std::int64_t row = 0; row < count; ++row) rows.planes(cell + row, apart, to + row * setup.cells);
        },
        [=](std::int64_t) { return line; },
        [=](std::int64_t y, std::int64_t plane) {
            for (std::int64_t x = 0; x < width; ++x) values[(y * width + x) * planes + plane] = line[x];
        });
}

template class CoherentImager<float>;
template class CoherentImager<double>;

}  // namespace simcore
