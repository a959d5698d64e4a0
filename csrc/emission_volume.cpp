#include "emission_volume.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "bessel.hpp"
#include "dispatch.hpp"
#include "elementary.hpp"
#include "lanes.hpp"

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

// Adds the node's part, at the depth of which `phase` is the product with the wavenumber.
SIMCORE_INLINE void depth_body(const Overlap& o, double phase, double* to) {
    const double *a = o.first->axial.data(), *b = o.second->axial.data();
    const double *fall = o.first->decay.data(), *fade = o.second->decay.data();
    if (o.decays) {
        for (std::int64_t i = 0; i < o.count; ++i) {
            const elementary::SinCos turn = elementary::sincos(phase * (a[i] - b[i]));
            to[i] += (o.re[i] * turn.cos - o.im[i] * turn.sin) * elementary::exp(-phase * (fall[i] + fade[i]));
        }
    } else {
        for (std::int64_t i = 0; i < o.count; ++i) {
            const elementary::SinCos turn = elementary::sincos(phase * (a[i] - b[i]));
            to[i] += o.re[i] * turn.cos - o.im[i] * turn.sin;
        }
    }
}

SIMCORE_DISPATCH(add_depth, depth_body, (const Overlap& o, double phase, double* to), (o, phase, to))

// Slope at point i of equally spaced values, by five points.
double slope(const double* v, std::int64_t count, std::int64_t i) {
    if (i == 0) return (-25.0 * v[0] + 48.0 * v[1] - 36.0 * v[2] + 16.0 * v[3] - 3.0 * v[4]) / 12.0;
    if (i == 1) return (-3.0 * v[0] - 10.0 * v[1] + 18.0 * v[2] - 6.0 * v[3] + v[4]) / 12.0;
    if (i == count - 2) return (3.0 * v[i + 1] + 10.0 * v[i] - 18.0 * v[i - 1] + 6.0 * v[i - 2] - v[i - 3]) / 12.0;
    if (i == count - 1)
        return (25.0 * v[i] - 48.0 * v[i - 1] + 36.0 * v[i - 2] - 16.0 * v[i - 3] + 3.0 * v[i - 4]) / 12.0;
    return (8.0 * (v[i + 1] - v[i - 1]) - (v[i + 2] - v[i - 2])) / 12.0;
}

void cubic_table(const std::vector<double>& values, std::int64_t points, std::int64_t planes, double scale,
                 TransferTable& table) {
    table.pieces.assign(static_cast<std::size_t>(4 * table.intervals * table.planes), 0.0f);
    for (std::int64_t p = 0; p < planes; ++p) {
        const double* v = values.data() + p * points;
        for (std::int64_t i = 0; i < table.intervals; ++i) {
            const double rise = v[i + 1] - v[i], begin = slope(v, points, i), end = slope(v, points, i + 1);
            const double c[4] = {v[i], begin, 3.0 * rise - 2.0 * begin - end, begin + end - 2.0 * rise};
            for (int k = 0; k < 4; ++k) table.pieces[(4 * i + k) * table.planes + p] = static_cast<float>(scale * c[k]);
        }
    }
}

}  // namespace

void transfer_table(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                    double wavelength, double weight, std::int64_t planes, const double* z, double tolerance,
                    TransferTable& table) {
    if (optics.stop > 0.0) throw std::domain_error("volumes cannot be imaged through a central stop");
    const double wavenumber = 2.0 * kPi / wavelength, aperture = optics.aperture();
    const auto ends = std::minmax_element(z, z + planes);
    const Spread spread =
        emission_spread(optics, wavefront, wavelength, optics.depth(*ends.first), optics.depth(*ends.second));
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
    const std::int64_t points = static_cast<std::int64_t>(wanted) + 1, rows = static_cast<std::int64_t>(across) + 1;
    table.cutoff = 2.0 * aperture / wavelength * optics.pixel_size;
    table.planes = (planes + kPlanes - 1) / kPlanes * kPlanes;
    table.intervals = points - 1;

    std::vector<double> node(rows), share(rows), q(points), first(points), second(points), cosine(points), area(points);
    std::vector<double> re(points), im(points);
    double power = 0.0;
    std::vector<double> values(static_cast<std::size_t>(points * planes), 0.0);
    gauss_legendre(static_cast<int>(rows), node.data(), share.data());
    for (std::int64_t i = 0; i < points; ++i) {
        const double rest = 1.0 - static_cast<double>(i) / static_cast<double>(points - 1);
        q[i] = 2.0 * (1.0 - rest * rest);
    }
    EmissionPupil a, b;
    const double critical = optics.medium / aperture;
    const auto add = [&](const Node& at) {
        place(at);
        emission_pupil(optics, model, wavefront, wavelength, points, first.data(), a);
        emission_pupil(optics, model, wavefront, wavelength, points, second.data(), b);
        const Overlap o{points, model.vectorial, beyond, &a, &b, cosine.data(), area.data(), re.data(), im.data()};
        overlap(o);
        for (std::int64_t p = 0; p < planes; ++p)
            add_depth(o, wavenumber * optics.depth(z[p]), values.data() + p * points);
        // q = 0 at z = 0: the power that the pupil lets pass.
        power += re[0] * elementary::exp(-2.0 * wavenumber * optics.depth(0.0) * a.decay[0]);
    };
    for (std::int64_t v = 0; v < rows; ++v) {
        for (std::int64_t u = 0; u < rows; ++u) {
            // Dense towards the edge, where there may be square roots; with a critical angle there are some at both
            // ends.
            const double s = node[v], t = node[u];
            if (!beyond) {
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
    cubic_table(values, points, planes, weight / power, table);
}

namespace {

struct RowCall {
    const TransferTable* table;
    std::int64_t first, last;  // columns that the cutoff leaves
    double fy, fx0, step;      // cycles per pixel: of the row, of its first column, between columns
    double row_weight;
    const double* column_weight;
    std::int32_t* base;
    float *fraction, *share, *transfer;  // transfer: (column, plane)
};

template <int bytes>
SIMCORE_INLINE void row_body(const RowCall& c) {
    const TransferTable& t = *c.table;
    const double inverse = 1.0 / t.cutoff, intervals = static_cast<double>(t.intervals);
    for (std::int64_t i = c.first; i < c.last; ++i) {
        const double fx = c.fx0 + static_cast<double>(i) * c.step;
        const double q = std::sqrt(fx * fx + c.fy * c.fy) * inverse;
        const double at = (1.0 - std::sqrt(std::max(1.0 - q, 0.0))) * intervals;
        const double bounded = std::min(at, intervals - 1e-9);
        c.base[i] = static_cast<std::int32_t>(bounded);
        c.fraction[i] = static_cast<float>(bounded - c.base[i]);
        c.share[i] = q < 1.0 ? static_cast<float>(c.row_weight * c.column_weight[i]) : 0.0f;
    }
    using Planes = Pack<float, kPlanes, bytes>;
    for (std::int64_t i = c.first; i < c.last; ++i) {
        if (c.share[i] == 0.0f) continue;
        const float* from = t.pieces.data() + 4 * t.planes * static_cast<std::int64_t>(c.base[i]);
        const float u = c.fraction[i], share = c.share[i];
        for (std::int64_t p = 0; p < t.planes; p += kPlanes) {
            const float* at = from + p;
            const Planes value = Planes(at) + u * (Planes(at + t.planes) +
                                                   u * (Planes(at + 2 * t.planes) + u * Planes(at + 3 * t.planes)));
            float* to = c.transfer + i * t.planes + p;
            (Planes(to) + share * value).store(to);
        }
    }
}

SIMCORE_DISPATCH_LANES(add_row, row_body, (const RowCall& c), (c))

// sum += transfer * spectrum of one plane and row; both as pairs of floats.
SIMCORE_INLINE void multiply_body(std::int64_t columns, std::int64_t stride, const float* transfer, const float* from,
                                  float* to) {
    for (std::int64_t i = 0; i < columns; ++i) {
        to[2 * i] += transfer[i * stride] * from[2 * i];
        to[2 * i + 1] += transfer[i * stride] * from[2 * i + 1];
    }
}

SIMCORE_DISPATCH(multiply, multiply_body,
                 (std::int64_t columns, std::int64_t stride, const float* transfer, const float* from, float* to),
                 (columns, stride, transfer, from, to))

// sinc^2: a voxel's and a pixel's box.
double boxes(double frequency) {
    const double x = kPi * frequency;
    if (std::abs(x) < 1e-8) return 1.0;
    const double ratio = elementary::sin(x) / x;
    return ratio * ratio;
}

}  // namespace

void add_planes(const std::vector<TransferTable>& tables, std::int64_t planes, std::int64_t height, std::int64_t width,
                const std::complex<float>* spectra, std::complex<float>* sum) {
    const std::int64_t columns = width / 2 + 1, padded = tables[0].planes;
    std::vector<double> weight(columns);
    std::vector<std::int32_t> base(columns);
    std::vector<float> fraction(columns), share(columns), transfer(static_cast<std::size_t>(columns * padded));
    const float* from = reinterpret_cast<const float*>(spectra);
    float* to = reinterpret_cast<float*>(sum);
    std::fill(to, to + 2 * height * columns, 0.0f);
    const double across = 1.0 / static_cast<double>(width);
    double highest = 0.0;
    for (const TransferTable& table : tables) highest = std::max(highest, table.cutoff);
    const std::int64_t aliases = static_cast<std::int64_t>(highest + 0.5);
    std::vector<double> weights(static_cast<std::size_t>((2 * aliases + 1) * columns));
    for (std::int64_t m = -aliases; m <= aliases; ++m)
        for (std::int64_t i = 0; i < columns; ++i)
            weights[(m + aliases) * columns + i] = boxes(static_cast<double>(m) + static_cast<double>(i) * across);
    for (std::int64_t row = 0; row <= height / 2; ++row) {
        std::fill(transfer.begin(), transfer.end(), 0.0f);
        for (std::int64_t n = -aliases; n <= aliases; ++n) {
            const double fy = static_cast<double>(n) + static_cast<double>(row) / static_cast<double>(height);
            for (const TransferTable& table : tables) {
                if (!(std::abs(fy) < table.cutoff)) continue;
                const double half = std::sqrt(table.cutoff * table.cutoff - fy * fy);
                for (std::int64_t m = -aliases; m <= aliases; ++m) {
                    const double fx = static_cast<double>(m), size = static_cast<double>(width);
                    const double first = std::max((-half - fx) * size, 0.0);
                    const double last = std::min((half - fx) * size + 1.0, static_cast<double>(columns));
                    if (first < last)
                        add_row({&table, static_cast<std::int64_t>(first), static_cast<std::int64_t>(last), fy, fx,
                                 across, boxes(fy), weights.data() + (m + aliases) * columns, base.data(),
                                 fraction.data(), share.data(), transfer.data()});
                }
            }
        }
        for (std::int64_t p = 0; p < planes; ++p) {
            const float* plane = from + 2 * p * height * columns;
            multiply(columns, padded, transfer.data() + p, plane + 2 * row * columns, to + 2 * row * columns);
            const std::int64_t mirror = height - row;
            if (row > 0 && mirror > height / 2)
                multiply(columns, padded, transfer.data() + p, plane + 2 * mirror * columns, to + 2 * mirror * columns);
        }
    }
}

}  // namespace simcore
