#include "emission_volume.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
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

namespace {

struct RowCall {
    const TransferTable* table;
    std::int64_t first, last;      // columns that the cutoff leaves
    double fy, fx0, step;          // cycles per cell: of the row, of its first column, between columns
    const double *column, *total;  // the alias's part in each column; what all aliases are divided by
    std::int32_t* base;
    float *fraction, *share, *transfer;  // transfer: (column, plane)
};

// Square of what an alias has of the light of a body with a rim.
SIMCORE_INLINE double rim(double fx, double fy) {
    const double square = fx * fx + fy * fy + 1e-12;
    return 1.0 / (square * square);
}

SIMCORE_INLINE void weigh_body(std::int64_t columns, double fx0, double fy, double step, double part,
                               const double* parts, double* total) {
    for (std::int64_t i = 0; i < columns; ++i)
        total[i] += rim(fx0 + static_cast<double>(i) * step, fy) * (part * parts[i]);
}

SIMCORE_DISPATCH(weigh, weigh_body,
                 (std::int64_t columns, double fx0, double fy, double step, double part, const double* parts,
                  double* total),
                 (columns, fx0, fy, step, part, parts, total))

template <int bytes>
SIMCORE_INLINE void row_body(const RowCall& c, double row) {
    const TransferTable& t = *c.table;
    const double inverse = 1.0 / t.cutoff, intervals = static_cast<double>(t.intervals);
    for (std::int64_t i = c.first; i < c.last; ++i) {
        const double fx = c.fx0 + static_cast<double>(i) * c.step;
        const double q = std::sqrt(fx * fx + c.fy * c.fy) * inverse;
        const double at = (1.0 - std::sqrt(std::max(1.0 - q, 0.0))) * intervals;
        const double bounded = std::min(at, intervals - 1e-9);
        c.base[i] = static_cast<std::int32_t>(bounded);
        c.fraction[i] = static_cast<float>(bounded - c.base[i]);
        const double part = rim(fx, c.fy) * (row * c.column[i]) / c.total[i];
        c.share[i] = q < 1.0 ? static_cast<float>(part) : 0.0f;
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

SIMCORE_DISPATCH_LANES(add_row, row_body, (const RowCall& c, double row), (c, row))

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

double sinc(double frequency) {
    const double x = kPi * frequency;
    return std::abs(x) < 1e-8 ? 1.0 : elementary::sin(x) / x;
}

// What the cells hold of a frequency: means over half cells, (1, 3, 3, 1) / 8 of them.
double held(double frequency) {
    const double wave = elementary::cos(0.5 * kPi * frequency);
    return sinc(0.5 * frequency) * wave * wave * wave;
}

// Factors of the aliases -count .. count, at the frequencies i / size of i = 0 .. columns - 1.
template <class Function>
std::vector<double> of_aliases(std::int64_t count, std::int64_t columns, std::int64_t size, Function function) {
    std::vector<double> factor;
    for (std::int64_t m = -count; m <= count; ++m)
        for (std::int64_t i = 0; i < columns; ++i)
            factor.push_back(function(static_cast<double>(m) + static_cast<double>(i) / static_cast<double>(size)));
    return factor;
}

// Transfer functions (column, plane) of one row of frequencies after the other.
class TransferRows {
  public:
    TransferRows(const std::vector<TransferTable>& tables, std::int64_t height, std::int64_t width)
        : tables_(tables),
          height_(height),
          width_(width),
          columns_(width / 2 + 1),
          planes_(tables[0].planes),
          total_(columns_),
          base_(columns_),
          fraction_(columns_),
          share_(columns_),
          transfer_(static_cast<std::size_t>(columns_ * planes_)) {
        for (const TransferTable& table : tables) highest_ = std::max(highest_, table.cutoff);
        aliases_ = std::max(static_cast<std::int64_t>(highest_ + 0.5), std::int64_t{1});
        seen_ = of_aliases(aliases_, columns_, width_, [](double f) { return sinc(f) * held(f); });
        held_ = of_aliases(aliases_, columns_, width_, [](double f) { return held(f) * held(f); });
    }

    std::int64_t planes() const { return planes_; }

    // Columns from this one on pass nothing, in this row and all others.
    std::int64_t last() const {
        const double end = highest_ * static_cast<double>(width_) + 1.0;
        return highest_ < 0.5 ? std::min(static_cast<std::int64_t>(end), columns_) : columns_;
    }

    // nullptr: the row passes nothing.
    const float* row(std::int64_t row) {
        const double y = static_cast<double>(row) / static_cast<double>(height_),
                     across = 1.0 / static_cast<double>(width_);
        if (highest_ < 0.5 && y >= highest_) return nullptr;
        std::fill(transfer_.begin(), transfer_.end(), 0.0f);
        std::fill(total_.begin(), total_.end(), 0.0);
        for (std::int64_t n = -aliases_; n <= aliases_; ++n) {
            const double fy = static_cast<double>(n) + y, part = held(fy) * held(fy);
            for (std::int64_t m = -aliases_; m <= aliases_; ++m)
                weigh(columns_, static_cast<double>(m), fy, across, part, held_.data() + (m + aliases_) * columns_,
                      total_.data());
        }
        for (std::int64_t n = -aliases_; n <= aliases_; ++n)
            for (const TransferTable& table : tables_) alias(table, static_cast<double>(n) + y);
        return transfer_.data();
    }

  private:
    void alias(const TransferTable& table, double fy) {
        if (!(std::abs(fy) < table.cutoff)) return;
        const double half = std::sqrt(table.cutoff * table.cutoff - fy * fy), size = static_cast<double>(width_);
        for (std::int64_t m = -aliases_; m <= aliases_; ++m) {
            const double fx = static_cast<double>(m);
            const double first = std::max((-half - fx) * size, 0.0);
            const double last = std::min((half - fx) * size + 1.0, static_cast<double>(columns_));
            if (first < last)
                add_row({&table, static_cast<std::int64_t>(first), static_cast<std::int64_t>(last), fy, fx, 1.0 / size,
                         seen_.data() + (m + aliases_) * columns_, total_.data(), base_.data(), fraction_.data(),
                         share_.data(), transfer_.data()},
                        sinc(fy) * held(fy));
        }
    }

    const std::vector<TransferTable>& tables_;
    std::int64_t height_, width_, columns_, planes_, aliases_ = 1;
    double highest_ = 0.0;
    std::vector<double> total_, seen_, held_;
    std::vector<std::int32_t> base_;
    std::vector<float> fraction_, share_, transfer_;
};

// Sums over the cells of every pixel: factors of the frequencies 0 .. size - 1 of the cells. One of `division` cells is
// kept, by which the spectrum is divided.
struct Factors {
    std::vector<double> re, im;
};

Factors pixel_sums(std::int64_t size, std::int64_t division) {
    Factors factor{std::vector<double>(static_cast<std::size_t>(size), 0.0),
                   std::vector<double>(static_cast<std::size_t>(size), 0.0)};
    for (std::int64_t k = 0; k < size; ++k)
        for (std::int64_t t = 0; t < division; ++t) {
            const double turn = static_cast<double>(k * t % size) / static_cast<double>(size);
            const elementary::SinCos wave = elementary::sincos(2.0 * kPi * turn);
            factor.re[k] += wave.cos / static_cast<double>(division);
            factor.im[k] += wave.sin / static_cast<double>(division);
        }
    return factor;
}

// A run of one row of the cells' spectrum that is added to one of the pixels', forwards or, conjugate, backwards.
struct Run {
    std::int64_t count;
    double row_re, row_im;  // factor of the row
    const double *re, *im;  // factors of the columns
    std::int64_t way;       // 1, or -1: columns from the last one backwards
    double sign;            // -1: conjugate
    const float* from;      // pairs
    double *to_re, *to_im;
};

SIMCORE_INLINE void fold_body(const Run& r) {
    for (std::int64_t i = 0; i < r.count; ++i) {
        const std::int64_t k = i * r.way;
        const double cosine = r.row_re * r.re[i] - r.row_im * r.im[i], sine = r.row_re * r.im[i] + r.row_im * r.re[i];
        const double re = static_cast<double>(r.from[2 * k]), im = r.sign * static_cast<double>(r.from[2 * k + 1]);
        r.to_re[i] += re * cosine - im * sine;
        r.to_im[i] += re * sine + im * cosine;
    }
}

SIMCORE_DISPATCH(fold_run, fold_body, (const Run& r), (r))

// The spectrum of the cells into that of the pixels, row by row.
class Folding {
  public:
    Folding(std::int64_t division, std::int64_t height, std::int64_t width)
        : height_(height),
          width_(width),
          pixels_y_(height / division),
          pixels_x_(width / division),
          columns_(pixels_x_ / 2 + 1),
          down_(pixel_sums(height, division)),
          across_(pixel_sums(width, division)),
          re_(static_cast<std::size_t>(pixels_y_ * columns_), 0.0),
          im_(re_) {}

    // Columns 0 .. last - 1 of a row, pairs; the others are 0.
    void add(std::int64_t row, std::int64_t last, const float* values) {
        const std::int64_t mirror = row == 0 ? 0 : height_ - row;
        for (std::int64_t start = 0; start < width_; start += pixels_x_) {
            const std::int64_t direct = std::min(start + columns_, last) - start;
            if (direct > 0) run(row, start, direct, 1, 1.0, values + 2 * start);
            // Column c of the other half is the conjugate of column width - c in the mirrored row.
            const std::int64_t from = std::max({start, width_ / 2 + 1, width_ - last + 1});
            const std::int64_t end = std::min(start + columns_, width_);
            if (from < end) run(mirror, from, end - from, -1, -1.0, values + 2 * (width_ - from));
        }
    }

    void store(std::complex<float>* sum) const {
        for (std::size_t i = 0; i < re_.size(); ++i) sum[i] = {static_cast<float>(re_[i]), static_cast<float>(im_[i])};
    }

  private:
    void run(std::int64_t row, std::int64_t column, std::int64_t count, std::int64_t way, double sign,
             const float* from) {
        const std::int64_t to = (row % pixels_y_) * columns_ + column % pixels_x_;
        fold_run({count, down_.re[row], down_.im[row], across_.re.data() + column, across_.im.data() + column, way,
                  sign, from, re_.data() + to, im_.data() + to});
    }

    std::int64_t height_, width_, pixels_y_, pixels_x_, columns_;
    Factors down_, across_;
    std::vector<double> re_, im_;
};

}  // namespace

void add_planes(const std::vector<TransferTable>& tables, const std::vector<const std::complex<float>*>& spectra,
                std::int64_t height, std::int64_t width, std::int64_t division, std::complex<float>* sum) {
    TransferRows rows(tables, height, width);
    const std::int64_t columns = width / 2 + 1, last = rows.last();
    std::vector<float> line(static_cast<std::size_t>(division > 1 ? 2 * columns : 0));
    std::optional<Folding> folding;  // as much memory as a plane
    if (division > 1) folding.emplace(division, height, width);
    const auto add = [&](std::int64_t row, const float* transfer) {
        float* to = division > 1 ? line.data() : reinterpret_cast<float*>(sum + row * columns);
        std::fill(to, to + 2 * columns, 0.0f);
        for (std::size_t p = 0; p < spectra.size(); ++p)
            multiply(last, rows.planes(), transfer + p, reinterpret_cast<const float*>(spectra[p] + row * columns), to);
        if (folding) folding->add(row, last, to);
    };
    if (division == 1) std::fill(sum, sum + height * columns, std::complex<float>(0.0f));
    for (std::int64_t row = 0; row <= height / 2; ++row) {
        const float* transfer = rows.row(row);
        if (transfer == nullptr) break;
        add(row, transfer);
        if (row > 0 && height - row > height / 2) add(height - row, transfer);
    }
    if (folding) folding->store(sum);
}

}  // namespace simcore
