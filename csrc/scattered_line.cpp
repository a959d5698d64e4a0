#include "scattered_line.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

struct LineColumns {
    double *radius, *path, *chord, *phase;
};

template <class T>
struct ValueColumns {
    T *weight, *rotation_c, *rotation_s, *reflection_c, *reflection_s;
};

// The plane of scattering seen from both sides, from the unit vectors: g is the scattered direction turned back by the
// condenser's rotation, its component across the incident light; b - a is the area of the spherical triangle (axis, s0,
// s), for the rotations carry vectors along its sides.
template <class T>
SIMCORE_INLINE void geometry_body(const LineGeometry& line, const LineColumns& to, const ValueColumns<T>& value) {
    const double x0 = line.s0x, y0 = line.s0y, z0 = line.s0z, square_x = line.sx * line.sx;
    const double cap = line.cap * line.cap, per_rise = 1.0 / (1.0 + z0);
    const double start = line.start, step = line.step, line_x = line.sx;
    const std::int64_t count = line.count;
    double *radius = to.radius, *path = to.path, *chords = to.chord;
    T *weight = value.weight, *rotation_c = value.rotation_c, *rotation_s = value.rotation_s;
    T *reflection_c = value.reflection_c, *reflection_s = value.reflection_s;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const double at = start + static_cast<double>(static_cast<std::int32_t>(i)) * step;
        const double square = square_x + at * at, kept = square > cap ? cap : square;
        const double shrink = std::sqrt(kept / (square + 1e-300));
        const double sx = line_x * shrink, sy = at * shrink, sz = std::sqrt(1.0 - kept);
        const double dx = sx - x0, dy = sy - y0, dz = sz - z0;
        const double chord = dx * dx + dy * dy + dz * dz, cosine = 1.0 - 0.5 * chord;
        radius[i] = std::sqrt(square);
        path[i] = dz;
        chords[i] = std::sqrt(chord);
        weight[i] = static_cast<T>(1.0 / std::sqrt(sz));
        const double along = (1.0 + z0) + (cosine + sz), across = x0 * sy - y0 * sx;
        const double turn = 1.0 / (along * along + across * across);
        const double rc = (along * along - across * across) * turn, rs = 2.0 * along * across * turn;
        const double back = (cosine + sz) * per_rise;
        const double gx = sx - x0 * back, gy = sy - y0 * back;
        const double length = 1.0 / (gx * gx + gy * gy + 1e-30);
        const double c = (gx * gx - gy * gy) * length, s = 2.0 * gx * gy * length;
        rotation_c[i] = static_cast<T>(rc);
        rotation_s[i] = static_cast<T>(rs);
        reflection_c[i] = static_cast<T>(c * rc - s * rs);
        reflection_s[i] = static_cast<T>(s * rc + c * rs);
    }
}

#define PARAMETERS(T) (const LineGeometry& line, const LineColumns& to, const ValueColumns<T>& value)
SIMCORE_DISPATCH(geometry, geometry_body, PARAMETERS(float), (line, to, value))
SIMCORE_DISPATCH(geometry, geometry_body, PARAMETERS(double), (line, to, value))
#undef PARAMETERS

template <class T>
struct ParticleCall {
    std::int64_t count;
    double per_unit, first, rate, depth;
    const T* pieces;
    const double *path, *chord;
    std::int32_t* base;
    T *fraction, *cosine, *sine, *sums;
};

// Sums of the four amplitudes times the cosine, then times the sine of the phase: 8 values for each point.
template <int bytes, class T>
SIMCORE_INLINE void particle_body(const ParticleCall<T>& call) {
    using Quad = Pack<T, 4, bytes>;
    for (std::int64_t i = 0; i < call.count; ++i) {
        const double at = static_cast<double>(static_cast<std::int32_t>(i));
        const elementary::SinCos turn = elementary::sincos((call.first + at * call.rate) + call.depth * call.path[i]);
        call.cosine[i] = static_cast<T>(turn.cos);
        call.sine[i] = static_cast<T>(turn.sin);
    }
    for (std::int64_t i = 0; i < call.count; ++i) {
        const double position = call.chord[i] * call.per_unit;
        const std::int32_t base = static_cast<std::int32_t>(position);
        call.base[i] = base;
        call.fraction[i] = static_cast<T>(position - base);
    }
    for (std::int64_t i = 0; i < call.count; ++i) {
        const T* at = call.pieces + 16 * static_cast<std::int64_t>(call.base[i]);
        const T u = call.fraction[i];
        const Quad value = Quad(at) + u * (Quad(at + 4) + u * (Quad(at + 8) + u * Quad(at + 12)));
        (Quad(call.sums + 8 * i) + value * call.cosine[i]).store(call.sums + 8 * i);
        (Quad(call.sums + 8 * i + 4) + value * call.sine[i]).store(call.sums + 8 * i + 4);
    }
}

SIMCORE_DISPATCH_LANES(particle, particle_body, (const ParticleCall<float>& call), (call))
SIMCORE_DISPATCH_LANES(particle, particle_body, (const ParticleCall<double>& call), (call))

template <class T>
struct FinishCall {
    std::int64_t count;
    const StateMix<T>& mix;
    const T *weight, *rotation_c, *rotation_s, *reflection_c, *reflection_s, *pupil_re, *pupil_im, *sums;
    T *re, *im;
};

template <class T>
SIMCORE_INLINE void finish_body(const FinishCall<T>& call) {
    const T pcr = call.mix.rotation_c.real(), pci = call.mix.rotation_c.imag(), psr = call.mix.rotation_s.real(),
            psi = call.mix.rotation_s.imag();
    const T qcr = call.mix.reflection_c.real(), qci = call.mix.reflection_c.imag(), qsr = call.mix.reflection_s.real(),
            qsi = call.mix.reflection_s.imag();
    const std::int64_t count = call.count;
    const T *weight = call.weight, *rotation_c = call.rotation_c, *rotation_s = call.rotation_s, *sums = call.sums;
    const T *reflection_c = call.reflection_c, *reflection_s = call.reflection_s;
    const T *pupil_re = call.pupil_re, *pupil_im = call.pupil_im;
    T *to_re = call.re, *to_im = call.im;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T* at = sums + 8 * i;
        const T ar = at[0] - at[5], ai = at[1] + at[4], dr = at[2] - at[7], di = at[3] + at[6];
        const T c = rotation_c[i], s = rotation_s[i], rc = reflection_c[i], rs = reflection_s[i];
        const T pr = pcr * c + psr * s, pi = pci * c + psi * s, qr = qcr * rc + qsr * rs, qi = qci * rc + qsi * rs;
        const T re = (ar * pr - ai * pi) + (dr * qr - di * qi), im = (ar * pi + ai * pr) + (dr * qi + di * qr);
        const T wr = weight[i] * pupil_re[i], wi = weight[i] * pupil_im[i];
        to_re[i] = re * wr - im * wi;
        to_im[i] = re * wi + im * wr;
    }
}

SIMCORE_DISPATCH(finish, finish_body, (const FinishCall<float>& call), (call))
SIMCORE_DISPATCH(finish, finish_body, (const FinishCall<double>& call), (call))

}  // namespace

template <class T>
void LineScratch<T>::reserve(std::int64_t count) {
    room = count;
    numbers.resize(static_cast<std::size_t>(kNumbers * count));
    values.resize(static_cast<std::size_t>(kValues * count));
    sums.resize(static_cast<std::size_t>(8 * count));
    base.resize(static_cast<std::size_t>(count));
}

template <class T>
void start_line(const LineGeometry& line, LineScratch<T>& s) {
    geometry(line, LineColumns{s.number(kRadius), s.number(kPath), s.number(kChord), s.number(kPhase)},
             ValueColumns<T>{s.value(kWeight), s.value(kRotationC), s.value(kRotationS), s.value(kReflectionC),
                             s.value(kReflectionS)});
    std::fill(s.sums.begin(), s.sums.begin() + 8 * line.count, T(0));
}

template <class T>
void add_particle(std::int64_t count, const AmplitudeTable<T>& table, double first, double rate, double depth,
                  LineScratch<T>& s) {
    particle(ParticleCall<T>{count, table.per_unit, first, rate, depth, table.pieces.data(), s.number(kPath),
                             s.number(kChord), s.base.data(), s.value(kFraction), s.value(kTurnC), s.value(kTurnS),
                             s.sums.data()});
}

template <class T>
StateMix<T>::StateMix(const std::complex<double>* jones, const std::complex<double>* analyser) {
    const std::complex<double> qx = std::conj(analyser[0]), qy = std::conj(analyser[1]);
    rotation_c = std::complex<T>(qx * jones[0] + qy * jones[1]);
    rotation_s = std::complex<T>(qy * jones[0] - qx * jones[1]);
    reflection_c = std::complex<T>(qx * jones[0] - qy * jones[1]);
    reflection_s = std::complex<T>(qx * jones[1] + qy * jones[0]);
}

template <class T>
void finish_line(std::int64_t count, const StateMix<T>& mix, const LineScratch<T>& scratch, T* re, T* im) {
    LineScratch<T>& s = const_cast<LineScratch<T>&>(scratch);
    finish(FinishCall<T>{count, mix, s.value(kWeight), s.value(kRotationC), s.value(kRotationS), s.value(kReflectionC),
                         s.value(kReflectionS), s.value(kPupilRe), s.value(kPupilIm), s.sums.data(), re, im});
}

#define SIMCORE_LINE(T)                                                                                          \
    template struct LineScratch<T>;                                                                              \
    template struct StateMix<T>;                                                                                 \
    template void start_line(const LineGeometry&, LineScratch<T>&);                                              \
    template void add_particle(std::int64_t, const AmplitudeTable<T>&, double, double, double, LineScratch<T>&); \
    template void finish_line(std::int64_t, const StateMix<T>&, const LineScratch<T>&, T*, T*);
SIMCORE_LINE(float)
SIMCORE_LINE(double)
#undef SIMCORE_LINE

}  // namespace simcore
