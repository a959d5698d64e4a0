#include "through_pupil.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <vector>

#include "elementary.hpp"
#include "far_field.hpp"
#include "lanes.hpp"
#include "pixels.hpp"
#include "pupil_grid.hpp"
#include "scattered_line.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr std::int64_t kWhole = 16;  // lines are computed in whole vectors, the points beyond are not used
constexpr double kCoarsest = 400.0;  // largest phase across a pixel

// value: pairs of real and imaginary parts.
template <class T>
SIMCORE_INLINE void intensity_body(std::int64_t count, const T* value, std::complex<double> reference, double weight,
                                   T* to) {
    const T a = static_cast<T>(reference.real()), b = static_cast<T>(reference.imag()), w = static_cast<T>(weight);
    for (std::int64_t i = 0; i < count; ++i) {
        const T x = a + value[2 * i], y = b + value[2 * i + 1];
        to[i] += w * (x * x + y * y);
    }
}

#define PARAMETERS(T) (std::int64_t count, const T* value, std::complex<double> reference, double weight, T* to)
SIMCORE_DISPATCH(square, intensity_body, PARAMETERS(float), (count, value, reference, weight, to))
SIMCORE_DISPATCH(square, intensity_body, PARAMETERS(double), (count, value, reference, weight, to))
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

}  // namespace

// One image after the other: what its calls share, and the memory that all images share.
template <class T>
struct PupilWork {
    PupilView view{};
    ParticleList particles{};
    FieldNoise noise;
    PixelRule rule;
    Lens lens{};
    double cap = 0.0;      // rim_cap
    double passing = 0.0;  // irradiance that comes through the pupil, intensities only
    Reach reach;
    GridNeed need;
    Grid grid;
    std::int64_t number = 0;  // the wave, its box, and what of it passes the pupil
    Box box{};
    std::complex<double> through;
    std::int64_t height = 0, width = 0, cells_x = 0, cells_y = 0;
    bool field = false;

    std::vector<AmplitudeTable<T>> tables;
    std::vector<EdgeWave> edges;
    AmplitudeScratch<T> amplitudes;
    LineScratch<T> line;
    std::vector<T> re, im, cells, column, strip;
    std::vector<double> sinc, uniform, amplitude;
    std::vector<std::uint32_t> pixels;
    std::vector<std::complex<T>> turns;

    double cell() const { return view.pixel_size / rule.division; }
};

namespace {

double incident_z(const Wave& wave) { return std::sqrt(1.0 - (wave.sx * wave.sx + wave.sy * wave.sy)); }

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
        tabulate(w.particles.source(i), from, largest, w.amplitudes, w.tables[i]);
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
    return {w.need.least, w.cells_y};
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
void average_pixels(std::int64_t mx, std::int64_t skipped, std::int64_t count, PupilWork<T>& w) {
    const double u = 0.5 * kTwoPi * static_cast<double>(mx) / static_cast<double>(w.grid.size);
    const double along = mx == 0 ? 1.0 : elementary::sin(u) / u;
    T *re = w.line.value(kPupilRe), *im = w.line.value(kPupilIm);
    for (std::int64_t i = 0; i < count; ++i) {
        const T factor = static_cast<T>(along * w.sinc[skipped + i]);
        re[i] *= factor;
        im[i] *= factor;
    }
}

template <class T>
void noisy_line(std::int64_t mx, std::int64_t my, std::int64_t count, std::int64_t state, PupilWork<T>& w) {
    room_for(w.pixels, count);
    room_for(w.uniform, 2 * count);
    const auto word = [](std::int64_t m) { return static_cast<std::uint32_t>(m + 0x8000) & 0xffffu; };
    for (std::int64_t i = 0; i < count; ++i) w.pixels[i] = (word(my + i) << 16) | word(mx);
    add_noise(w.noise, static_cast<std::uint32_t>(state), w.noise.sigma / static_cast<double>(w.grid.size), count,
              w.pixels.data(), w.line.value(kPupilRe), w.line.value(kPupilIm), w.uniform.data(), w.re.data(),
              w.im.data());
}

std::int64_t whole(std::int64_t count) { return (count + kWhole - 1) / kWhole * kWhole; }

// The sums over the particles at `count` points of line mx, and the pupil there.
template <class T>
void light_of_line(const Wave& wave, std::int64_t mx, const Part& part, std::int64_t count, std::complex<double> scale,
                   PupilWork<T>& w) {
    const double step = w.grid.step, sx = wave.sx + static_cast<double>(mx) * step;
    const double start = wave.sy + static_cast<double>(part.low) * step;
    start_line({count, sx, start, step, wave.sx, wave.sy, incident_z(wave), w.cap}, w.line);
    pupil_line(w.view.pupil, w.lens, {count, sx, start, step, w.grid.rim}, w.line.number(kRadius), scale,
               w.amplitude.data(), w.line.value(kPupilRe), w.line.value(kPupilIm));
    if (w.field) average_pixels(mx, part.low - w.box.first_y, count, w);
    const double turn = -kTwoPi / static_cast<double>(w.grid.size);
    const double wavenumber = kTwoPi * w.view.medium_index / w.view.wavelength;
    const double left = w.rule.position(0), division = w.rule.division;
    for (std::int64_t i = 0; i < w.particles.count; ++i) {
        const double x = (w.particles.x[i] - left) * division, y = (w.particles.y[i] - left) * division;
        const double first =
            turn * (static_cast<double>(mx) * x + static_cast<double>(part.low) * y) + w.particles.phase[i];
        const double depth = wavenumber * (w.particles.z[i] - w.view.pupil.refocus);
        add_particle(count, w.tables[i], first, turn * y, depth, w.line);
    }
}

// Calls use(place, i, n) for the runs of the elements first .. first + count - 1 of a line that is repeated.
template <class Use>
SIMCORE_INLINE void for_runs(std::int64_t size, std::int64_t first, std::int64_t count, Use use) {
    std::int64_t place = (first % size + size) % size;
    for (std::int64_t i = 0; i < count;) {
        const std::int64_t n = std::min(count - i, size - place);
        use(place, i, n);
        i += n;
        place = 0;
    }
}

// Puts the points of a line where they belong: what falls on the same place is added, elsewhere the line becomes 0.
template <class T>
void store_line(std::int64_t size, std::int64_t low, std::int64_t count, const T* re, const T* im, bool fresh,
                std::complex<T>* to) {
    const std::int64_t alone = fresh ? std::min(count, size) : 0;
    T* values = reinterpret_cast<T*>(to);
    for_runs(size, low, alone, [=](std::int64_t place, std::int64_t i, std::int64_t n) {
        T* at = values + 2 * place;
        for (std::int64_t k = 0; k < n; ++k) {
            at[2 * k] = re[i + k];
            at[2 * k + 1] = im[i + k];
        }
    });
    for_runs(size, low + alone, count - alone, [=](std::int64_t place, std::int64_t i, std::int64_t n) {
        for (std::int64_t k = 0; k < n; ++k) to[place + k] += std::complex<T>(re[alone + i + k], im[alone + i + k]);
    });
    if (fresh)
        for_runs(size, low + alone, size - alone, [=](std::int64_t place, std::int64_t, std::int64_t n) {
            std::fill(to + place, to + place + n, std::complex<T>());
        });
}

template <class T>
std::vector<StateMix<T>> mixes_of(const Wave& wave, const PupilWork<T>& w) {
    const double amount = -w.grid.step * w.grid.step / (kTwoPi * std::sqrt(incident_z(wave)));
    std::vector<StateMix<T>> mixes;
    for (std::int64_t i = 0; i < w.view.states; ++i) {
        const State& state = w.view.state[i];
        const std::complex<double> jones[2] = {amount * state.jones[0], amount * state.jones[1]};
        mixes.emplace_back(jones, state.analyser);
    }
    return mixes;
}

template <class T>
void reserve_lines(PupilWork<T>& w) {
    const std::int64_t room = whole(w.box.count_y);
    w.line.reserve(room);
    room_for(w.amplitude, 2 * room);
    room_for(w.re, room);
    room_for(w.im, room);
    if (w.field) fill_sinc(w.grid.size, w.box.first_y, w.box.count_y + kWhole, w.sinc);
}

// Fills the lines of the box, of every state, and clears what the second transform reads of the others.
template <class T>
std::int64_t fill_grid(const Wave& wave, std::complex<double> scale, std::int64_t stride, std::complex<T>* grid,
                       PupilWork<T>& w) {
    const std::int64_t size = w.grid.size, lines = std::min(w.box.count_x, size);
    const std::vector<StateMix<T>> mixes = mixes_of(wave, w);
    reserve_lines(w);
    for (std::int64_t row = 0; row < w.box.count_x; ++row) {
        const std::int64_t mx = w.box.first_x + row;
        const Part part = part_of(w.box, w.grid, wave.sx + static_cast<double>(mx) * w.grid.step, wave.sy);
        const std::int64_t used = part.high - part.low, count = whole(used);
        if (count > 0) light_of_line(wave, mx, part, count, scale, w);
        for (std::int64_t state = 0; state < w.view.states; ++state) {
            if (count > 0) finish_line(count, mixes[state], w.line, w.re.data(), w.im.data());
            if (count > 0 && w.noise.sigma > 0.0) noisy_line(mx, part.low, count, state, w);
            std::complex<T>* to = grid + (state * size + row % size) * stride;
            store_line(size, part.low, used, w.re.data(), w.im.data(), row < size, to);
        }
    }
    for (std::int64_t state = 0; state < w.view.states; ++state)
        for (std::int64_t row = lines; row < size; ++row) {
            std::complex<T>* to = grid + (state * size + row) * stride;
            std::fill(to, to + std::min(w.cells_y, size), std::complex<T>());
        }
    return lines;
}

// exp(2 pi i m_x j / size) for the first line, which the transforms count as 0.
std::complex<double> turn_at(const Box& box, const Grid& grid, std::int64_t j) {
    const std::int64_t place = (box.first_x % grid.size + grid.size) * (j % grid.size) % grid.size;
    const elementary::SinCos turn =
        elementary::sincos(kTwoPi * static_cast<double>(place) / static_cast<double>(grid.size));
    return {turn.cos, turn.sin};
}

std::complex<double> analysed(const State& state) {
    return std::conj(state.analyser[0]) * state.jones[0] + std::conj(state.analyser[1]) * state.jones[1];
}

constexpr std::int64_t kStrip = 16;  // columns of pixels that are put in order together

// From cells with x along the rows to pixels with y along them.
template <class T>
void add_pixels(double weight, PupilWork<T>& w, T* out) {
    room_for(w.column, w.cells_y);
    room_for(w.strip, kStrip * w.height);
    for (std::int64_t first = 0; first < w.width; first += kStrip) {
        const std::int64_t here = std::min(kStrip, w.width - first);
        for (std::int64_t i = 0; i < here; ++i)
            integrate_row(w.rule, w.cells.data() + (first + i) * w.rule.division * w.cells_y, w.cells_y,
                          w.column.data(), w.height, w.strip.data() + i * w.height);
        for (std::int64_t y = 0; y < w.height; ++y)
            for (std::int64_t i = 0; i < here; ++i)
                out[y * w.width + first + i] += static_cast<T>(weight) * w.strip[i * w.height + y];
    }
}

struct Strip {
    std::int64_t first, count;
};

// From the transformed plane with x along the rows to columns of pixels with y along them, turned to the first line's
// place and with the light that passes.
template <class T>
void turn_strip(const Strip& strip, const std::complex<T>* plane, std::int64_t stride, std::complex<T> reference,
                std::int64_t state, PupilWork<T>& w, std::complex<T>* out) {
    const std::int64_t size = w.grid.size, states = w.view.states, next = w.width * states;
    const T *row[kStrip], *turn = reinterpret_cast<const T*>(w.turns.data() + strip.first);
    for (std::int64_t i = 0; i < strip.count; ++i)
        row[i] = reinterpret_cast<const T*>(plane + ((strip.first + i) % size) * stride);
    T* to = reinterpret_cast<T*>(out + strip.first * states + state);
    for_runs(size, 0, w.height, [&](std::int64_t place, std::int64_t y, std::int64_t n) {
        for (std::int64_t k = 0; k < n; ++k) {
            T* line = to + 2 * next * (y + k);
            for (std::int64_t i = 0; i < strip.count; ++i) {
                const T re = row[i][2 * (place + k)], im = row[i][2 * (place + k) + 1];
                line[2 * i * states] = reference.real() + (re * turn[2 * i] - im * turn[2 * i + 1]);
                line[2 * i * states + 1] = reference.imag() + (re * turn[2 * i + 1] + im * turn[2 * i]);
            }
        }
    });
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
    const Wave& wave = w.view.wave[number];
    w.number = number;
    w.box = box_of(w.grid, w.lens.sine, wave.sx, wave.sy);
    w.through = pupil_at(w.view.pupil, w.lens, wave.sx, wave.sy);
    const std::complex<double> scale = w.field && w.through != 0.0 ? 1.0 / w.through : 1.0;
    return fill_grid(wave, scale, stride, grid, w);
}

template <class T>
void PupilImager<T>::add_intensity(std::int64_t stride, const std::complex<T>* grid) {
    PupilWork<T>& w = *work_;
    const double total = w.passing > 0.0 ? w.passing : empty_irradiance(w.view, w.lens, false);
    for (std::int64_t i = 0; i < w.view.states; ++i) {
        const State& state = w.view.state[i];
        const std::complex<double> reference = w.view.reference * w.through * analysed(state);
        const double share = w.view.wave[w.number].weight * state.weight / total;
        for (std::int64_t x = 0; x < w.cells_x; ++x) {
            const std::complex<double> turned = std::conj(turn_at(w.box, w.grid, x)) * reference;
            const std::complex<T>* row = grid + (i * w.grid.size + x % w.grid.size) * stride;
            for_runs(w.grid.size, 0, w.cells_y, [&](std::int64_t, std::int64_t y, std::int64_t n) {
                square(n, reinterpret_cast<const T*>(row), turned, share, w.cells.data() + x * w.cells_y + y);
            });
        }
    }
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
    const std::int64_t size = w.grid.size, states = w.view.states;
    w.turns.resize(static_cast<std::size_t>(w.width));
    for (std::int64_t x = 0; x < w.width; ++x) w.turns[x] = std::complex<T>(turn_at(w.box, w.grid, x));
    for (std::int64_t i = 0; i < states; ++i) {
        const std::complex<double> passing = w.through != 0.0 ? w.view.reference * analysed(w.view.state[i]) : 0.0;
        const std::complex<T> reference(passing);
        const std::complex<T>* plane = grid + i * size * stride;
        for (std::int64_t first = 0; first < w.width; first += kStrip)
            turn_strip({first, std::min(kStrip, w.width - first)}, plane, stride, reference, i, w, out);
    }
}

template class PupilImager<float>;
template class PupilImager<double>;

}  // namespace simcore
