#include "emission_grid.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>
#include <vector>

#include "bessel.hpp"
#include "dispatch.hpp"
#include "elementary.hpp"
#include "lanes.hpp"
#include "pixels.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kTwoPi = 2.0 * kPi;
constexpr double kCoarsest = 400.0;  // largest phase across a pixel
constexpr std::int64_t kMostCells = std::int64_t{1} << 28;
constexpr int kRows = 4;  // of cells that the second step treats together

template <class T>
constexpr int kBlock = 64 / sizeof(T);  // cells that the first step treats together

// Components of the field: 1 (scalar), 2 (fixed dipole), 5 (three dipoles: xx, xy = yx, yy, xz, yz).
constexpr int kMostComponents = 5;

// exp(i slope[j]) for count values.
SIMCORE_INLINE void turns_body(std::int64_t count, const double* x, double slope, double* re, double* im) {
    for (std::int64_t j = 0; j < count; ++j) {
        const elementary::SinCos turn = elementary::sincos(slope * x[j]);
        re[j] = turn.cos;
        im[j] = turn.sin;
    }
}

SIMCORE_DISPATCH(turns, turns_body, (std::int64_t count, const double* x, double slope, double* re, double* im),
                 (count, x, slope, re, im))

// First step, one row of nodes: sum over j of the pupil times exp(i kappa x_j X) at the cells.
template <class T>
struct AlongCall {
    std::int64_t nodes, blocks;
    const T *lane_re, *lane_im;       // (node, kBlock): phases within a block
    const double *step_re, *step_im;  // (node): from block to block
    double *now_re, *now_im;          // (node): at the first block, changed
    const T* pupil;                   // (node, component, 2)
    T* sums;                          // (component, 2, block * kBlock)
};

template <int bytes, int components, class T>
SIMCORE_INLINE void along_components(const AlongCall<T>& c) {
    using Cells = Pack<T, kBlock<T>, bytes>;
    const std::int64_t stride = c.blocks * kBlock<T>;
    for (std::int64_t b = 0; b < c.blocks; ++b) {
        Cells re[components], im[components];
        for (std::int64_t j = 0; j < c.nodes; ++j) {
            const T er = static_cast<T>(c.now_re[j]), ei = static_cast<T>(c.now_im[j]);
            const Cells lr(c.lane_re + kBlock<T> * j), li(c.lane_im + kBlock<T> * j);
            const Cells wr = er * lr - ei * li, wi = er * li + ei * lr;
            const T* p = c.pupil + 2 * components * j;
            for (int k = 0; k < components; ++k) {
                re[k] += p[2 * k] * wr - p[2 * k + 1] * wi;
                im[k] += p[2 * k] * wi + p[2 * k + 1] * wr;
            }
        }
        for (int k = 0; k < components; ++k) {
            re[k].store(c.sums + 2 * k * stride + b * kBlock<T>);
            im[k].store(c.sums + (2 * k + 1) * stride + b * kBlock<T>);
        }
        for (std::int64_t j = 0; j < c.nodes; ++j) {
            const double re_now = c.now_re[j] * c.step_re[j] - c.now_im[j] * c.step_im[j];
            c.now_im[j] = c.now_re[j] * c.step_im[j] + c.now_im[j] * c.step_re[j];
            c.now_re[j] = re_now;
        }
    }
}

template <int bytes, class T>
SIMCORE_INLINE void along_body(const AlongCall<T>& call, int components) {
    if (components == 1) {
        along_components<bytes, 1>(call);
    } else if (components == 2) {
        along_components<bytes, 2>(call);
    } else {
        along_components<bytes, 5>(call);
    }
}

SIMCORE_DISPATCH_LANES(along_float, along_body, (const AlongCall<float>& call, int components), (call, components))
SIMCORE_DISPATCH_LANES(along_double, along_body, (const AlongCall<double>& call, int components), (call, components))
void along(const AlongCall<float>& call, int components) { along_float(call, components); }
void along(const AlongCall<double>& call, int components) { along_double(call, components); }

// Second step, kRows rows of cells: intensities of all components.
template <class T>
struct AcrossCall {
    std::int64_t nodes, blocks;
    int components;
    const T* weight;  // of the components' intensities
    const T* sums;    // (node, component, 2, block * kBlock)
    const T* phase;   // (node, kRows, 2)
    T* cells[kRows];  // where the rows grow
};

template <int bytes, class T>
SIMCORE_INLINE void across_body(const AcrossCall<T>& c) {
    using Cells = Pack<T, kBlock<T>, bytes>;
    const std::int64_t stride = c.blocks * kBlock<T>;
    for (std::int64_t b = 0; b < c.blocks; ++b) {
        Cells light[kRows];
        for (int k = 0; k < c.components; ++k) {
            Cells re[kRows], im[kRows];
            for (std::int64_t i = 0; i < c.nodes; ++i) {
                const T* from = c.sums + 2 * (i * c.components + k) * stride + b * kBlock<T>;
                const Cells sr(from), si(from + stride);
                const T* p = c.phase + 2 * kRows * i;
                for (int r = 0; r < kRows; ++r) {
                    re[r] += p[2 * r] * sr - p[2 * r + 1] * si;
                    im[r] += p[2 * r] * si + p[2 * r + 1] * sr;
                }
            }
            for (int r = 0; r < kRows; ++r) light[r] += c.weight[k] * (re[r] * re[r] + im[r] * im[r]);
        }
        for (int r = 0; r < kRows; ++r) {
            T* to = c.cells[r] + b * kBlock<T>;
            (Cells(to) + light[r]).store(to);
        }
    }
}

SIMCORE_DISPATCH_LANES(across_float, across_body, (const AcrossCall<float>& call), (call))
SIMCORE_DISPATCH_LANES(across_double, across_body, (const AcrossCall<double>& call), (call))
void across(const AcrossCall<float>& call) { across_float(call); }
void across(const AcrossCall<double>& call) { across_double(call); }

}  // namespace

void disc_nodes(int count, double* x, double* y, double* weight) {
    std::vector<double> node(count), share(count);
    gauss_legendre(count, node.data(), share.data());
    for (int i = 0; i < count; ++i) {
        const elementary::SinCos turn = elementary::sincos(kPi * (i + 1) / (count + 1));
        for (int j = 0; j < count; ++j, ++x, ++y, ++weight) {
            *x = turn.sin * (2.0 * node[j] - 1.0);
            *y = turn.cos;
            *weight = kPi / (count + 1) * turn.sin * turn.sin * 2.0 * share[j];
        }
    }
}

template <class T>
struct GridScratch {
    PixelRule rule;
    EmissionPupil pupil;
    std::vector<double> w, cosine, sine, factor_re, factor_im, now_re, now_im, step_re, step_im, turn_re, turn_im;
    std::vector<T> lane_re, lane_im, values, sums, phase, cells, column, trash;
};

namespace {

struct Grid {
    std::int64_t rows, columns, stride;
    int nodes, components;
    double kappa;  // phase of a cell at the rim of the pupil
};

// Phases of the cells within a block and from block to block.
template <class T>
void prepare_lanes(const Grid& grid, const GridPupil& pupil, GridScratch<T>& s) {
    const std::int64_t all = static_cast<std::int64_t>(grid.nodes) * grid.nodes;
    for (std::vector<double>* v : {&s.step_re, &s.step_im, &s.now_re, &s.now_im, &s.turn_re, &s.turn_im})
        v->resize(all);
    s.lane_re.resize(all * kBlock<T>);
    s.lane_im.resize(all * kBlock<T>);
    turns(all, pupil.x, grid.kappa * kBlock<T>, s.step_re.data(), s.step_im.data());
    for (int lane = 0; lane < kBlock<T>; ++lane) {
        turns(all, pupil.x, grid.kappa * lane, s.turn_re.data(), s.turn_im.data());
        for (std::int64_t j = 0; j < all; ++j) {
            s.lane_re[j * kBlock<T> + lane] = static_cast<T>(s.turn_re[j]);
            s.lane_im[j * kBlock<T> + lane] = static_cast<T>(s.turn_im[j]);
        }
    }
}

struct Orientation {
    bool fixed;
    double px, py, pz;
};

// Field of the components at one node, without phases, from U, V, K and the azimuth: value[component][re, im].
int components_at(const EmissionPupil& p, std::int64_t j, double c, double s, bool vectorial, const Orientation& o,
                  double (*value)[2]) {
    if (!vectorial) {
        value[0][0] = p.u_re[j];
        value[0][1] = p.u_im[j];
        return 1;
    }
    const double c2 = c * c - s * s, s2 = 2.0 * c * s;
    double all[kMostComponents][2];
    for (int k = 0; k < 2; ++k) {
        const double u = k == 0 ? p.u_re[j] : p.u_im[j], v = k == 0 ? p.v_re[j] : p.v_im[j];
        const double up = k == 0 ? p.k_re[j] : p.k_im[j];
        all[0][k] = u - v * c2;
        all[1][k] = -v * s2;
        all[2][k] = u + v * c2;
        all[3][k] = up * c;
        all[4][k] = up * s;
    }
    for (int k = 0; k < 2; ++k) {
        if (o.fixed) {
            value[0][k] = o.px * all[0][k] + o.py * all[1][k] + o.pz * all[3][k];
            value[1][k] = o.px * all[1][k] + o.py * all[2][k] + o.pz * all[4][k];
        } else {
            for (int i = 0; i < kMostComponents; ++i) value[i][k] = all[i][k];
        }
    }
    return o.fixed ? 2 : kMostComponents;
}

double component_weight(int components, int k) { return components == kMostComponents && k == 1 ? 2.0 : 1.0; }

// The pupil of one emitter, (node, component, 2), and the light that it lets pass at z = 0.
template <class T>
double fill_pupil(const EmissionOptics& optics, bool vectorial, const GridPupil& grid, double wavenumber, double z,
                  const Orientation& orientation, int components, GridScratch<T>& s) {
    const std::int64_t all = static_cast<std::int64_t>(grid.count) * grid.count;
    s.values.resize(static_cast<std::size_t>(2 * components * all));
    const double depth = wavenumber * optics.depth(z), focus = wavenumber * optics.depth(0.0);
    turns(all, s.pupil.axial.data(), depth, s.turn_re.data(), s.turn_im.data());
    double power = 0.0;
    for (std::int64_t j = 0; j < all; ++j) {
        double value[kMostComponents][2];
        components_at(s.pupil, j, s.cosine[j], s.sine[j], vectorial, orientation, value);
        const double fall = s.pupil.decay[j] > 0.0 ? elementary::exp(-depth * s.pupil.decay[j]) : 1.0;
        const double rest = s.pupil.decay[j] > 0.0 ? elementary::exp(-2.0 * focus * s.pupil.decay[j]) : 1.0;
        const double fr = s.factor_re[j] * s.turn_re[j] - s.factor_im[j] * s.turn_im[j];
        const double fi = s.factor_re[j] * s.turn_im[j] + s.factor_im[j] * s.turn_re[j];
        const double size = s.factor_re[j] * s.factor_re[j] + s.factor_im[j] * s.factor_im[j];
        T* to = s.values.data() + 2 * components * j;
        for (int k = 0; k < components; ++k) {
            const double re = value[k][0], im = value[k][1];
            power += component_weight(components, k) * grid.weight[j] * rest * size * (re * re + im * im);
            const double share = grid.weight[j] * fall;
            to[2 * k] = static_cast<T>(share * (re * fr - im * fi));
            to[2 * k + 1] = static_cast<T>(share * (re * fi + im * fr));
        }
    }
    return power;
}

// Radii, azimuths and the aberration at the nodes: what all emitters share at one wavelength.
template <class T>
void prepare_nodes(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                   const GridPupil& grid, double wavelength, GridScratch<T>& s) {
    const std::int64_t all = static_cast<std::int64_t>(grid.count) * grid.count;
    for (std::vector<double>* v : {&s.w, &s.cosine, &s.sine, &s.factor_re, &s.factor_im}) v->resize(all);
    for (std::int64_t j = 0; j < all; ++j) {
        s.w[j] = std::min(grid.x[j] * grid.x[j] + grid.y[j] * grid.y[j], 1.0);
        const double inverse = 1.0 / std::sqrt(s.w[j] + 1e-300);
        s.cosine[j] = grid.x[j] * inverse;
        s.sine[j] = grid.y[j] * inverse;
    }
    emission_pupil(optics, model, wavefront, wavelength, all, s.w.data(), s.pupil);
    turns(all, grid.wavefront, kTwoPi / wavelength, s.turn_re.data(), s.turn_im.data());
    for (std::int64_t j = 0; j < all; ++j) {
        const double a = grid.amplitude[2 * j], b = grid.amplitude[2 * j + 1];
        s.factor_re[j] = a * s.turn_re[j] - b * s.turn_im[j];
        s.factor_im[j] = a * s.turn_im[j] + b * s.turn_re[j];
    }
}

// Light of the pupil in s.values added to the blocks and rows of cells about the emitter.
template <class T>
void add_light(const Grid& grid, const GridPupil& pupil, double x, double y, double reach, double scale,
               GridScratch<T>& s) {
    const auto range = [&](double centre, std::int64_t cells, std::int64_t unit) {
        const double shift = s.rule.reach - 0.5;
        const double low = (centre + 0.5 - reach) * s.rule.division + shift;
        const double high = (centre + 0.5 + reach) * s.rule.division + shift + 1.0;
        const double count = static_cast<double>(cells);
        const std::int64_t from = static_cast<std::int64_t>(std::min(std::max(low, 0.0), count));
        const std::int64_t to = static_cast<std::int64_t>(std::min(std::max(high, 0.0), count));
        return std::pair<std::int64_t, std::int64_t>{from / unit, (to + unit - 1) / unit};
    };
    const auto blocks = range(x, grid.columns, kBlock<T>);
    const auto rows = range(y, grid.rows, 1);
    const std::int64_t count = blocks.second - blocks.first, n = grid.nodes, length = count * kBlock<T>;
    if (count <= 0 || rows.first >= rows.second) return;
    s.sums.resize(static_cast<std::size_t>(2 * grid.components * n * length));
    const double start = (s.rule.position(blocks.first * kBlock<T>) - x) * s.rule.division;
    turns(n * n, pupil.x, grid.kappa * start, s.now_re.data(), s.now_im.data());
    for (std::int64_t i = 0; i < n; ++i)
        along(AlongCall<T>{n, count, s.lane_re.data() + i * n * kBlock<T>, s.lane_im.data() + i * n * kBlock<T>,
                           s.step_re.data() + i * n, s.step_im.data() + i * n, s.now_re.data() + i * n,
                           s.now_im.data() + i * n, s.values.data() + 2 * grid.components * i * n,
                           s.sums.data() + 2 * grid.components * i * length},
              grid.components);
    T weight[kMostComponents];
    for (int k = 0; k < grid.components; ++k) weight[k] = static_cast<T>(scale * component_weight(grid.components, k));
    s.phase.resize(static_cast<std::size_t>(2 * kRows * n));
    s.trash.assign(static_cast<std::size_t>(length), T(0));
    for (std::int64_t row = rows.first; row < rows.second; row += kRows) {
        AcrossCall<T> call{n, count, grid.components, weight, s.sums.data(), s.phase.data(), {}};
        for (int r = 0; r < kRows; ++r) {
            const bool inside = row + r < rows.second;
            const double at = (s.rule.position(row + r) - y) * s.rule.division;
            for (std::int64_t i = 0; i < n; ++i) {
                const elementary::SinCos turn = elementary::sincos(grid.kappa * at * pupil.y[i * n]);
                s.phase[2 * (kRows * i + r)] = static_cast<T>(turn.cos);
                s.phase[2 * (kRows * i + r) + 1] = static_cast<T>(turn.sin);
            }
            call.cells[r] =
                inside ? s.cells.data() + (row + r) * grid.stride + blocks.first * kBlock<T> : s.trash.data();
        }
        across(call);
    }
}

}  // namespace

template <class T>
AberratedImager<T>::AberratedImager(EmissionModel model, double tolerance)
    : model_(model), tolerance_(tolerance), scratch_(std::make_unique<GridScratch<T>>()) {}

template <class T>
AberratedImager<T>::~AberratedImager() = default;

template <class T>
void AberratedImager<T>::draw(const EmissionOptics& optics, const RadialWavefront& wavefront, const GridPupil& pupil,
                              const Spectrum& light, const EmitterList& emitters, double reach, std::int64_t height,
                              std::int64_t width, T* out) {
    GridScratch<T>& s = *scratch_;
    if (optics.stop > 0.0) throw std::domain_error("a central stop needs a pupil with rotational symmetry");
    const double shortest = *std::min_element(light.wavelength, light.wavelength + light.count);
    const double across_pixel = kTwoPi * optics.aperture() / shortest * optics.pixel_size;
    if (!(across_pixel < kCoarsest))
        throw std::domain_error("pixel_size: more than a hundred times what the aperture resolves");
    s.rule = pixel_rule(2.0 * across_pixel, 0.2 * tolerance_);
    Grid grid;
    grid.rows = s.rule.cells(height);
    grid.columns = s.rule.cells(width);
    grid.stride = (grid.columns + kBlock<T> - 1) / kBlock<T> * kBlock<T>;
    if (grid.stride > kMostCells / grid.rows)
        throw std::domain_error("pixel_size: too many cells would be needed to integrate over these pixels");
    grid.nodes = pupil.count;
    s.cells.assign(static_cast<std::size_t>(grid.stride * grid.rows), T(0));
    s.column.resize(static_cast<std::size_t>(grid.stride));
    for (std::int64_t q = 0; q < light.count; ++q) {
        const double wavenumber = kTwoPi / light.wavelength[q], rim = wavenumber * optics.aperture();
        grid.kappa = rim * optics.pixel_size / s.rule.division;
        prepare_lanes(grid, pupil, s);
        prepare_nodes(optics, model_, wavefront, pupil, light.wavelength[q], s);
        for (std::int64_t i = 0; i < emitters.count; ++i) {
            Orientation o{model_.vectorial && !std::isnan(emitters.polar[i]), 0.0, 0.0, 0.0};
            if (o.fixed) {
                const elementary::SinCos polar = elementary::sincos(emitters.polar[i]);
                const elementary::SinCos azimuth = elementary::sincos(emitters.azimuth[i]);
                o = {true, polar.sin * azimuth.cos, polar.sin * azimuth.sin, polar.cos};
            }
            grid.components = !model_.vectorial ? 1 : o.fixed ? 2 : kMostComponents;
            const double power =
                fill_pupil(optics, model_.vectorial, pupil, wavenumber, emitters.z[i], o, grid.components, s);
            const double density = rim * optics.pixel_size / kTwoPi;
            add_light(grid, pupil, emitters.x[i], emitters.y[i], reach / optics.pixel_size,
                      emitters.intensity[i] * light.weight[q] * density * density / power, s);
        }
    }
    for (std::int64_t y = 0; emitters.count > 0 && y < height; ++y)
        integrate_row(s.rule, s.cells.data() + y * s.rule.division * grid.stride, grid.stride, s.column.data(), width,
                      out + y * width);
    if (emitters.count == 0) std::fill(out, out + height * width, T(0));
}

template class AberratedImager<float>;
template class AberratedImager<double>;

}  // namespace simcore
