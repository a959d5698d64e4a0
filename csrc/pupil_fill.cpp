#include "pupil_fill.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "turns.hpp"

namespace simcore {
namespace {

constexpr double kTwoPi = 6.28318530717958647692;
constexpr std::int64_t kWhole = 16;   // points are computed in whole vectors, those beyond are not used
constexpr std::int64_t kBatch = 512;  // points that are computed together, unless a line has more

std::int64_t whole(std::int64_t count) { return (count + kWhole - 1) / kWhole * kWhole; }

template <class V>
void room_for(V& vector, std::int64_t count) {
    if (static_cast<std::int64_t>(vector.size()) < count) vector.resize(static_cast<std::size_t>(count));
}

// Complex normal numbers of the points: pixels[i] tells the points of the grid apart, shift is added to their turns.
struct NoiseCall {
    const FieldNoise& noise;
    std::uint32_t state;
    double scale, shift_x, shift_y;
    const std::uint32_t* pixels;
    double* uniform;  // two for each point
};

// Adds them times the pupil.
template <class T>
SIMCORE_INLINE void noise_body(const NoiseCall& call, const PupilPoints<T>& points, T* re, T* im) {
    const std::int64_t count = points.count;
    const double *along = points.number(kAlong), *across = points.number(kAcross);
    const double shift_x = call.shift_x, shift_y = call.shift_y;
    const T *pupil_re = points.value(kPupilRe), *pupil_im = points.value(kPupilIm);
    const T variance = static_cast<T>(-2.0 * call.scale * call.scale);
    double *uniform = call.uniform, *turns = uniform + count;
    rng::uniform_pairs(call.noise.stream, call.pixels, call.state, static_cast<std::size_t>(count), uniform, turns);
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T length = std::sqrt(variance * turns::log_of<T>(uniform[i]));
        const turns::Phase<T> turn =
            turns::phase_of<T>(turns[i] + (along[i] * shift_x + across[i] * shift_y));
        const T x = length * turn.cos, y = length * turn.sin;
        re[i] += x * pupil_re[i] - y * pupil_im[i];
        im[i] += x * pupil_im[i] + y * pupil_re[i];
    }
}

#define PARAMETERS(T) (const NoiseCall& call, const PupilPoints<T>& points, T* re, T* im)
SIMCORE_DISPATCH(add_noise, noise_body, PARAMETERS(float), (call, points, re, im))
SIMCORE_DISPATCH(add_noise, noise_body, PARAMETERS(double), (call, points, re, im))
#undef PARAMETERS

double incident_z(const Wave& wave) { return std::sqrt(1.0 - (wave.sx * wave.sx + wave.sy * wave.sy)); }

// sin(u) / u, u = pi m / size: the mean over a pixel as a factor of the pupil.
void fill_sinc(std::int64_t size, std::int64_t first, std::int64_t count, std::vector<double>& to) {
    room_for(to, count);
    for (std::int64_t i = 0; i < count; ++i) {
        const double u = 0.5 * kTwoPi * static_cast<double>(first + i) / static_cast<double>(size);
        to[i] = first + i == 0 ? 1.0 : elementary::sin(u) / u;
    }
}

// Directions low .. high - 1 of a line of the box that lie in the pupil, and where they are among the points in hand.
struct Part {
    std::int64_t row, low, high, place;
};

Part part_of(const Box& box, const Grid& grid, double s0x, double sy) {
    const double square = box.radius * box.radius - sy * sy;
    const double half = square > 0.0 ? std::sqrt(square) : 0.0;
    const auto low = static_cast<std::int64_t>(std::ceil((-half - s0x) / grid.step));
    const auto high = static_cast<std::int64_t>(std::floor((half - s0x) / grid.step)) + 1;
    const std::int64_t first = std::max(low, box.first_x);
    return {0, first, std::max(first, std::min(high, box.first_x + box.count_x)), 0};
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

// Collects lines until they fill a batch, computes them together and passes them on.
template <class T>
class Filler {
  public:
    Filler(std::complex<double> scale, double x, double y, PupilWork<T>& work, LineSink<T>& sink)
        : w_(work), p_(work.points), wave_(work.view.wave[work.number]), scale_(scale), x_(x), y_(y), sink_(sink),
          frame_{wave_.sx, wave_.sy, incident_z(wave_), w_.grid.step, w_.cap}, mixes_(mixes_of(wave_, w_)) {
        p_.reserve(whole(std::max(kBatch, w_.box.count_x)));
        room_for(w_.re, p_.room);
        room_for(w_.im, p_.room);
        if (w_.field) fill_sinc(w_.grid.size, w_.box.first_x, w_.box.count_x, w_.sinc_x);
        if (w_.field) fill_sinc(w_.grid.size, w_.box.first_y, w_.box.count_y, w_.sinc_y);
    }

    void run() {
        for (std::int64_t row = 0; row < w_.box.count_y; ++row) {
            Part part = part_of(w_.box, w_.grid, wave_.sx, across(row));
            part.row = row;
            if (p_.count + (part.high - part.low) > p_.room) flush();
            take(part);
        }
        flush();
    }

  private:
    PupilWork<T>& w_;
    PupilPoints<T>& p_;
    const Wave& wave_;
    std::complex<double> scale_;
    double x_, y_;
    LineSink<T>& sink_;
    Frame frame_;
    std::vector<StateMix<T>> mixes_;
    std::vector<Part> parts_;

    double across(std::int64_t row) const {
        return wave_.sy + static_cast<double>(w_.box.first_y + row) * w_.grid.step;
    }

    PupilLine line_of(const Part& part) const {
        return {part.high - part.low, across(part.row), wave_.sx + static_cast<double>(part.low) * w_.grid.step,
                w_.grid.step};
    }

    void take(Part part) {
        const std::int64_t count = part.high - part.low;
        part.place = p_.count;
        parts_.push_back(part);
        double *along = p_.number(kAlong) + part.place, *across = p_.number(kAcross) + part.place;
        for (std::int64_t i = 0; i < count; ++i) along[i] = static_cast<double>(part.low + i);
        std::fill_n(across, count, static_cast<double>(w_.box.first_y + part.row));
        if (count > 0) wavefront_line(w_.view.pupil, w_.lens, line_of(part), p_.number(kWave) + part.place);
        p_.count += count;
    }

    void flush() {
        if (p_.count > 0) {
            fill_up();
            start_points(frame_, p_);
            pupil();
            particles();
            if (w_.noise.sigma > 0.0) number_points();
        }
        for (std::int64_t state = 0; state < w_.view.states; ++state) {
            if (p_.count > 0) finish_points(frame_, mixes_[state], p_, w_.re.data(), w_.im.data());
            if (p_.count > 0 && w_.noise.sigma > 0.0) noise(state);
            for (const Part& part : parts_)
                sink_.line(state, part.row, part.low - w_.box.first_x, part.high - part.low, w_.re.data() + part.place,
                           w_.im.data() + part.place);
        }
        parts_.clear();
        p_.count = 0;
    }

    // The last point again, up to a whole vector.
    void fill_up() {
        const std::int64_t last = p_.count - 1;
        for (const int column : {kAlong, kAcross, kWave}) {
            double* values = p_.number(column);
            for (std::int64_t i = p_.count; i < whole(p_.count); ++i) values[i] = values[last];
        }
        p_.count = whole(p_.count);
    }

    void pupil() {
        T *re = p_.value(kPupilRe), *im = p_.value(kPupilIm);
        pupil_points(w_.view.pupil, w_.lens, {w_.grid.rim, w_.grid.step}, scale_, p_.count, p_.number(kSquare),
                     p_.number(kWave), re, im);
        for (const Part& part : parts_) {
            transmission_line(w_.view.pupil, w_.lens, line_of(part), re + part.place, im + part.place);
            if (w_.field) average(part, re + part.place, im + part.place);
        }
    }

    // Times the mean over a pixel.
    void average(const Part& part, T* re, T* im) const {
        const T across = static_cast<T>(w_.sinc_y[part.row]);
        const double* along = w_.sinc_x.data() + (part.low - w_.box.first_x);
        for (std::int64_t i = 0; i < part.high - part.low; ++i) {
            const T factor = across * static_cast<T>(along[i]);
            re[i] *= factor;
            im[i] *= factor;
        }
    }

    void particles() {
        const double per_cell = -1.0 / static_cast<double>(w_.grid.size);
        const double wavenumber = w_.view.medium_index / w_.view.wavelength;
        const double left = w_.rule.position(0), division = w_.rule.division;
        for (std::int64_t i = 0; i < w_.particles.count; ++i) {
            const double x = (w_.particles.x[i] - left) * division - x_;
            const double y = (w_.particles.y[i] - left) * division - y_;
            const double depth = wavenumber * (w_.particles.z[i] - w_.view.pupil.refocus);
            const double first = w_.particles.phase[i] / kTwoPi;
            add_particle(w_.tables[i], {first, per_cell * x, per_cell * y, depth}, p_);
        }
    }

    void number_points() {
        room_for(w_.pixels, p_.count);
        room_for(w_.uniform, 2 * p_.count);
        const double *along = p_.number(kAlong), *across = p_.number(kAcross);
        const auto word = [](double m) { return static_cast<std::uint32_t>(static_cast<std::int32_t>(m) + 0x8000); };
        for (std::int64_t i = 0; i < p_.count; ++i)
            w_.pixels[i] = (word(across[i]) << 16) | (word(along[i]) & 0xffffu);
    }

    void noise(std::int64_t state) {
        const double size = static_cast<double>(w_.grid.size);
        add_noise({w_.noise, static_cast<std::uint32_t>(state), w_.noise.sigma / size, x_ / size, y_ / size,
                   w_.pixels.data(), w_.uniform.data()},
                  p_, w_.re.data(), w_.im.data());
    }
};

}  // namespace

template <class T>
void fill_lines(std::complex<double> scale, double x, double y, PupilWork<T>& work, LineSink<T>& sink) {
    Filler<T>(scale, x, y, work, sink).run();
}

template void fill_lines(std::complex<double>, double, double, PupilWork<float>&, LineSink<float>&);
template void fill_lines(std::complex<double>, double, double, PupilWork<double>&, LineSink<double>&);

}  // namespace simcore
