#include "through_pupil.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "elementary.hpp"
#include "far_field.hpp"
#include "matrix_transform.hpp"
#include "pixels.hpp"
#include "pupil_fill.hpp"
#include "pupil_grid.hpp"
#include "pupil_rows.hpp"
#include "transform_grid.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kCoarsest = 400.0;  // largest phase across a pixel

// Products that take as long as one value of a line's transform, for each doubling of its length; measured.
constexpr double kPerPlace = 10.0;

// Largest distance |s - s0| between directions `first` and `second` from the axis (their sines), on opposite sides or
// on the same.
double chord(double first, double second, double side) {
    const double c = std::sqrt((1.0 - first * first) * (1.0 - second * second)) + side * first * second;
    return std::sqrt(std::max(0.0, 2.0 - 2.0 * c));
}

template <class T>
void tabulate_all(double tolerance, PupilWork<T>& w) {
    double tilt = 0.0;
    for (std::int64_t i = 0; i < w.view.waves; ++i) {
        const Wave& wave = w.view.wave[i];
        tilt = std::max(tilt, std::sqrt(wave.sx * wave.sx + wave.sy * wave.sy));
    }
    w.cap = rim_cap(w.lens.sine, tolerance);
    const double from = w.lens.sine > tilt ? chord(w.lens.sine, tilt, 1.0) : 0.0, largest = chord(w.cap, tilt, -1.0);
    if (w.tables.size() < static_cast<std::size_t>(w.particles.count)) w.tables.resize(w.particles.count);
    for (std::int64_t i = 0; i < w.particles.count; ++i)
        tabulate(w.particles.source(i), tolerance, from, largest, w.amplitudes, w.tables[i]);
}

// How far light of the particles lands from their axes, apart from diffraction, and how far the field reaches from
// there.
template <class T>
void find_reach(PupilWork<T>& w) {
    const PupilView& view = w.view;
    const double tangent = w.lens.sine / std::sqrt(std::max(1.0 - w.lens.sine * w.lens.sine, 1e-6));
    const double shift = ray_shift(view.pupil, w.lens), p = view.pixel_size;
    // A term of order l leaves as rays at l / k from the centre, and is that over the cosine away in the focal plane.
    const double per_order = view.wavelength / (kTwoPi * view.medium_index) * std::sqrt(1.0 + tangent * tangent);
    const double left = w.rule.position(0), right = w.rule.position(w.cells_x - 1);
    const double bottom = w.rule.position(w.cells_y - 1);
    Reach& reach = w.reach;
    reach = {};
    w.edges.clear();
    reach.field = p * (std::max(right, bottom) - left) + w.cell();
    for (std::int64_t i = 0; i < w.particles.count; ++i) {
        const double ring = std::abs(w.particles.z[i] - view.pupil.refocus) * tangent;
        const double cone = ring + shift + per_order * w.tables[i].order;
        w.edges.push_back({w.tables[i].rim, ring});
        const double x = std::max(right - w.particles.x[i], w.particles.x[i] - left);
        const double y = std::max(bottom - w.particles.y[i], w.particles.y[i] - left);
        reach.cone = std::max(reach.cone, cone);
        reach.farthest = std::max(reach.farthest, p * std::max(x, y) + cone);
        reach.diagonal = std::max(reach.diagonal, p * std::sqrt(x * x + y * y) + cone);
    }
}

template <class T>
void begin(const PupilView& view, const ParticleList& particles, std::int64_t height, std::int64_t width,
           PupilWork<T>& w) {
    w.view = view;
    w.particles = particles;
    w.height = height;
    w.width = width;
    w.lens = {std::min(1.0, view.numerical_aperture / view.medium_index), view.medium_index / view.numerical_aperture,
              view.wavelength, view.numerical_aperture, view.medium_index};
    w.cells_x = w.rule.cells(width);
    w.cells_y = w.rule.cells(height);
}

template <class T>
GridWish wish(const GridLimits& limits, PupilWork<T>& w) {
    tabulate_all(limits.tolerance, w);
    find_reach(w);
    w.need = grid_need(w.reach, w.edges, w.lens.sine, w.view.wavelength / w.view.medium_index, w.cell(), limits);
    return {w.need.least, w.cells_x};
}

// From cells to pixels, rows by rows.
template <class T>
void add_pixels(double weight, PupilWork<T>& w, T* out) {
    w.column.resize(static_cast<std::size_t>(w.cells_x));
    w.row.resize(static_cast<std::size_t>(w.width));
    for (std::int64_t y = 0; y < w.height; ++y) {
        integrate_row(w.rule, w.cells.data() + y * w.rule.division * w.cells_x, w.cells_x, w.column.data(), w.width,
                      w.row.data());
        for (std::int64_t x = 0; x < w.width; ++x) out[y * w.width + x] += static_cast<T>(weight) * w.row[x];
    }
}

// The wave in hand, and the amplitude that fields are relative to.
template <class T>
std::complex<double> aim(std::int64_t number, PupilWork<T>& w) {
    const Wave& wave = w.view.wave[number];
    w.number = number;
    w.box = box_of(w.grid, w.lens.sine, wave.sx, wave.sy);
    w.through = pupil_at(w.view.pupil, w.lens, wave.sx, wave.sy);
    return w.field && w.through != 0.0 ? 1.0 / w.through : 1.0;
}

// Light of each state for the transform by matrix products, and what that makes of it.
struct MatrixLines final : LineSink<float> {
    MatrixTransform* transforms;

    explicit MatrixLines(MatrixTransform* of_states) : transforms(of_states) {}

    void line(std::int64_t state, std::int64_t row, std::int64_t low, std::int64_t count, const float* re,
              const float* im) override {
        transforms[state].put(row, low, count, re, im);
    }
};

struct MatrixRows final : RowSource<float> {
    const MatrixTransform* transforms;

    explicit MatrixRows(const MatrixTransform* of_states) : transforms(of_states) {}

    void row(std::int64_t state, std::int64_t y, float* re, float* im) override { transforms[state].row(y, re, im); }
};

MatrixTransform::Axis axis_x(const PupilWork<float>& w) { return {w.box.count_x, w.cells_x, w.grid.size}; }

MatrixTransform::Axis axis_y(const PupilWork<float>& w) { return {w.box.count_y, w.cells_y, w.grid.size}; }

// Light of the wave `number` at the places of the image, and how it is to be turned: both axes count from the middle.
void multiply_out(std::int64_t number, PupilWork<float>& w) {
    const std::complex<double> scale = aim(number, w);
    if (static_cast<std::int64_t>(w.matrices.size()) < w.view.states) w.matrices.resize(w.view.states);
    for (std::int64_t i = 0; i < w.view.states; ++i) w.matrices[i].start(axis_x(w), axis_y(w));
    MatrixLines lines(w.matrices.data());
    fill_lines(scale, 0.5 * static_cast<double>(w.cells_x - 1), 0.5 * static_cast<double>(w.cells_y - 1), w, lines);
    for (std::int64_t i = 0; i < w.view.states; ++i) w.matrices[i].run();
}

Start middle_x(const PupilWork<float>& w) { return {2 * w.box.first_x + w.box.count_x - 1, 1 - w.cells_x}; }

Start middle_y(const PupilWork<float>& w) { return {2 * w.box.first_y + w.box.count_y - 1, 1 - w.cells_y}; }

void require_resolved(double phase) {
    if (!(phase < kCoarsest))
        throw std::domain_error("pixel_size: more than a hundred times what the aperture resolves");
}

double largest_phase(const PupilView& view) {
    return kTwoPi * std::min(view.medium_index, view.numerical_aperture) / view.wavelength * view.pixel_size;
}

template <class T>
void add_empty(double weight, const PupilWork<T>& w, T* out) {
    double seen = 0.0;
    for (std::int64_t i = 0; i < w.view.states; ++i)
        seen += w.view.state[i].weight * std::norm(w.view.reference * analysed(w.view.state[i]));
    const T value = static_cast<T>(w.passing > 0.0 ? weight * seen : 0.0);
    for (std::int64_t i = 0; i < w.height * w.width; ++i) out[i] += value;
}

}  // namespace

template <class T>
PupilImager<T>::PupilImager(GridLimits limits) : limits_(limits), work_(std::make_unique<PupilWork<T>>()) {}

template <class T>
PupilImager<T>::PupilImager(PupilImager&&) noexcept = default;

template <class T>
PupilImager<T>::~PupilImager() = default;

template <class T>
GridWish PupilImager<T>::begin_intensity(const PupilView& view, const ParticleList& particles, std::int64_t height,
                                         std::int64_t width) {
    PupilWork<T>& w = *work_;
    require_resolved(largest_phase(view));
    w.rule = pixel_rule(2.0 * largest_phase(view), 0.05 * limits_.tolerance);
    w.field = false;
    w.noise = {};
    begin(view, particles, height, width, w);
    w.passing = view.reference != 0.0 ? empty_irradiance(view, w.lens, true) : 0.0;
    if (particles.count == 0) return {0, 0};
    w.cells.assign(static_cast<std::size_t>(w.cells_x * w.cells_y), T(0));
    return wish(limits_, w);
}

template <class T>
GridWish PupilImager<T>::begin_field(const PupilView& view, const ParticleList& particles, const FieldNoise& noise,
                                     std::int64_t height, std::int64_t width) {
    PupilWork<T>& w = *work_;
    require_resolved(largest_phase(view));
    w.rule = {};
    w.field = true;
    w.noise = noise;
    begin(view, particles, height, width, w);
    return wish(limits_, w);
}

template <class T>
double PupilImager<T>::settle(std::int64_t size) {
    PupilWork<T>& w = *work_;
    w.grid = grid_of(w.need, size, w.reach, w.edges, w.lens.sine, w.view.wavelength / w.view.medium_index, w.cell(),
                     limits_);
    return w.grid.error;
}

template <class T>
std::int64_t PupilImager<T>::fill(std::int64_t number, std::int64_t stride, std::complex<T>* grid) {
    PupilWork<T>& w = *work_;
    const std::complex<double> scale = aim(number, w);
    const std::int64_t size = w.grid.size, lines = std::min(w.box.count_y, size);
    GridLines<T> sink(w.grid, w.box, stride, grid);
    fill_lines(scale, 0.0, 0.0, w, sink);
    for (std::int64_t state = 0; state < w.view.states; ++state)
        for (std::int64_t row = lines; row < size; ++row) {
            std::complex<T>* to = grid + (state * size + row) * stride;
            std::fill(to, to + std::min(w.cells_x, size), std::complex<T>());
        }
    return lines;
}

template <class T>
void PupilImager<T>::add_intensity(std::int64_t stride, const std::complex<T>* grid) {
    PupilWork<T>& w = *work_;
    GridRows<T> rows(w.grid, w.cells_x, stride, grid);
    add_intensities({0, 0}, {2 * w.box.first_y, 0}, rows, w);
}

template <class T>
void PupilImager<T>::finish_intensity(double weight, T* out) {
    PupilWork<T>& w = *work_;
    if (w.particles.count == 0) return add_empty(weight, w, out);
    add_pixels(weight, w, out);
}

template <class T>
void PupilImager<T>::finish_field(std::int64_t stride, const std::complex<T>* grid, std::complex<T>* out) {
    PupilWork<T>& w = *work_;
    GridRows<T> rows(w.grid, w.cells_x, stride, grid);
    write_fields({0, 0}, {2 * w.box.first_y, 0}, rows, w, out);
}

template <>
bool PupilImager<double>::by_products() {
    return false;
}

template <>
bool PupilImager<float>::by_products() {
    PupilWork<float>& w = *work_;
    settle(w.need.least);
    w.box = box_of(w.grid, w.lens.sine, w.view.wave[0].sx, w.view.wave[0].sy);
    const double size = static_cast<double>(w.need.least);
    const double transformed = static_cast<double>(std::min(w.box.count_y, w.need.least) + w.cells_x) * size;
    return MatrixTransform::work(axis_x(w), axis_y(w)) < kPerPlace * std::log2(size) * transformed;
}

template <>
void PupilImager<float>::draw_field(std::complex<float>* out) {
    PupilWork<float>& w = *work_;
    multiply_out(0, w);
    MatrixRows rows(w.matrices.data());
    write_fields(middle_x(w), middle_y(w), rows, w, out);
}

template <>
void PupilImager<float>::draw_wave(std::int64_t number) {
    PupilWork<float>& w = *work_;
    multiply_out(number, w);
    MatrixRows rows(w.matrices.data());
    add_intensities(middle_x(w), middle_y(w), rows, w);
}

template <>
void PupilImager<double>::draw_field(std::complex<double>*) {}

template <>
void PupilImager<double>::draw_wave(std::int64_t) {}

template <class T>
double PupilImager<T>::error() const {
    return work_->grid.error;
}

template class PupilImager<float>;
template class PupilImager<double>;

}  // namespace simcore
