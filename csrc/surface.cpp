#include "surface.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lanes.hpp"

namespace simcore {
namespace {

constexpr int kRounds = 6;
constexpr float kLeast = 0.1f;  // half chords, relative to the longest one, below which s is not looked at

struct NodeRow {
    double x, y, step;  // um from the body's centre: of the first node; between nodes
    std::int64_t count;
    float *square, *middle;
};

SIMCORE_INLINE float surface_square(const Outline& outline, const float (&q)[3]) {
    const float inverse = 1.0f / std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + 1e-30f);
    const float s = outline_at(outline, q[0] * inverse, q[1] * inverse, q[2] * inverse);
    return s * s;
}

template <bool flat>
SIMCORE_INLINE void solve_lanes(const Body& body, const Outline& outline, const NodeRow& row, std::int64_t first,
                                float (&square)[kLanes], float (&middle)[kLanes]) {
    float m[3], mm = 0.0f;
    for (int i = 0; i < 3; ++i) {
        m[i] = static_cast<float>(body.matrix[3 * i + 2]);
        mm += m[i] * m[i];
    }
    const float inverse = flat ? 0.0f : 1.0f / mm, least = kLeast * kLeast * inverse, most = 0.5f * std::sqrt(inverse);
    for (int lane = 0; lane < kLanes; ++lane) {
        const double x = row.x + static_cast<double>(first + lane) * row.step;
        float p[3];
        for (int i = 0; i < 3; ++i)
            p[i] = static_cast<float>(body.matrix[3 * i] * x + body.matrix[3 * i + 1] * row.y);
        if (flat) {
            square[lane] = surface_square(outline, p) - (p[0] * p[0] + p[1] * p[1]);
            middle[lane] = 0.0f;
            continue;
        }
        const float nearest = -(p[0] * m[0] + p[1] * m[1] + p[2] * m[2]) * inverse;
        for (int i = 0; i < 3; ++i) p[i] += nearest * m[i];
        const float closest = p[0] * p[0] + p[1] * p[1] + p[2] * p[2];
        float centre = 0.0f, c = (1.0f - closest) * inverse;
        for (int round = 0; round < kRounds; ++round) {
            const float half = std::sqrt(c < least ? least : c);
            const float a = centre - half, b = centre + half;
            const float low[3] = {p[0] + a * m[0], p[1] + a * m[1], p[2] + a * m[2]};
            const float high[3] = {p[0] + b * m[0], p[1] + b * m[1], p[2] + b * m[2]};
            const float under = surface_square(outline, low), over = surface_square(outline, high);
            const float slope = (over - under) / (2.0f * half), mean = 0.5f * (under + over);
            const float moved = 0.5f * slope * inverse, bounded = moved < -most ? -most : moved;
            const float next = bounded > most ? most : bounded;
            c = next * next + (mean - slope * centre - closest) * inverse;
            centre = next;
        }
        square[lane] = c;
        middle[lane] = nearest + centre;
    }
}

template <bool flat>
SIMCORE_INLINE void solve_row(const Body& body, const NodeRow& row) {
    const Outline outline = body.outline;  // a copy: what the stores cannot alias stays in registers
    for (std::int64_t first = 0; first < row.count; first += kLanes) {
        float square[kLanes], middle[kLanes];
        solve_lanes<flat>(body, outline, row, first, square, middle);
        std::memcpy(row.square + first, square, sizeof square);
        std::memcpy(row.middle + first, middle, sizeof middle);
    }
}

SIMCORE_INLINE void solve_body(const Body& body, const NodeRow& row) {
    if (body.flat)
        solve_row<true>(body, row);
    else
        solve_row<false>(body, row);
}

SIMCORE_DISPATCH(solve, solve_body, (const Body& body, const NodeRow& row), (body, row))

// Cubic through the values at -1, 0, 1, 2 (Catmull & Rom), its value and slope at u in [0, 1).
struct Taps {
    float value[4], slope[4];
    explicit Taps(float u)
        : value{0.5f * u * ((2.0f - u) * u - 1.0f), 0.5f * (u * u * (3.0f * u - 5.0f) + 2.0f),
                0.5f * u * ((4.0f - 3.0f * u) * u + 1.0f), 0.5f * u * u * (u - 1.0f)},
          slope{0.5f * ((4.0f - 3.0f * u) * u - 1.0f), 0.5f * u * (9.0f * u - 10.0f),
                0.5f * ((8.0f - 9.0f * u) * u + 1.0f), 0.5f * u * (3.0f * u - 2.0f)} {}
};

SIMCORE_INLINE void between_body(const float* from, std::int64_t stride, const float* tap, std::int64_t count,
                                 float* to) {
    for (std::int64_t i = 0; i < count; ++i)
        to[i] = ((tap[0] * from[i] + tap[1] * from[i + stride]) + tap[2] * from[i + 2 * stride]) +
                tap[3] * from[i + 3 * stride];
}

SIMCORE_DISPATCH(between, between_body,
                 (const float* from, std::int64_t stride, const float* tap, std::int64_t count, float* to),
                 (from, stride, tap, count, to))

// square, across, down, middle of a round body: a quadratic form of the place.
struct Quadratic {
    double most, xx, xy, yy, mx, my, side, x, y;  // of the square; of the middle; of a column, um; the first one's place
};

SIMCORE_INLINE void quadratic_body(const Quadratic& f, std::int64_t count, float* square, float* across, float* down,
                                   float* middle) {
    for (std::int64_t i = 0; i < count; ++i) {
        const double x = f.x + static_cast<double>(i) * f.side;
        const double right = f.xx * x + f.xy * f.y, below = f.xy * x + f.yy * f.y;
        square[i] = static_cast<float>(f.most - (x * right + f.y * below));
        across[i] = static_cast<float>(-2.0 * f.side * right);
        down[i] = static_cast<float>(-2.0 * f.side * below);
        middle[i] = static_cast<float>(f.mx * x + f.my * f.y);
    }
}

SIMCORE_DISPATCH(quadratic, quadratic_body,
                 (const Quadratic& f, std::int64_t count, float* square, float* across, float* down, float* middle),
                 (f, count, square, across, down, middle))

}  // namespace

Surface::Surface(const Body& body, const Columns& columns, std::int64_t x0, std::int64_t x1, std::int64_t y0,
                 std::int64_t y1, double spacing)
    : body_(body), columns_(columns), x0_(x0), x1_(x1), y0_(y0), y1_(y1), round_(body.outline.low == body.outline.high) {
    if (round_) return;
    double steepest = 0.0;
    for (int axis = 0; axis < 2; ++axis) {
        double square = 0.0;
        for (int i = 0; i < 3; ++i) square += body.matrix[3 * i + axis] * body.matrix[3 * i + axis];
        steepest = std::max(steepest, std::sqrt(square));
    }
    stride_ = static_cast<std::int64_t>(std::min(std::max(spacing / (steepest * columns.side), 1.0), 64.0));
    fill_nodes();
}

// Node (0, 0) lies one step before column x0, y0; the last ones two steps behind the last columns' cell.
void Surface::fill_nodes() {
    nodes_x_ = (x1_ - x0_ + stride_ - 1) / stride_ + 3;
    nodes_y_ = (y1_ - y0_ + stride_ - 1) / stride_ + 3;
    const auto size = static_cast<std::size_t>(nodes_x_ * nodes_y_ + kLanes);
    square_.resize(size);
    middle_.resize(size);
    const double side = columns_.side, step = static_cast<double>(stride_) * side;
    for (std::int64_t j = 0; j < nodes_y_; ++j) {
        const double x = columns_.left + static_cast<double>(x0_) * side - step - body_.centre[0];
        const double y = columns_.top + static_cast<double>(y0_) * side + static_cast<double>(j - 1) * step;
        solve(body_, {x, y - body_.centre[1], step, nodes_x_, square_.data() + j * nodes_x_,
                      middle_.data() + j * nodes_x_});
    }
}

void Surface::round_row(double y, Row& to) const {
    const double side = columns_.side;
    double pp[3] = {}, pm[2] = {}, mm = 0.0;  // of |p|^2: xx, xy, yy; of p m: x, y
    for (int i = 0; i < 3; ++i) {
        const double *a = body_.matrix + 3 * i, along = body_.flat ? 0.0 : a[2];
        pp[0] += a[0] * a[0];
        pp[1] += a[0] * a[1];
        pp[2] += a[1] * a[1];
        pm[0] += a[0] * along;
        pm[1] += a[1] * along;
        mm += along * along;
    }
    const double inverse = body_.flat ? 0.0 : 1.0 / mm, scale = body_.flat ? 1.0 : inverse;
    const double xx = (pp[0] - pm[0] * pm[0] * inverse) * scale, xy = (pp[1] - pm[0] * pm[1] * inverse) * scale,
                 yy = (pp[2] - pm[1] * pm[1] * inverse) * scale;
    // The mean of the square over a column, to second order.
    const double most = scale - (xx + yy) * side * side / 12.0;
    const double x = columns_.left + static_cast<double>(x0_) * side - body_.centre[0];
    quadratic({most, xx, xy, yy, -pm[0] * inverse, -pm[1] * inverse, side, x, y}, x1_ - x0_, to.square.data(),
              to.across.data(), to.down.data(), to.middle.data());
}

void Surface::row(std::int64_t y, Row& to) const {
    const auto columns = static_cast<std::size_t>(x1_ - x0_);
    const std::int64_t padded = (x1_ - x0_ + stride_ - 1) / stride_ * stride_;
    for (std::vector<float>* values : {&to.square, &to.across, &to.down, &to.middle})
        values->resize(std::max(columns, static_cast<std::size_t>(padded)) + kLanes);
    if (round_) return round_row(columns_.top + static_cast<double>(y) * columns_.side - body_.centre[1], to);
    const std::int64_t node = (y - y0_) / stride_, cells = padded / stride_;
    const auto step = static_cast<float>(stride_);
    const Taps down(static_cast<float>(y - y0_ - node * stride_) / step);
    std::vector<float> rows(static_cast<std::size_t>(3 * nodes_x_)), part(static_cast<std::size_t>(cells));
    float *square = rows.data(), *slope = square + nodes_x_, *middle = slope + nodes_x_;
    between(square_.data() + node * nodes_x_, nodes_x_, down.value, nodes_x_, square);
    between(square_.data() + node * nodes_x_, nodes_x_, down.slope, nodes_x_, slope);
    between(middle_.data() + node * nodes_x_, nodes_x_, down.value, nodes_x_, middle);
    for (std::int64_t offset = 0; offset < stride_; ++offset) {
        const Taps taps(static_cast<float>(offset) / step);
        const auto spread = [&](const float* from, const float* tap, float scale, std::vector<float>& values) {
            between(from, 1, tap, cells, part.data());
            for (std::int64_t i = 0; i < cells; ++i) values[i * stride_ + offset] = scale * part[i];
        };
        spread(square, taps.value, 1.0f, to.square);
        spread(square, taps.slope, 1.0f / step, to.across);
        spread(slope, taps.value, 1.0f / step, to.down);
        spread(middle, taps.value, 1.0f, to.middle);
    }
}

}  // namespace simcore
