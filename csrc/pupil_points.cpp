#include "pupil_points.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"
#include "turns.hpp"

namespace simcore {
namespace {

// Square root of a number near its double value: one step of Newton's method from the single one, half as long as the
// processor's own.
template <class T>
SIMCORE_INLINE double root_of(double x) {
    if (sizeof(T) == sizeof(double)) return std::sqrt(x);
    const float near = std::sqrt(static_cast<float>(x));
    const double first = static_cast<double>(near);
    return first + static_cast<double>(static_cast<float>(x - first * first) * (0.5f / near));
}

// The plane of scattering seen from both sides, from the unit vectors: g is the scattered direction turned back by the
// condenser's rotation, its component across the incident light; b - a is the area of the spherical triangle (axis, s0,
// s), for the rotations carry vectors along its sides. Along the axis it is 0.
template <bool tilted, class T>
SIMCORE_INLINE void geometry_body(const Frame& frame, PupilPoints<T>& points) {
    const double s0x = frame.x, s0y = frame.y, s0z = frame.z, step = frame.step, cap = frame.cap * frame.cap;
    const T x0 = static_cast<T>(s0x), y0 = static_cast<T>(s0y), z0 = static_cast<T>(s0z), edge = static_cast<T>(cap);
    const T per_rise = static_cast<T>(1.0 / (1.0 + s0z)), one = T(1);
    const std::int64_t count = points.count;
    const double *along = points.number(kAlong), *across = points.number(kAcross);
    double *squares = points.number(kSquare), *path = points.number(kPath);
    T *chords = points.value(kChord), *weight = points.value(kWeight);
    T *rotation_c = points.value(kRotationC), *rotation_s = points.value(kRotationS);
    T *reflection_c = points.value(kReflectionC), *reflection_s = points.value(kReflectionS);
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const double x = s0x + along[i] * step, y = s0y + across[i] * step, square = x * x + y * y;
        const double kept = square > cap ? cap : square, rise = root_of<T>(1.0 - kept), fall = rise - s0z;
        squares[i] = square;
        path[i] = fall;
        const T here = static_cast<T>(square), shrink = here > edge ? std::sqrt(edge / here) : one;
        const T sx = static_cast<T>(x) * shrink, sy = static_cast<T>(y) * shrink, sz = static_cast<T>(rise);
        const T dx = sx - x0, dy = sy - y0, dz = static_cast<T>(fall);
        const T chord = dx * dx + dy * dy + dz * dz;
        chords[i] = std::sqrt(chord);
        weight[i] = one / std::sqrt(sz);
        const T back = tilted ? ((one - T(0.5) * chord) + sz) * per_rise : T(0);
        const T gx = sx - x0 * back, gy = sy - y0 * back, length = one / (gx * gx + gy * gy + T(1e-30));
        const T c = (gx * gx - gy * gy) * length, s = T(2) * gx * gy * length;
        if (tilted) {
            const T near = (one + z0) + ((one - T(0.5) * chord) + sz), aside = x0 * sy - y0 * sx;
            const T turn = one / (near * near + aside * aside);
            const T rc = (near * near - aside * aside) * turn, rs = T(2) * near * aside * turn;
            rotation_c[i] = rc;
            rotation_s[i] = rs;
            reflection_c[i] = c * rc - s * rs;
            reflection_s[i] = s * rc + c * rs;
        } else {
            reflection_c[i] = c;
            reflection_s[i] = s;
        }
    }
}

#define PARAMETERS(T) (const Frame& frame, PupilPoints<T>& points)
SIMCORE_DISPATCH(geometry_on_axis, geometry_body<false>, PARAMETERS(float), (frame, points))
SIMCORE_DISPATCH(geometry_on_axis, geometry_body<false>, PARAMETERS(double), (frame, points))
SIMCORE_DISPATCH(geometry_tilted, geometry_body<true>, PARAMETERS(float), (frame, points))
SIMCORE_DISPATCH(geometry_tilted, geometry_body<true>, PARAMETERS(double), (frame, points))
#undef PARAMETERS

template <int bytes, class T>
SIMCORE_INLINE void particle_body(const AmplitudeTable<T>& table, const ParticlePhase& phase, PupilPoints<T>& points) {
    using Quad = Pack<T, 4, bytes>;
    const std::int64_t count = points.count;
    const double *along = points.number(kAlong), *across = points.number(kAcross), *path = points.number(kPath);
    const double first = phase.first, rate_x = phase.along, rate_y = phase.across, depth = phase.depth;
    const T *chord = points.value(kChord), per_unit = static_cast<T>(table.per_unit), *pieces = table.pieces.data();
    T *cosine = points.value(kTurnC), *sine = points.value(kTurnS), *fraction = points.value(kFraction);
    T *sum0 = points.value(kSums), *sum1 = sum0 + points.room, *sum2 = sum1 + points.room, *sum3 = sum2 + points.room;
    T* quads = points.quads.data();
    std::int32_t* base = points.base.data();
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const turns::Phase<T> turn =
            turns::phase_of<T>(((first + along[i] * rate_x) + across[i] * rate_y) + depth * path[i]);
        cosine[i] = turn.cos;
        sine[i] = turn.sin;
    }
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T position = chord[i] * per_unit;
        base[i] = static_cast<std::int32_t>(position);
        fraction[i] = position - static_cast<T>(base[i]);
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const T* at = pieces + 16 * static_cast<std::int64_t>(base[i]);
        const T u = fraction[i];
        const Quad last = Quad(at + 8) + scaled(u, Quad(at + 12));
        (Quad(at) + scaled(u, Quad(at + 4) + scaled(u, last))).store(quads + 4 * i);
    }
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T ar = quads[4 * i], ai = quads[4 * i + 1], dr = quads[4 * i + 2], di = quads[4 * i + 3];
        const T c = cosine[i], s = sine[i];
        sum0[i] += ar * c - ai * s;
        sum1[i] += ai * c + ar * s;
        sum2[i] += dr * c - di * s;
        sum3[i] += di * c + dr * s;
    }
}

#define PARAMETERS(T) (const AmplitudeTable<T>& table, const ParticlePhase& phase, PupilPoints<T>& points)
SIMCORE_DISPATCH_LANES(particle, particle_body, PARAMETERS(float), (table, phase, points))
SIMCORE_DISPATCH_LANES(particle, particle_body, PARAMETERS(double), (table, phase, points))
#undef PARAMETERS

template <bool tilted, class T>
SIMCORE_INLINE void finish_body(const StateMix<T>& mix, const PupilPoints<T>& points, T* to_re, T* to_im) {
    const T pcr = mix.rotation_c.real(), pci = mix.rotation_c.imag(), psr = mix.rotation_s.real(),
            psi = mix.rotation_s.imag();
    const T qcr = mix.reflection_c.real(), qci = mix.reflection_c.imag(), qsr = mix.reflection_s.real(),
            qsi = mix.reflection_s.imag();
    const std::int64_t count = points.count;
    const T *weight = points.value(kWeight), *rotation_c = points.value(kRotationC),
            *rotation_s = points.value(kRotationS), *reflection_c = points.value(kReflectionC),
            *reflection_s = points.value(kReflectionS), *pupil_re = points.value(kPupilRe),
            *pupil_im = points.value(kPupilIm);
    const T *sum0 = points.value(kSums), *sum1 = sum0 + points.room, *sum2 = sum1 + points.room,
            *sum3 = sum2 + points.room;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const T ar = sum0[i], ai = sum1[i], dr = sum2[i], di = sum3[i];
        const T c = tilted ? rotation_c[i] : T(1), s = tilted ? rotation_s[i] : T(0);
        const T rc = reflection_c[i], rs = reflection_s[i];
        const T pr = tilted ? pcr * c + psr * s : pcr, pi = tilted ? pci * c + psi * s : pci;
        const T qr = qcr * rc + qsr * rs, qi = qci * rc + qsi * rs;
        const T re = (ar * pr - ai * pi) + (dr * qr - di * qi), im = (ar * pi + ai * pr) + (dr * qi + di * qr);
        const T wr = weight[i] * pupil_re[i], wi = weight[i] * pupil_im[i];
        to_re[i] = re * wr - im * wi;
        to_im[i] = re * wi + im * wr;
    }
}

#define PARAMETERS(T) (const StateMix<T>& mix, const PupilPoints<T>& points, T* re, T* im)
SIMCORE_DISPATCH(finish_on_axis, finish_body<false>, PARAMETERS(float), (mix, points, re, im))
SIMCORE_DISPATCH(finish_on_axis, finish_body<false>, PARAMETERS(double), (mix, points, re, im))
SIMCORE_DISPATCH(finish_tilted, finish_body<true>, PARAMETERS(float), (mix, points, re, im))
SIMCORE_DISPATCH(finish_tilted, finish_body<true>, PARAMETERS(double), (mix, points, re, im))
#undef PARAMETERS

}  // namespace

template <class T>
void PupilPoints<T>::reserve(std::int64_t points) {
    count = 0;
    if (room >= points) return;
    room = points;
    numbers.resize(static_cast<std::size_t>(kNumbers * room));
    values.resize(static_cast<std::size_t>(kValues * room));
    quads.resize(static_cast<std::size_t>(4 * room));
    base.resize(static_cast<std::size_t>(room));
}

template <class T>
void start_points(const Frame& frame, PupilPoints<T>& points) {
    frame.tilted() ? geometry_tilted(frame, points) : geometry_on_axis(frame, points);
    for (int i = 0; i < 4; ++i) std::fill_n(points.value(kSums + i), points.count, T(0));
}

template <class T>
void add_particle(const AmplitudeTable<T>& table, const ParticlePhase& phase, PupilPoints<T>& points) {
    particle(table, phase, points);
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
void finish_points(const Frame& frame, const StateMix<T>& mix, const PupilPoints<T>& points, T* re, T* im) {
    frame.tilted() ? finish_tilted(mix, points, re, im) : finish_on_axis(mix, points, re, im);
}

#define SIMCORE_POINTS(T)                                                                        \
    template struct PupilPoints<T>;                                                              \
    template struct StateMix<T>;                                                                 \
    template void start_points(const Frame&, PupilPoints<T>&);                                   \
    template void add_particle(const AmplitudeTable<T>&, const ParticlePhase&, PupilPoints<T>&); \
    template void finish_points(const Frame&, const StateMix<T>&, const PupilPoints<T>&, T*, T*);
SIMCORE_POINTS(float)
SIMCORE_POINTS(double)
#undef SIMCORE_POINTS

}  // namespace simcore
