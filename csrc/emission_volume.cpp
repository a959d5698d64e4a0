#include "emission_volume.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bessel.hpp"
#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::int64_t kMostPoints = 1 << 16;

// What one node of the quadrature needs for all q.
struct Node {
    std::int64_t count;
    double across, along;  // fractions of the overlap's height and of its width there
    double weight;
    double critical;  // radius of the critical angle, > 1 if none lies in the pupil
    int part;         // of the overlap: kWhole, or one of the four that the circles of that radius leave
    const double* q;  // in units of the aperture, 0 .. 2
    double *first, *second, *cosine, *share;
};
constexpr int kWhole = 4;

// Squares of the two radii, the cosine between them, the area that the node stands for. Parts: where y allows it, the
// widths within both circles, between them, and beyond them; then what lies above.
SIMCORE_INLINE void place_body(const Node& n) {
    const double circle = n.critical * n.critical;
    for (std::int64_t i = 0; i < n.count; ++i) {
        const double half = 0.5 * n.q[i], top = std::sqrt(std::max(1.0 - half * half, 0.0));
        const double middle = n.part == kWhole ? 0.0 : std::min(std::sqrt(std::max(circle - half * half, 0.0)), top);
        const double height = n.part < 3 ? middle : top - middle;
        const double y = (n.part < 3 ? 0.0 : middle) + height * n.across;
        const double end = std::max(std::sqrt(std::max(1.0 - y * y, 0.0)) - half, 0.0);
        const double chord = std::sqrt(std::max(circle - y * y, 0.0));
        const double one = std::min(std::max(chord - half, 0.0), end), two = std::min(chord + half, end);
        const double low = n.part == 1 ? one : n.part == 2 ? two : 0.0;
        const double width = (n.part == 0 ? one : n.part == 1 ? two : end) - low;
        const double x = low + width * n.along, right = x + half, left = x - half;
        n.first[i] = std::min(right * right + y * y, 1.0);
        n.second[i] = std::min(left * left + y * y, 1.0);
        n.cosine[i] = (right * left + y * y) / std::sqrt(n.first[i] * n.second[i] + 1e-300);
        n.share[i] = n.weight * height * width;
    }
}

SIMCORE_DISPATCH(place, place_body, (const Node& n), (n))

struct Overlap {
    std::int64_t count;
    bool vectorial, decays;
    const EmissionPupil *first, *second;
    const double *cosine, *share;
    double *re, *im;
};

SIMCORE_INLINE void overlap_body(const Overlap& o) {
    const EmissionPupil &a = *o.first, &b = *o.second;
    const double *aur = a.u_re.data(), *aui = a.u_im.data(), *bur = b.u_re.data(), *bui = b.u_im.data();
    const double *avr = a.v_re.data(), *avi = a.v_im.data(), *bvr = b.v_re.data(), *bvi = b.v_im.data();
    const double *akr = a.k_re.data(), *aki = a.k_im.data(), *bkr = b.k_re.data(), *bki = b.k_im.data();
    const double twofold = o.vectorial ? 2.0 : 1.0;
    for (std::int64_t i = 0; i < o.count; ++i) {
        const double c = o.cosine[i], c2 = 2.0 * (2.0 * c * c - 1.0);
        o.re[i] = o.share[i] * (twofold * (aur[i] * bur[i] + aui[i] * bui[i]) +
                                c2 * (avr[i] * bvr[i] + avi[i] * bvi[i]) + c * (akr[i] * bkr[i] + aki[i] * bki[i]));
        o.im[i] = o.share[i] * (twofold * (aui[i] * bur[i] - aur[i] * bui[i]) +
                                c2 * (avi[i] * bvr[i] - avr[i] * bvi[i]) + c * (aki[i] * bkr[i] - akr[i] * bki[i]));
    }
}

SIMCORE_DISPATCH(overlap, overlap_body, (const Overlap& o), (o))

// Turns re + i im of every point from depth to depth, and adds its real part to `to` (depth, point). Phases are
// products with the wavenumber: at the first depth, and from depth to depth.
struct Turn {
    double first, step;
    std::int64_t depths;
    double *cosine, *sine;  // scratch, (point)
};

SIMCORE_INLINE void depths_body(const Overlap& o, const Turn& turn, double* to) {
    const double *a = o.first->axial.data(), *b = o.second->axial.data();
    const double *fall = o.first->decay.data(), *fade = o.second->decay.data();
    for (std::int64_t i = 0; i < o.count; ++i) {
        const elementary::SinCos start = elementary::sincos(turn.first * (a[i] - b[i]));
        const elementary::SinCos step = elementary::sincos(turn.step * (a[i] - b[i]));
        double kept = 1.0, again = 1.0;
        if (o.decays) {
            kept = elementary::exp(-turn.first * (fall[i] + fade[i]));
            again = elementary::exp(-turn.step * (fall[i] + fade[i]));
        }
        const double re = o.re[i], im = o.im[i];
        o.re[i] = kept * (re * start.cos - im * start.sin);
        o.im[i] = kept * (re * start.sin + im * start.cos);
        turn.cosine[i] = again * step.cos;
        turn.sine[i] = again * step.sin;
    }
    for (std::int64_t d = 0; d < turn.depths; ++d, to += o.count)
        for (std::int64_t i = 0; i < o.count; ++i) {
            const double re = o.re[i], im = o.im[i];
            to[i] += re;
            o.re[i] = re * turn.cosine[i] - im * turn.sine[i];
            o.im[i] = re * turn.sine[i] + im * turn.cosine[i];
        }
}

SIMCORE_DISPATCH(add_depths, depths_body, (const Overlap& o, const Turn& turn, double* to), (o, turn, to))

// Slope at point i of equally spaced values, by five points.
double slope(const double* v, std::int64_t count, std::int64_t i) {
    if (i == 0) return (-25.0 * v[0] + 48.0 * v[1] - 36.0 * v[2] + 16.0 * v[3] - 3.0 * v[4]) / 12.0;
    if (i == 1) return (-3.0 * v[0] - 10.0 * v[1] + 18.0 * v[2] - 6.0 * v[3] + v[4]) / 12.0;
    if (i == count - 2) return (3.0 * v[i + 1] + 10.0 * v[i] - 18.0 * v[i - 1] + 6.0 * v[i - 2] - v[i - 3]) / 12.0;
    if (i == count - 1)
        return (25.0 * v[i] - 48.0 * v[i - 1] + 36.0 * v[i - 2] - 16.0 * v[i - 3] + 3.0 * v[i - 4]) / 12.0;
    return (8.0 * (v[i + 1] - v[i - 1]) - (v[i + 2] - v[i - 2])) / 12.0;
}

struct Quadrature {
    std::int64_t points, rows;  // of q; along each axis of the overlap
    bool beyond;                // evanescent light is collected
};

Quadrature quadrature(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength, double low,
                      double high, double tolerance) {
    if (optics.stop > 0.0) throw std::domain_error("volumes cannot be imaged through a central stop");
    const double wavenumber = 2.0 * kPi / wavelength, aperture = optics.aperture();
    const Spread spread = emission_spread(optics, wavefront, wavelength, optics.depth(low), optics.depth(high));
    // Cubics err by (step slope)^4 / 384 of the oscillation at the rate of the blurred disc's radius, a few tenths at
    // most.
    const double rate = 4.0 * (wavenumber * aperture * spread.distance + 4.0);
    const double wanted = rate / std::sqrt(std::sqrt(16000.0 * tolerance)) + 16.0;
    const double spare = 2.0 + 0.5 * elementary::log(1.0 / tolerance);
    // More where the integrand has a singular rim, or the critical angle lies inside the pupil.
    const bool beyond = optics.layered() && aperture > optics.medium;
    const double rim = beyond ? 2.0 * spare : aperture > 0.9 * optics.medium ? spare : 0.0;
    const double across = 0.25 * spread.phase + spare + rim;
    if (!(wanted < kMostPoints && across < 4096.0))
        throw std::domain_error("the defocus is too large for the transfer function of a volume");
    return {static_cast<std::int64_t>(wanted) + 1, static_cast<std::int64_t>(across) + 1, beyond};
}

}  // namespace

std::int64_t transfer_points(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength,
                             double low, double high, double tolerance) {
    return quadrature(optics, wavefront, wavelength, low, high, tolerance).points;
}

void transfer_values(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                     double wavelength, const Depths& depths, double tolerance, std::int64_t points, double* out) {
    const double wavenumber = 2.0 * kPi / wavelength, aperture = optics.aperture();
    const double last = depths.first + static_cast<double>(depths.count - 1) * depths.step;
    const Quadrature wanted = quadrature(optics, wavefront, wavelength, depths.first, last, tolerance);
    const std::int64_t rows = wanted.rows;
    std::vector<double> node(rows), share(rows), q(points), first(points), second(points), cosine(points), area(points);
    std::vector<double> re(points), im(points), turn_cosine(points), turn_sine(points);
    const Turn turn{wavenumber * optics.depth(depths.first), wavenumber * depths.step, depths.count, turn_cosine.data(),
                    turn_sine.data()};
    double power = 0.0;
    std::fill(out, out + depths.count * points, 0.0);
    gauss_legendre(static_cast<int>(rows), node.data(), share.data());
    for (std::int64_t i = 0; i < points; ++i) q[i] = transfer_frequency(i, points);
    EmissionPupil a, b;
    const double critical = optics.medium / aperture;
    const auto add = [&](const Node& at) {
        place(at);
        emission_pupil(optics, model, wavefront, wavelength, points, first.data(), a);
        emission_pupil(optics, model, wavefront, wavelength, points, second.data(), b);
        const Overlap o{points,        model.vectorial, wanted.beyond, &a,       &b,
                        cosine.data(), area.data(),     re.data(),     im.data()};
        overlap(o);
        // q = 0 at z = 0: the power that the pupil lets pass.
        power += re[0] * elementary::exp(-2.0 * wavenumber * optics.depth(0.0) * a.decay[0]);
        add_depths(o, turn, out);
    };
    for (std::int64_t v = 0; v < rows; ++v) {
        for (std::int64_t u = 0; u < rows; ++u) {
            // Dense towards the edge, where there may be square roots; with a critical angle there are some at both
            // ends.
            const double s = node[v], t = node[u];
            if (!wanted.beyond) {
                add({points, s * (2.0 - s), t * (2.0 - t), 16.0 * share[v] * (1.0 - s) * share[u] * (1.0 - t), 2.0,
                     kWhole, q.data(), first.data(), second.data(), cosine.data(), area.data()});
                continue;
            }
            for (int part = 0; part < kWhole; ++part)
                add({points, s * s * (3.0 - 2.0 * s), t * t * (3.0 - 2.0 * t),
                     144.0 * share[v] * s * (1.0 - s) * share[u] * t * (1.0 - t), critical, part, q.data(),
                     first.data(), second.data(), cosine.data(), area.data()});
        }
    }
    for (std::int64_t i = 0; i < depths.count * points; ++i) out[i] /= power;
}

TransferTable transfer_table(const double* values, std::int64_t points, std::int64_t planes, double cutoff,
                             double weight) {
    TransferTable table;
    table.cutoff = cutoff;
    table.planes = (planes + kPlanes - 1) / kPlanes * kPlanes;
    table.intervals = points - 1;
    table.pieces.assign(static_cast<std::size_t>(4 * table.intervals * table.planes), 0.0f);
    for (std::int64_t p = 0; p < planes; ++p) {
        const double* v = values + p * points;
        for (std::int64_t i = 0; i < table.intervals; ++i) {
            const double rise = v[i + 1] - v[i], begin = slope(v, points, i), end = slope(v, points, i + 1);
            const double c[4] = {v[i], begin, 3.0 * rise - 2.0 * begin - end, begin + end - 2.0 * rise};
            for (int k = 0; k < 4; ++k)
                table.pieces[(4 * i + k) * table.planes + p] = static_cast<float>(weight * c[k]);
        }
    }
    return table;
}

double edge_share(std::int64_t point, std::int64_t points, double cutoff) {
    if (point == 0) return 1.0;
    const auto at = [points](std::int64_t i) { return transfer_frequency(i, points); };
    const double step = 0.5 * (at(std::min(point + 1, points - 1)) - at(point - 1)), x = 0.5 * kPi * cutoff * at(point);
    return std::abs(elementary::sin(x) / x) * step / (kPi * at(point));
}

}  // namespace simcore
