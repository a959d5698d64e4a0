#include "shapes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "body.hpp"
#include "lanes.hpp"
#include "texture.hpp"

namespace simcore {
namespace {

// The lattice of parts errs less on an irregular outline than on a regular one.
constexpr double kCoveredDeformed = 3000.0;
constexpr double kCovered = 6000.0;  // parts that a body covers at least: errors of its volume below 1e-3

// How one body is cut: `parts` of a voxel along x, y, z; ranges of parts and of voxels that the body may touch.
struct Cut {
    std::int64_t parts[3];
    double side[3];                  // of a part, um
    std::int64_t first[3], last[3];  // parts
    float column[3][3];              // A times a part's side along x, y, z
    double outer, inner;             // |q| beyond (below) which a part is empty (full)
};

struct Placement {
    double pixel_size, z_first, z_step;
    std::size_t planes, height, width;
    bool replace;
};

double column_norm(const Body& body, int axis, double side) {
    double square = 0.0;
    for (int i = 0; i < 3; ++i) square += body.matrix[3 * i + axis] * body.matrix[3 * i + axis];
    return std::sqrt(square) * side;
}

void set_parts(const Body& body, const double voxel[3], Cut& cut) {
    const int axes = body.flat ? 2 : 3;
    double covered = body.flat ? 3.14159 : 4.18879, norm[3];
    for (int i = 0; i < axes; ++i) {
        norm[i] = column_norm(body, i, voxel[i]);
        covered *= body.radius[i] / voxel[i];
    }
    cut.parts[2] = 1;
    const double wanted = body.outline.low < body.outline.high ? kCoveredDeformed : kCovered;
    double total = 0.0;
    for (double fineness = 1.0 / (0.35 * static_cast<double>(body.outline.low)); total < wanted && fineness < 1e3;
         fineness *= 1.1) {
        total = covered;
        for (int i = 0; i < axes; ++i) {
            cut.parts[i] = static_cast<std::int64_t>(std::min(std::ceil(fineness * norm[i]), 1e6));
            total *= static_cast<double>(cut.parts[i]);
        }
    }
}

// Parts lo .. hi of one axis that the body may touch; part k of it is centred at origin + (k + 1/2) side.
void set_range(double centre, double origin, double reach, std::size_t voxels, int axis, Cut& cut) {
    const double limit = static_cast<double>(voxels) * static_cast<double>(cut.parts[axis]);
    const auto within = [limit](double part) {
        return static_cast<std::int64_t>(std::min(std::max(part, 0.0), limit));
    };
    cut.first[axis] = within(std::floor((centre - reach - origin) / cut.side[axis]) - 1.0);
    cut.last[axis] = within(std::ceil((centre + reach - origin) / cut.side[axis]) + 1.0);
}

Cut make_cut(const Body& body, const Placement& place) {
    Cut cut;
    const double voxel[3] = {place.pixel_size, place.pixel_size, place.z_step};
    set_parts(body, voxel, cut);
    double widest = 0.0;
    for (int axis = 0; axis < 3; ++axis) {
        cut.side[axis] = voxel[axis] / static_cast<double>(cut.parts[axis]);
        for (int i = 0; i < 3; ++i)
            cut.column[axis][i] = static_cast<float>(body.matrix[3 * i + axis] * cut.side[axis]);
        const double norm = column_norm(body, axis, cut.side[axis]);
        widest += norm * norm;
    }
    widest = std::sqrt(widest);
    cut.outer = static_cast<double>(body.outline.high) + 0.5 * widest + 1e-5;
    cut.inner = static_cast<double>(body.outline.low) - 0.68 * widest - 1e-5;
    const double half = 0.5 * place.pixel_size, low = place.z_first - 0.5 * place.z_step;
    set_range(body.centre[0], -half, cut.outer * body.extent[0], place.width, 0, cut);
    set_range(body.centre[1], -half, cut.outer * body.extent[1], place.height, 1, cut);
    set_range(body.centre[2], low, cut.outer * body.extent[2], place.planes, 2, cut);
    if (body.flat) {
        const double plane = std::floor((body.centre[2] - low) / place.z_step);
        const bool present = plane >= 0.0 && plane < static_cast<double>(place.planes);
        cut.first[2] = present ? static_cast<std::int64_t>(plane) : 0;
        cut.last[2] = cut.first[2] + (present ? 1 : 0);
    }
    return cut;
}

struct Span {
    std::int32_t from, to;
};

// Shares of `kLanes` parts of a row from part t on; part t is at q + t column_x.
template <bool flat, bool round>
SIMCORE_INLINE void share_lanes(const Outline& outline, const float (&column)[3][3], const float (&q)[3],
                                std::int32_t t, float* share) {
    float filled[kLanes];
    for (int lane = 0; lane < kLanes; ++lane) {
        const auto steps = static_cast<float>(t + lane);
        const float x = q[0] + steps * column[0][0], y = q[1] + steps * column[0][1];
        const float z = flat ? 0.0f : q[2] + steps * column[0][2];
        const float square = x * x + y * y + z * z + 1e-30f;
        const float r = std::sqrt(square), inverse = 1.0f / r;
        const float ux = x * inverse, uy = y * inverse, uz = z * inverse;
        const float s = round ? 1.0f : outline_at(outline, ux, uy, uz);
        const float a = ux * column[0][0] + uy * column[0][1] + (flat ? 0.0f : uz * column[0][2]);
        const float b = ux * column[1][0] + uy * column[1][1] + (flat ? 0.0f : uz * column[1][2]);
        const float c = flat ? 0.0f : ux * column[2][0] + uy * column[2][1] + uz * column[2][2];
        const float width = std::sqrt(a * a + b * b + c * c);
        const float ramp = flat ? 0.5f + (s * s - square) / (2.0f * s * width)
                                : 0.5f + (s * s * s - square * r) / (3.0f * s * s * width);
        const float positive = ramp < 0.0f ? 0.0f : ramp;
        filled[lane] = positive > 1.0f ? 1.0f : positive;
    }
    std::memcpy(share, filled, sizeof filled);
}

// Shares of the parts from `from` to `to`, and of up to kLanes - 1 more: the caller's buffer has room.
template <bool flat, bool round>
SIMCORE_INLINE void share_row(const Body& body, const Cut& cut, const float (&q)[3], Span range, float* share) {
    const Outline outline = body.outline;  // copies: what the stores cannot alias stays in registers
    float column[3][3];
    std::memcpy(column, cut.column, sizeof column);
    for (std::int32_t t = range.from; t < range.to; t += kLanes)
        share_lanes<flat, round>(outline, column, q, t, share + t);
}

template <bool flat>
SIMCORE_INLINE void edge_row(const Body& body, const Cut& cut, const float (&q)[3], Span range, float* share) {
    if (body.outline.low == body.outline.high)
        share_row<flat, true>(body, cut, q, range, share);
    else
        share_row<flat, false>(body, cut, q, range, share);
}

// The t within [0, count) at which |q + t m| < radius, widened (or narrowed) by `margin`.
SIMCORE_INLINE Span span(double qq, double qm, double mm, double radius, std::int32_t count, double margin) {
    const double square = qm * qm - mm * (qq - radius * radius);
    if (!(square > 0.0) || radius <= 0.0) return {0, 0};
    const double half = std::sqrt(square) / mm + margin, middle = -qm / mm;
    const double low = std::max(std::ceil(middle - half), 0.0),
                 high = std::min(std::floor(middle + half) + 1.0, 0.0 + count);
    return high > low ? Span{static_cast<std::int32_t>(low), static_cast<std::int32_t>(high)} : Span{0, 0};
}

// Adds the shares of one row of parts to `sum`, by voxel; `share` is scratch.
template <bool flat>
SIMCORE_INLINE void add_parts(const Body& body, const Cut& cut, const double at[3], std::int64_t x0, float* share,
                              float* sum) {
    float q[3];
    double qq = 0.0, qm = 0.0, mm = 0.0;
    for (int i = 0; i < 3; ++i) {
        const double* row = body.matrix + 3 * i;
        const double value = row[0] * at[0] + row[1] * at[1] + (flat ? 0.0 : row[2] * at[2]);
        const double move = row[0] * cut.side[0];
        q[i] = static_cast<float>(value);
        qq += value * value;
        qm += value * move;
        mm += move * move;
    }
    const auto count = static_cast<std::int32_t>(cut.last[0] - cut.first[0]);
    const Span reached = span(qq, qm, mm, cut.outer, count, 1.0);
    if (reached.from == reached.to) return;
    Span full = span(qq, qm, mm, cut.inner, count, -1.0);
    if (full.from == full.to) full = {reached.to, reached.to};
    edge_row<flat>(body, cut, q, {reached.from, full.from}, share);
    edge_row<flat>(body, cut, q, {full.to, reached.to}, share);
    for (std::int32_t t = full.from; t < full.to; ++t) share[t] = 1.0f;
    if (cut.parts[0] == 1) {
        float* target = sum + (cut.first[0] - x0);
        for (std::int32_t t = reached.from; t < reached.to; ++t) target[t] += share[t];
    } else {
        for (std::int32_t t = reached.from; t < reached.to; ++t)
            sum[(cut.first[0] + t) / cut.parts[0] - x0] += share[t];
    }
}

template <class T, class V>
SIMCORE_INLINE void deposit(const float* share, const float* factor, float whole, V value, std::int64_t count,
                            bool replace, T* out) {
    const auto v = static_cast<T>(value);
    if (replace) {
        for (std::int64_t i = 0; i < count; ++i) {
            const float filled = share[i] * whole;
            out[i] = out[i] * (1.0f - filled) + v * (filled * factor[i]);
        }
    } else {
        for (std::int64_t i = 0; i < count; ++i) out[i] += v * (share[i] * whole * factor[i]);
    }
}

// sum, factor: of one row of voxels; share: of one row of parts.
template <bool flat, class T, class V>
SIMCORE_INLINE void voxelise_body(const Body& body, const Cut& cut, const Texture& grain, bool textured,
                                  const Placement& place, V value, float* sum, float* factor, float* share, T* out) {
    const std::int64_t* n = cut.parts;
    const std::int64_t x0 = cut.first[0] / n[0], x1 = (cut.last[0] + n[0] - 1) / n[0];
    const double half = 0.5 * place.pixel_size, low = place.z_first - 0.5 * place.z_step;
    const auto whole =
        static_cast<float>(1.0 / (static_cast<double>(n[0]) * static_cast<double>(n[1]) * static_cast<double>(n[2])));
    double at[3];
    at[0] = (static_cast<double>(cut.first[0]) + 0.5) * cut.side[0] - half - body.centre[0];
    for (std::int64_t x = x0; x < x1; ++x) factor[x - x0] = 1.0f;
    for (std::int64_t plane = cut.first[2] / n[2]; plane * n[2] < cut.last[2]; ++plane)
        for (std::int64_t row = cut.first[1] / n[1]; row * n[1] < cut.last[1]; ++row) {
            for (std::int64_t x = x0; x < x1; ++x) sum[x - x0] = 0.0f;
            const std::int64_t k0 = std::max(cut.first[2], plane * n[2]),
                               k1 = std::min(cut.last[2], (plane + 1) * n[2]);
            const std::int64_t j0 = std::max(cut.first[1], row * n[1]), j1 = std::min(cut.last[1], (row + 1) * n[1]);
            for (std::int64_t k = k0; k < k1; ++k)
                for (std::int64_t j = j0; j < j1; ++j) {
                    at[1] = (static_cast<double>(j) + 0.5) * cut.side[1] - half - body.centre[1];
                    at[2] = (static_cast<double>(k) + 0.5) * cut.side[2] + low - body.centre[2];
                    add_parts<flat>(body, cut, at, x0, share, sum);
                }
            std::int64_t a = x0, b = x1;
            while (a < b && sum[a - x0] == 0.0f) ++a;
            while (a < b && sum[b - 1 - x0] == 0.0f) --b;
            if (a == b) continue;
            if (textured) {
                const double p[3] = {
                    static_cast<double>(a) * place.pixel_size - body.centre[0],
                    static_cast<double>(row) * place.pixel_size - body.centre[1],
                    flat ? 0.0 : static_cast<double>(plane) * place.z_step + place.z_first - body.centre[2]};
                float from[3], by[3];
                for (int i = 0; i < 3; ++i) {
                    const double* turn = body.turn + 3 * i;
                    from[i] = static_cast<float>(turn[0] * p[0] + turn[1] * p[1] + turn[2] * p[2]);
                    by[i] = static_cast<float>(turn[0] * place.pixel_size);
                }
                texture_row(grain, from, by, static_cast<std::int32_t>(b - a), factor);
            }
            T* target =
                out + (static_cast<std::size_t>(plane) * place.height + static_cast<std::size_t>(row)) * place.width;
            deposit(sum + (a - x0), factor, whole, value, b - a, place.replace, target + a);
        }
}

template <class T, class V>
SIMCORE_INLINE void put_body(const Body& body, const Cut& cut, const Texture& grain, bool textured,
                             const Placement& place, V value, float* sum, float* factor, float* share, T* out) {
    if (body.flat)
        voxelise_body<true>(body, cut, grain, textured, place, value, sum, factor, share, out);
    else
        voxelise_body<false>(body, cut, grain, textured, place, value, sum, factor, share, out);
}

#define PARAMETERS(T, V)                                                                                     \
    (const Body& body, const Cut& cut, const Texture& grain, bool textured, const Placement& place, V value, \
     float* sum, float* factor, float* share, T* out)
#define ARGUMENTS (body, cut, grain, textured, place, value, sum, factor, share, out)
SIMCORE_DISPATCH(put, put_body, PARAMETERS(float, float), ARGUMENTS)
SIMCORE_DISPATCH(put, put_body, PARAMETERS(std::complex<float>, std::complex<float>), ARGUMENTS)
#undef PARAMETERS
#undef ARGUMENTS

}  // namespace

template <class T, class V>
void voxelise(const Bodies& bodies, const V* value, const VoxelGrid& grid, Overlap overlap, T* out) {
    std::vector<float> sum(grid.width + 1), factor(grid.width + kGrains), share;
    for (std::size_t image = 0; image < grid.images; ++image) {
        const Placement place{
            grid.pixel_size[image],     grid.z_first[image], grid.z_step[image], grid.planes, grid.height, grid.width,
            overlap == Overlap::replace};
        T* target = out + image * grid.planes * grid.height * grid.width;
        for (auto i = static_cast<std::size_t>(bodies.first[image]);
             i < static_cast<std::size_t>(bodies.first[image + 1]); ++i) {
            const Body body = make_body(bodies, i, place.pixel_size);
            const Cut cut = make_cut(body, place);
            if (cut.first[0] >= cut.last[0] || cut.first[1] >= cut.last[1] || cut.first[2] >= cut.last[2]) continue;
            share.resize(std::max(share.size(), static_cast<std::size_t>(cut.last[0] - cut.first[0]) + kLanes));
            const bool textured = bodies.texture[i] > 0.0;
            const Texture grain = textured ? texture(pixel_stream(bodies.seed, bodies.address + 3 * i),
                                                     bodies.texture[i], bodies.texture_scale[i], place.pixel_size)
                                           : Texture{};
            const double per = body.flat ? 1.0 / place.z_step : 1.0;
            put(body, cut, grain, textured, place, static_cast<T>(value[i] * per), sum.data(), factor.data(),
                share.data(), target);
        }
    }
}

template void voxelise(const Bodies&, const double*, const VoxelGrid&, Overlap, float*);
template void voxelise(const Bodies&, const std::complex<double>*, const VoxelGrid&, Overlap, std::complex<float>*);

}  // namespace simcore
