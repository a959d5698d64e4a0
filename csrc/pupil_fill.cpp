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

// Complex normal numbers of the points; the shift is added to their turns.
struct NoiseCall {
    const FieldNoise& noise;
    std::uint32_t state;
    double scale, shift_x, shift_y;
    std::uint32_t* pixels;  // memory: the numbers that tell the points of the grid apart,
    double* uniform;        // and two for each point
};

// The low half of m + 2^15.
SIMCORE_INLINE std::uint32_t word(double m) {
    return static_cast<std::uint32_t>(static_cast<std::int32_t>(m) + 0x8000) & 0xffffu;
}

// Adds them times the pupil.
template <class T>
SIMCORE_INLINE void noise_body(const NoiseCall& call, const PupilPoints<T>& points, T* re, T* im) {
    const std::int64_t count = points.count;
    const double *along = points.number(kAlong), *across = points.number(kAcross);
    const double shift_x = call.shift_x, shift_y = call.shift_y;
    const T *pupil_re = points.value(kPupilRe), *pupil_im = points.value(kPupilIm);
    const T variance = static_cast<T>(-2.0 * call.scale * call.scale);
    double *uniform = call.uniform, *turns = uniform + count;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) call.pixels[i] = (word(across[i]) << 16) | word(along[i]);
    rng::uniform_pairs(call.noise.stream, call.pixels, call.state, static_cast<std::size_t>(count), uniform, turns);
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T length = std::sqrt(variance * turns::log_of<T>(uniform[i]));
        const turns::Phase<T> turn = turns::phase_of<T>(turns[i] + (along[i] * shift_x + across[i] * shift_y));
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

// sin(pi t) / (pi t), t = first / size, (first + 1) / size ...: the mean over a pixel as a factor of the pupil.
template <class T>
SIMCORE_INLINE void sinc_body(double size, double first, std::int64_t count, T* to) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const double t = (first + static_cast<double>(static_cast<std::int32_t>(i))) / size;
        const T sine = turns::phase_of<T>(0.5 * t).sin, angle = static_cast<T>(0.5 * kTwoPi * t);
        to[i] = t == 0.0 ? T(1) : sine / angle;
    }
}

#define PARAMETERS(T) (double size, double first, std::int64_t count, T* to)
SIMCORE_DISPATCH(fill_sinc, sinc_body, PARAMETERS(float), (size, first, count, to))
SIMCORE_DISPATCH(fill_sinc, sinc_body, PARAMETERS(double), (size, first, count, to))
#undef PARAMETERS

// Columns of a line: m_x from `low` on, m_y, and the factor of the pupil, one column of it times `share`.
template <class T>
struct LineCall {
    std::int64_t count;
    double low, across;
    T share;
    const T* shares;
    double *to_along, *to_across;
    T* to_factor;
};

template <class T>
SIMCORE_INLINE void line_body(const LineCall<T>& call) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < call.count; ++i) {
        call.to_along[i] = call.low + static_cast<double>(static_cast<std::int32_t>(i));
        call.to_across[i] = call.across;
        call.to_factor[i] = call.share * call.shares[i];
    }
}

SIMCORE_DISPATCH(start_line, line_body, (const LineCall<float>& call), (call))
SIMCORE_DISPATCH(start_line, line_body, (const LineCall<double>& call), (call))

std::int64_t floor_of(double x) {
    const auto whole = static_cast<std::int64_t>(x);
    return static_cast<double>(whole) > x ? whole - 1 : whole;
}

// Directions low .. high - 1 of a line of the box that lie in the pupil, and where they are among the points in hand.
struct Part {
    std::int64_t row, low, high, place;
};

Part part_of(const Box& box, const Grid& grid, double s0x, double sy) {
    const double square = box.radius * box.radius - sy * sy;
    const double half = square > 0.0 ? std::sqrt(square) : 0.0;
    const std::int64_t low = -floor_of((half + s0x) / grid.step), high = floor_of((half - s0x) / grid.step) + 1;
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
        : w_(work),
          p_(work.points),
          wave_(work.view.wave[work.number]),
          scale_(scale),
          x_(x),
          y_(y),
          sink_(sink),
          frame_{wave_.sx, wave_.sy, incident_z(wave_), w_.grid.step, w_.cap},
          mixes_(mixes_of(wave_, w_)) {
        p_.reserve(whole(std::max(kBatch, w_.box.count_x)));
        room_for(w_.re, p_.room);
        room_for(w_.im, p_.room);
        shares(w_.box.first_x, w_.box.count_x, w_.share_x);
        shares(w_.box.first_y, w_.box.count_y, w_.share_y);
    }

    void run() {
        for (std::int64_t row = 0; row < w_.box.count_y; ++row) {
            Part part = part_of(w_.box, w_.grid, wave_.sx, across(row));
            part.row = row;
            if (p_.count + whole(part.high - part.low) > p_.room) flush();
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

    // Fields are averaged over the pixels, by a factor along each axis.
    void shares(std::int64_t first, std::int64_t count, std::vector<T>& to) const {
        room_for(to, count);
        if (w_.field)
            fill_sinc(static_cast<double>(w_.grid.size), static_cast<double>(first), count, to.data());
        else
            std::fill_n(to.data(), count, T(1));
    }

    void take(Part part) {
        const std::int64_t count = part.high - part.low, place = p_.count;
        part.place = place;
        parts_.push_back(part);
        if (count == 0) return;
        start_line(LineCall<T>{count, static_cast<double>(part.low), static_cast<double>(w_.box.first_y + part.row),
                               w_.share_y[part.row], w_.share_x.data() + (part.low - w_.box.first_x),
                               p_.number(kAlong) + place, p_.number(kAcross) + place, p_.value(kFactor) + place});
        wavefront_line(w_.view.pupil, w_.lens, line_of(part), p_.number(kWave) + place);
        p_.count += count;
    }

    void flush() {
        if (p_.count > 0) {
            fill_up();
            start_points(frame_, p_);
            pupil();
            particles();
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
                     p_.number(kWave), p_.value(kFactor), re, im);
        if (w_.view.pupil.side == 0) return;
        for (const Part& part : parts_)
            transmission_line(w_.view.pupil, w_.lens, line_of(part), re + part.place, im + part.place);
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

    void noise(std::int64_t state) {
        room_for(w_.pixels, p_.count);
        room_for(w_.uniform, 2 * p_.count);
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
