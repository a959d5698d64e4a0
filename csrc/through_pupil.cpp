#include "through_pupil.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>
#include <vector>

#include "elementary.hpp"
#include "far_field.hpp"
#include "fourier.hpp"
#include "lanes.hpp"
#include "pixels.hpp"
#include "pupil_grid.hpp"
#include "scattered_line.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr double kCoarsest = 400.0;  // largest phase across a pixel

template <class T>
SIMCORE_INLINE void intensity_body(std::int64_t count, const T* re, const T* im, std::complex<double> reference,
                                   double weight, T* to) {
    const T a = static_cast<T>(reference.real()), b = static_cast<T>(reference.imag()), w = static_cast<T>(weight);
    for (std::int64_t i = 0; i < count; ++i) {
        const T x = a + re[i], y = b + im[i];
        to[i] += w * (x * x + y * y);
    }
}

#define PARAMETERS(T) \
    (std::int64_t count, const T* re, const T* im, std::complex<double> reference, double weight, T* to)
SIMCORE_DISPATCH(square, intensity_body, PARAMETERS(float), (count, re, im, reference, weight, to))
SIMCORE_DISPATCH(square, intensity_body, PARAMETERS(double), (count, re, im, reference, weight, to))
#undef PARAMETERS

// Adds complex normal numbers times the pupil; pixels[i] tells the points of the grid apart.
template <class T>
SIMCORE_INLINE void noise_body(const FieldNoise& noise, std::uint32_t state, double scale, std::int64_t count,
                               const std::uint32_t* pixels, const T* pupil_re, const T* pupil_im, double* uniform,
                               T* re, T* im) {
    double* turns = uniform + count;
    rng::uniform_pairs(noise.stream, pixels, state, static_cast<std::size_t>(count), uniform, turns);
    for (std::int64_t i = 0; i < count; ++i) {
        const double length = scale * std::sqrt(-2.0 * elementary::log(uniform[i]));
        const elementary::SinCos turn = elementary::sincos(kTwoPi * turns[i]);
        const T x = static_cast<T>(length * turn.cos), y = static_cast<T>(length * turn.sin);
        re[i] += x * pupil_re[i] - y * pupil_im[i];
        im[i] += x * pupil_im[i] + y * pupil_re[i];
    }
}

#define PARAMETERS(T)                                                                                             \
    (const FieldNoise& noise, std::uint32_t state, double scale, std::int64_t count, const std::uint32_t* pixels, \
     const T* pupil_re, const T* pupil_im, double* uniform, T* re, T* im)
#define ARGUMENTS (noise, state, scale, count, pixels, pupil_re, pupil_im, uniform, re, im)
SIMCORE_DISPATCH(add_noise, noise_body, PARAMETERS(float), ARGUMENTS)
SIMCORE_DISPATCH(add_noise, noise_body, PARAMETERS(double), ARGUMENTS)
#undef PARAMETERS
#undef ARGUMENTS

template <class V>
void room_for(V& vector, std::int64_t count) {
    if (static_cast<std::int64_t>(vector.size()) < count) vector.resize(static_cast<std::size_t>(count));
}

std::int64_t rounded_up(std::int64_t count, std::int64_t unit) { return (count + unit - 1) / unit * unit; }

}  // namespace

template <class T>
struct PupilScratch {
    std::map<std::int64_t, FourierPlan<T>> plans;
    std::vector<AmplitudeTable<T>> tables;
    std::vector<EdgeWave> edges;
    AmplitudeScratch<T> amplitudes;
    LineScratch<T> line;
    std::vector<T> pupil_re, pupil_im, half_re, half_im, field_re, field_im, work, cells, column;
    std::vector<double> sinc, uniform, amplitude;
    std::vector<std::uint32_t> pixels;
};

namespace {

// What the calls for one image share.
template <class T>
struct Job {
    const PupilView& view;
    const ParticleList& particles;
    const PixelRule& rule;
    Lens lens;
    double cap;  // rim_cap
    Grid grid;
    std::int64_t cells_x, cells_y, stride;
    bool field;
    const FieldNoise* noise;
};

double incident_z(const Wave& wave) { return std::sqrt(1.0 - (wave.sx * wave.sx + wave.sy * wave.sy)); }

// Largest distance |s - s0| between directions `first` and `second` from the axis (their sines), on opposite sides or
// on the same.
double chord(double first, double second, double side) {
    const double c = std::sqrt((1.0 - first * first) * (1.0 - second * second)) + side * first * second;
    return std::sqrt(std::max(0.0, 2.0 - 2.0 * c));
}

template <class T>
void tabulate_all(const PupilView& view, const ParticleList& particles, const Lens& lens, double cap,
                  PupilScratch<T>& s) {
    double tilt = 0.0;
    for (std::int64_t w = 0; w < view.waves; ++w)
        tilt = std::max(tilt, std::sqrt(view.wave[w].sx * view.wave[w].sx + view.wave[w].sy * view.wave[w].sy));
    const double from = lens.sine > tilt ? chord(lens.sine, tilt, 1.0) : 0.0, largest = chord(cap, tilt, -1.0);
    if (s.tables.size() < static_cast<std::size_t>(particles.count)) s.tables.resize(particles.count);
    for (std::int64_t i = 0; i < particles.count; ++i) {
        tabulate(particles.source(i), from, largest, s.amplitudes, s.tables[i]);
    }
}

// How far light of the particles lands from their axes, apart from diffraction, and how far the field reaches from
// there.
template <class T>
Reach reach_of(const PupilView& view, const ParticleList& particles, const Lens& lens, const PixelRule& rule,
               std::int64_t cells_x, std::int64_t cells_y, PupilScratch<T>& s) {
    const double tangent = lens.sine / std::sqrt(std::max(1.0 - lens.sine * lens.sine, 1e-6));
    const double shift = ray_shift(view.pupil, lens), p = view.pixel_size;
    // A term of order l leaves as rays at l / k from the centre, and is that over the cosine away in the focal plane.
    const double per_order = view.wavelength / (kTwoPi * view.medium_index) * std::sqrt(1.0 + tangent * tangent);
    const double left = rule.position(0), right = rule.position(cells_x - 1), bottom = rule.position(cells_y - 1);
    Reach reach;
    s.edges.clear();
    reach.field = p * (std::max(right, bottom) - left);
    for (std::int64_t i = 0; i < particles.count; ++i) {
        const double ring = std::abs(particles.z[i] - view.pupil.refocus) * tangent;
        const double cone = ring + shift + per_order * s.tables[i].order;
        s.edges.push_back({s.tables[i].rim, ring});
        const double x = std::max(right - particles.x[i], particles.x[i] - left);
        const double y = std::max(bottom - particles.y[i], particles.y[i] - left);
        reach.cone = std::max(reach.cone, cone);
        reach.farthest = std::max(reach.farthest, p * std::max(x, y) + cone);
        reach.diagonal = std::max(reach.diagonal, p * std::sqrt(x * x + y * y) + cone);
    }
    return reach;
}

template <class T>
Job<T> prepare(const PupilView& view, const ParticleList& particles, const GridLimits& limits, const PixelRule& rule,
               std::int64_t height, std::int64_t width, PupilScratch<T>& s) {
    Job<T> job{view, particles, rule, {}, 0.0, {}, 0, 0, 0, false, nullptr};
    job.lens = {std::min(1.0, view.numerical_aperture / view.medium_index), view.medium_index / view.numerical_aperture,
                view.wavelength, view.numerical_aperture, view.medium_index};
    job.cells_x = rule.cells(width);
    job.cells_y = rule.cells(height);
    job.stride = rounded_up(job.cells_x, kColumns<T>);
    job.cap = rim_cap(job.lens.sine, limits.tolerance);
    tabulate_all(view, particles, job.lens, job.cap, s);
    const Reach reach = reach_of(view, particles, job.lens, rule, job.cells_x, job.cells_y, s);
    const double cell = view.pixel_size / rule.division;
    job.grid = choose_grid(reach, s.edges, job.lens.sine, view.wavelength / view.medium_index, cell, limits);
    return job;
}

// sin(u) / u, u = pi m / size: the mean over a pixel as a factor of the pupil.
void fill_sinc(std::int64_t size, std::int64_t first, std::int64_t count, std::vector<double>& to) {
    room_for(to, count);
    for (std::int64_t i = 0; i < count; ++i) {
        const double u = 0.5 * kTwoPi * static_cast<double>(first + i) / static_cast<double>(size);
        to[i] = first + i == 0 ? 1.0 : elementary::sin(u) / u;
    }
}

// Points lo .. hi of line mx that lie in the pupil.
struct Part {
    std::int64_t low, high;
};

Part part_of(const Box& box, const Grid& grid, double sx, double s0y) {
    const double square = box.radius * box.radius - sx * sx;
    const double half = square > 0.0 ? std::sqrt(square) : 0.0;
    const auto low = static_cast<std::int64_t>(std::ceil((-half - s0y) / grid.step));
    const auto high = static_cast<std::int64_t>(std::floor((half - s0y) / grid.step)) + 1;
    return {std::max(low, box.first_y),
            std::max(std::max(low, box.first_y), std::min(high, box.first_y + box.count_y))};
}

// Multiplies the pupil of the line by the mean over a pixel.
template <class T>
void average_pixels(const Job<T>& job, std::int64_t mx, std::int64_t skipped, std::int64_t count, PupilScratch<T>& s) {
    const double u = 0.5 * kTwoPi * static_cast<double>(mx) / static_cast<double>(job.grid.size);
    const double along = mx == 0 ? 1.0 : elementary::sin(u) / u;
    T *re = s.line.value(kPupilRe), *im = s.line.value(kPupilIm);
    for (std::int64_t i = 0; i < count; ++i) {
        const T factor = static_cast<T>(along * s.sinc[skipped + i]);
        re[i] *= factor;
        im[i] *= factor;
    }
}

template <class T>
void noisy_line(const Job<T>& job, std::int64_t mx, std::int64_t my, std::int64_t count, std::int64_t state,
                PupilScratch<T>& s, T* re, T* im) {
    room_for(s.pixels, count);
    room_for(s.uniform, 2 * count);
    const auto word = [](std::int64_t m) { return static_cast<std::uint32_t>(m + 0x8000) & 0xffffu; };
    for (std::int64_t i = 0; i < count; ++i) s.pixels[i] = (word(my + i) << 16) | word(mx);
    add_noise(*job.noise, static_cast<std::uint32_t>(state), job.noise->sigma / static_cast<double>(job.grid.size),
              count, s.pixels.data(), s.line.value(kPupilRe), s.line.value(kPupilIm), s.uniform.data(), re, im);
}

// The scattered light of one wave on the grid, for every state: planes of box.count_x lines of `stride`.
template <class T>
void fill_box(const Job<T>& job, const Wave& wave, const Box& box, std::complex<double> scale,
              const std::vector<StateMix<T>>& mixes, std::int64_t stride, PupilScratch<T>& s) {
    const std::int64_t plane = box.count_x * stride, states = job.view.states;
    room_for(s.pupil_re, plane * states);
    room_for(s.pupil_im, plane * states);
    std::fill(s.pupil_re.begin(), s.pupil_re.begin() + plane * states, T(0));
    std::fill(s.pupil_im.begin(), s.pupil_im.begin() + plane * states, T(0));
    s.line.reserve(stride);
    room_for(s.amplitude, 2 * stride);
    if (job.field) fill_sinc(job.grid.size, box.first_y, box.count_y, s.sinc);
    const double z0 = incident_z(wave), turn = -kTwoPi / static_cast<double>(job.grid.size);
    const double wavenumber = kTwoPi * job.view.medium_index / job.view.wavelength;
    const double left = job.rule.position(0), division = job.rule.division;
    for (std::int64_t row = 0; row < box.count_x; ++row) {
        const std::int64_t mx = box.first_x + row;
        const double sx = wave.sx + static_cast<double>(mx) * job.grid.step;
        const Part part = part_of(box, job.grid, sx, wave.sy);
        const std::int64_t count = part.high - part.low;
        if (count <= 0) continue;
        const double start = wave.sy + static_cast<double>(part.low) * job.grid.step;
        start_line({count, sx, start, job.grid.step, wave.sx, wave.sy, z0, job.cap}, s.line);
        pupil_line(job.view.pupil, job.lens, {count, sx, start, job.grid.step, job.grid.rim}, s.line.number(kRadius),
                   scale, s.amplitude.data(), s.line.value(kPupilRe), s.line.value(kPupilIm));
        if (job.field) average_pixels(job, mx, part.low - box.first_y, count, s);
        for (std::int64_t i = 0; i < job.particles.count; ++i) {
            const double x = (job.particles.x[i] - left) * division, y = (job.particles.y[i] - left) * division;
            const double first =
                turn * (static_cast<double>(mx) * x + static_cast<double>(part.low) * y) + job.particles.phase[i];
            const double depth = wavenumber * (job.particles.z[i] - job.view.pupil.refocus);
            add_particle(count, s.tables[i], first, turn * y, depth, s.line);
        }
        for (std::int64_t state = 0; state < states; ++state) {
            const std::int64_t at = state * plane + row * stride + part.low - box.first_y;
            T *re = s.pupil_re.data() + at, *im = s.pupil_im.data() + at;
            finish_line(count, mixes[state], s.line, re, im);
            if (job.noise != nullptr) noisy_line(job, mx, part.low, count, state, s, re, im);
        }
    }
}

template <class T>
void transform_box(const Job<T>& job, const Box& box, std::int64_t stride, std::int64_t state, PupilScratch<T>& s) {
    auto found = s.plans.find(job.grid.size);
    if (found == s.plans.end()) found = s.plans.emplace(job.grid.size, FourierPlan<T>(job.grid.size)).first;
    const FourierPlan<T>& plan = found->second;
    room_for(s.half_re, box.count_y * job.stride);
    room_for(s.half_im, box.count_y * job.stride);
    room_for(s.field_re, job.cells_y * job.stride);
    room_for(s.field_im, job.cells_y * job.stride);
    const std::int64_t at = state * box.count_x * stride;
    transform_columns<T>(plan, box.count_y, {s.pupil_re.data() + at, s.pupil_im.data() + at, stride}, box.first_x,
                         box.count_x, {s.half_re.data(), s.half_im.data(), job.stride}, job.cells_x, true, s.work);
    transform_columns<T>(plan, job.cells_x, {s.half_re.data(), s.half_im.data(), job.stride}, box.first_y, box.count_y,
                         {s.field_re.data(), s.field_im.data(), job.stride}, job.cells_y, false, s.work);
}

// Fills s.field_* of each state in turn and calls use(state).
template <class T, class Use>
void for_each_state(const Job<T>& job, const Wave& wave, std::complex<double> scale, PupilScratch<T>& s, Use use) {
    const Box box = box_of(job.grid, job.lens.sine, wave.sx, wave.sy);
    const std::int64_t stride = rounded_up(box.count_y, kColumns<T>);
    const double amount = -job.grid.step * job.grid.step / (kTwoPi * std::sqrt(incident_z(wave)));
    std::vector<StateMix<T>> mixes;
    for (std::int64_t state = 0; state < job.view.states; ++state) {
        const State& given = job.view.state[state];
        const std::complex<double> jones[2] = {amount * given.jones[0], amount * given.jones[1]};
        mixes.emplace_back(jones, given.analyser);
    }
    fill_box(job, wave, box, scale, mixes, stride, s);
    for (std::int64_t state = 0; state < job.view.states; ++state) {
        transform_box(job, box, stride, state, s);
        use(state);
    }
}

std::complex<double> analysed(const State& state) {
    return std::conj(state.analyser[0]) * state.jones[0] + std::conj(state.analyser[1]) * state.jones[1];
}

template <class T>
void add_pixels(const Job<T>& job, double weight, std::int64_t height, std::int64_t width, PupilScratch<T>& s, T* out) {
    room_for(s.column, job.cells_x + width);
    T* row = s.column.data() + job.cells_x;
    for (std::int64_t y = 0; y < height; ++y) {
        integrate_row(job.rule, s.cells.data() + y * job.rule.division * job.cells_x, job.cells_x, s.column.data(),
                      width, row);
        for (std::int64_t x = 0; x < width; ++x) out[y * width + x] += static_cast<T>(weight) * row[x];
    }
}

// What the waves bring into the image with nothing in their way, and without the pupil.
double empty_irradiance(const PupilView& view, const Lens& lens, bool through) {
    double sum = 0.0;
    for (std::int64_t w = 0; w < view.waves; ++w)
        sum += view.wave[w].weight *
               (through ? std::norm(pupil_at(view.pupil, lens, view.wave[w].sx, view.wave[w].sy)) : 1.0);
    return sum;
}

void require_resolved(double phase) {
    if (!(phase < kCoarsest))
        throw std::domain_error("pixel_size: more than a hundred times what the aperture resolves");
}

double largest_phase(const PupilView& view) {
    return kTwoPi * std::min(view.medium_index, view.numerical_aperture) / view.wavelength * view.pixel_size;
}

}  // namespace

template <class T>
PupilImager<T>::PupilImager(GridLimits limits) : limits_(limits), scratch_(std::make_unique<PupilScratch<T>>()) {}

template <class T>
PupilImager<T>::~PupilImager() = default;

template <class T>
double PupilImager<T>::add_intensity(const PupilView& view, const ParticleList& particles, double weight,
                                     std::int64_t height, std::int64_t width, T* out) {
    PupilScratch<T>& s = *scratch_;
    require_resolved(largest_phase(view));
    const PixelRule rule = pixel_rule(2.0 * largest_phase(view), 0.05 * limits_.tolerance);
    const Job<T> job = prepare(view, particles, limits_, rule, height, width, s);
    const double passing = view.reference != 0.0 ? empty_irradiance(view, job.lens, true) : 0.0;
    const double total = passing > 0.0 ? passing : empty_irradiance(view, job.lens, false);
    s.cells.assign(static_cast<std::size_t>(job.cells_x * job.cells_y), T(0));
    if (particles.count == 0) {
        double seen = 0.0;
        for (std::int64_t state = 0; state < view.states; ++state)
            seen += view.state[state].weight * std::norm(view.reference * analysed(view.state[state]));
        const T value = static_cast<T>(passing > 0.0 ? weight * seen : 0.0);
        for (std::int64_t i = 0; i < height * width; ++i) out[i] += value;
        return 0.0;
    }
    for (std::int64_t w = 0; w < view.waves; ++w) {
        const Wave& wave = view.wave[w];
        const std::complex<double> through = view.reference * pupil_at(view.pupil, job.lens, wave.sx, wave.sy);
        for_each_state(job, wave, 1.0, s, [&](std::int64_t state) {
            const double share = wave.weight * view.state[state].weight / total;
            for (std::int64_t y = 0; y < job.cells_y; ++y)
                square(job.cells_x, s.field_re.data() + y * job.stride, s.field_im.data() + y * job.stride,
                       through * analysed(view.state[state]), share, s.cells.data() + y * job.cells_x);
        });
    }
    add_pixels(job, weight, height, width, s, out);
    return job.grid.error;
}

template <class T>
double PupilImager<T>::field(const PupilView& view, const ParticleList& particles, const FieldNoise& noise,
                             std::int64_t height, std::int64_t width, std::complex<T>* out) {
    PupilScratch<T>& s = *scratch_;
    require_resolved(largest_phase(view));
    const PixelRule rule;
    Job<T> job = prepare(view, particles, limits_, rule, height, width, s);
    job.field = true;
    job.noise = noise.sigma > 0.0 ? &noise : nullptr;
    const std::complex<double> through = pupil_at(view.pupil, job.lens, view.wave[0].sx, view.wave[0].sy);
    const std::complex<double> scale = through == 0.0 ? 1.0 : 1.0 / through;
    for_each_state(job, view.wave[0], scale, s, [&](std::int64_t state) {
        const std::complex<double> passing = through != 0.0 ? view.reference * analysed(view.state[state]) : 0.0;
        const std::complex<T> reference(passing);
        for (std::int64_t y = 0; y < height; ++y)
            for (std::int64_t x = 0; x < width; ++x)
                out[(y * width + x) * view.states + state] =
                    reference + std::complex<T>(s.field_re[y * job.stride + x], s.field_im[y * job.stride + x]);
    });
    return job.grid.error;
}

template class PupilImager<float>;
template class PupilImager<double>;

}  // namespace simcore
