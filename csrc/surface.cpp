#include "surface.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lanes.hpp"

namespace simcore {
namespace {

constexpr int kDepths = 12;
constexpr float kBeyond = 1.02f;    // how far the lattice reaches along z, relative to the longest radius
constexpr double kNodes = 0.075;    // distance of nodes, relative to the radius
constexpr std::int64_t kApart = 3;  // nodes from place to place of the lattice
constexpr double kNear = 2.0 * kApart * kNodes + 0.25;  // how far from the body the lattice is filled in, in radii

// Places at q + i step, in units of the radii.
struct LatticeRow {
    float q[3], step[3];
    std::int64_t count;
    float* square;
};

SIMCORE_INLINE void look_up_body(const Outline& outline, const LatticeRow& row) {
    const Outline own = outline;  // copies: what the stores cannot alias stays in registers
    const float x0 = row.q[0], y0 = row.q[1], z0 = row.q[2], dx = row.step[0], dy = row.step[1], dz = row.step[2];
    for (std::int64_t first = 0; first < row.count; first += kLanes) {
        float square[kLanes];
        for (int lane = 0; lane < kLanes; ++lane) {
            const auto i = static_cast<float>(static_cast<std::int32_t>(first) + lane);
            const float x = x0 + i * dx, y = y0 + i * dy, z = z0 + i * dz;
            const float inverse = 1.0f / std::sqrt(x * x + y * y + z * z + 1e-30f);
            const float s = outline_at(own, x * inverse, y * inverse, z * inverse);
            square[lane] = s * s;
        }
        std::memcpy(row.square + first, square, sizeof square);
    }
}

SIMCORE_DISPATCH(look_up, look_up_body, (const Outline& outline, const LatticeRow& row), (outline, row))

struct Range {
    std::int64_t first, last;
};

// The places of a row that lie within `radius` of the centre.
Range within(const LatticeRow& row, std::int64_t count, double radius) {
    double qq = 0.0, qs = 0.0, ss = 0.0;
    for (int i = 0; i < 3; ++i) {
        const double q = static_cast<double>(row.q[i]), step = static_cast<double>(row.step[i]);
        qq += q * q;
        qs += q * step;
        ss += step * step;
    }
    const double rest = qs * qs - ss * (qq - radius * radius);
    if (!(rest > 0.0)) return {0, 0};
    const double half = std::sqrt(rest) / ss, middle = -qs / ss, most = static_cast<double>(count);
    const auto first = static_cast<std::int64_t>(std::min(std::max(std::ceil(middle - half), 0.0), most));
    const auto last = static_cast<std::int64_t>(std::min(std::max(std::floor(middle + half) + 1.0, 0.0), most));
    return {first, std::max(first, last)};
}

// Cubic through the values at -1, 0, 1, 2 at u in [0, 1) (Catmull & Rom).
struct Taps {
    float value[4];
    explicit Taps(float u)
        : value{0.5f * u * ((2.0f - u) * u - 1.0f), 0.5f * (u * u * (3.0f * u - 5.0f) + 2.0f),
                0.5f * u * ((4.0f - 3.0f * u) * u + 1.0f), 0.5f * u * u * (u - 1.0f)} {}
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

// Nodes of a row, a place of the lattice apart; lengths in radii along the line of sight.
struct Crossing {
    const float* square;  // s^2, (depth, place)
    std::int64_t places, cells;
    const float* tap;
    float x, step, y;      // um: of the first node, to the next one
    float xx, xy, yy;      // of |p|^2
    float first, spacing;  // depths
    float *square_to, *middle_to;
};

template <int bytes>
using Lanes = Pack<float, kLanes, bytes>;

template <int bytes>
SIMCORE_INLINE Lanes<bytes> root(const Lanes<bytes>& square) {
    float values[kLanes];
    square.store(values);
    for (float& value : values) value = std::sqrt(value);
    return Lanes<bytes>(values);
}

// s^2 at three depths about the k-th, for each node its own k; the depth of the middle one.
template <int bytes>
struct Three {
    Lanes<bytes> below, at, above, depth;
};

template <int bytes>
SIMCORE_INLINE Three<bytes> three(const Lanes<bytes> (&s)[kDepths], const Lanes<bytes>& number, const Crossing& c) {
    const auto depth = [&c](int k) { return Lanes<bytes>(c.first + static_cast<float>(k) * c.spacing); };
    Three<bytes> to{s[0], s[1], s[2], depth(1)};  // the first and the last depth have their neighbours'
    for (int k = 2; k < kDepths - 1; ++k) {
        const Lanes<bytes> own(static_cast<float>(k));
        const auto take = [&](Lanes<bytes>& value, const Lanes<bytes>& other) {
            value = Lanes<bytes>::where_at_least(number, own, other, value);
        };
        take(to.below, s[k - 1]);
        take(to.at, s[k]);
        take(to.above, s[k + 1]);
        take(to.depth, depth(k));
    }
    return to;
}

// s^2 - |q|^2 on the parabola through s^2 at the three depths: its top, how far its roots are from it, and the square
// of that, which is below 0 without roots.
template <int bytes>
struct Parabola {
    Lanes<bytes> top, away, square;
};

template <int bytes>
SIMCORE_INLINE Parabola<bytes> parabola(const Three<bytes>& t, const Lanes<bytes>& closest, float spacing) {
    using L = Lanes<bytes>;
    const L zero(0.0f), own(spacing * spacing), least(-0.5f * spacing * spacing);
    const L bend = 0.5f * ((t.below + t.above) - 2.0f * t.at) - own;
    const L second = L::where_at_least(bend, least, least, bend);
    const L one = 0.5f * (t.above - t.below) - (2.0f * spacing) * t.depth;
    const L none = t.at - closest - t.depth * t.depth, inverse = L(-0.5f) / second;
    const L rest = one * one - 4.0f * (second * none), square = own * (rest * (inverse * inverse));
    return {t.depth + spacing * (one * inverse), root<bytes>(L::where_at_least(square, zero, square, zero)), square};
}

template <int bytes>
SIMCORE_INLINE void cross_lanes(const Lanes<bytes> (&s)[kDepths], const Lanes<bytes>& closest, const Crossing& c,
                                float* square, float* middle) {
    using L = Lanes<bytes>;
    // The depth of the greatest s^2 - |q|^2, the first one inside, and the last.
    const L tiny(1e-30f);
    L best(-1e30f), at(0.0f), first(static_cast<float>(kDepths)), last(-1.0f);
    for (int k = 0; k < kDepths; ++k) {
        const L number(static_cast<float>(k)), depth(c.first + static_cast<float>(k) * c.spacing);
        const L inside = s[k] - closest - depth * depth;
        at = L::where_at_least(best, inside, at, number);
        best = L::where_at_least(best, inside, best, inside);
        last = L::where_at_least(inside, tiny, number, last);
        first = L::where_at_least(inside, tiny, L::where_at_least(first, number, number, first), first);
    }
    first = L::where_at_least(best, tiny, first, at);
    last = L::where_at_least(best, tiny, last, at);
    const Parabola<bytes> low = parabola<bytes>(three<bytes>(s, first, c), closest, c.spacing);
    const Parabola<bytes> high = parabola<bytes>(three<bytes>(s, last, c), closest, c.spacing);
    const L over = high.top + high.away, under = low.top - low.away, half = 0.5f * (over - under);
    L::where_at_least(best, tiny, half * half, high.square).store(square);
    L::where_at_least(best, tiny, 0.5f * (over + under), high.top).store(middle);
}

template <int bytes, bool flat>
SIMCORE_INLINE void cross_cells(const Crossing& c) {
    using L = Lanes<bytes>;
    constexpr int depths = flat ? 1 : kDepths;
    const float tap[4] = {c.tap[0], c.tap[1], c.tap[2], c.tap[3]};
    float x[kLanes];
    for (std::int64_t start = 0; start < c.cells; start += kLanes) {
        L s[kDepths];
        for (int k = 0; k < depths; ++k) {
            const float* from = c.square + k * c.places + start;
            s[k] = ((scaled(tap[0], L(from)) + scaled(tap[1], L(from + 1))) + scaled(tap[2], L(from + 2))) +
                   scaled(tap[3], L(from + 3));
        }
        for (int i = 0; i < kLanes; ++i) x[i] = c.x + static_cast<float>(static_cast<std::int32_t>(start) + i) * c.step;
        const L place(x), closest = L(c.yy * c.y * c.y) + place * (scaled(c.xx, place) + L(2.0f * c.xy * c.y));
        if (!flat) {
            cross_lanes<bytes>(s, closest, c, c.square_to + start, c.middle_to + start);
            continue;
        }
        (s[0] - closest).store(c.square_to + start);
        L(0.0f).store(c.middle_to + start);
    }
}

template <int bytes>
SIMCORE_INLINE void cross_body(const Crossing& c, bool flat) {
    if (flat)
        cross_cells<bytes, true>(c);
    else
        cross_cells<bytes, false>(c);
}

SIMCORE_DISPATCH_LANES(cross, cross_body, (const Crossing& c, bool flat), (c, flat))

// A round body's: a quadratic and a linear form of the place.
struct Quadratic {
    double most, xx, xy, yy, mx, my, side, x, y;
};

SIMCORE_INLINE void quadratic_body(const Quadratic& f, std::int64_t count, float* square, float* middle) {
    for (std::int64_t i = 0; i < count; ++i) {
        const double x = f.x + static_cast<double>(i) * f.side;
        square[i] = static_cast<float>(f.most - (f.xx * x * x + 2.0 * f.xy * x * f.y + f.yy * f.y * f.y));
        middle[i] = static_cast<float>(f.mx * x + f.my * f.y);
    }
}

SIMCORE_DISPATCH(quadratic, quadratic_body, (const Quadratic& f, std::int64_t count, float* square, float* middle),
                 (f, count, square, middle))

float number(double value) { return static_cast<float>(value); }

}  // namespace

Surface::Surface(const Body& body, const Columns& columns, std::int64_t x0, std::int64_t x1, std::int64_t y0,
                 std::int64_t y1)
    : body_(body),
      columns_(columns),
      x0_(x0),
      x1_(x1),
      y0_(y0),
      y1_(y1),
      round_(body.outline.low == body.outline.high) {
    double pp[3] = {}, pm[2] = {}, mm = 0.0;  // of |p|^2: xx, xy, yy; of p m: x, y
    for (int i = 0; i < 3; ++i) {
        const double *a = body.matrix + 3 * i, along = body.flat ? 0.0 : a[2];
        pp[0] += a[0] * a[0];
        pp[1] += a[0] * a[1];
        pp[2] += a[1] * a[1];
        pm[0] += a[0] * along;
        pm[1] += a[1] * along;
        mm += along * along;
    }
    const double inverse = body.flat ? 0.0 : 1.0 / mm;
    form_ = {pp[0] - pm[0] * pm[0] * inverse, pp[1] - pm[0] * pm[1] * inverse, pp[2] - pm[1] * pm[1] * inverse,
             -pm[0] * inverse, -pm[1] * inverse};
    along_ = std::sqrt(mm);
    if (round_) return;
    const double steepest = std::sqrt(std::max(pp[0], pp[2])) * columns.side;
    stride_ = static_cast<std::int64_t>(std::min(std::max(kNodes / steepest, 1.0), 64.0));
    find_nodes();
}

// Place (0, 0) lies one step before node (0, 0).
void Surface::look_up_lattice(std::int64_t nodes_y) {
    lattice_.assign(static_cast<std::size_t>(across_ * nodes_y * depths_ + kLanes), 1.0f);
    const double side = columns_.side, node = static_cast<double>(stride_) * side;
    const double step = static_cast<double>(kApart) * node;
    const double reach = body_.flat ? 0.0 : static_cast<double>(kBeyond * body_.outline.high) / along_;
    const double x = columns_.left + static_cast<double>(x0_ - 1) * side - node - step - body_.centre[0];
    const double first = columns_.top + static_cast<double>(y0_ - 1) * side - node - step - body_.centre[1];
    for (std::int64_t j = 0; j < nodes_y; ++j) {
        const double y = first + static_cast<double>(j) * step;
        for (std::int64_t k = 0; k < depths_; ++k) {
            const double t = reach * (2.0 * static_cast<double>(k) / (kDepths - 1.0) - 1.0);
            LatticeRow row;
            for (int i = 0; i < 3; ++i) {
                const double *a = body_.matrix + 3 * i, along = body_.flat ? 0.0 : a[2];
                row.q[i] = number((a[0] + along * form_.mx) * x + (a[1] + along * form_.my) * y + along * t);
                row.step[i] = number((a[0] + along * form_.mx) * step);
            }
            const Range near = within(row, across_, static_cast<double>(body_.outline.high) + kNear);
            for (int i = 0; i < 3; ++i) row.q[i] += static_cast<float>(near.first) * row.step[i];
            row.count = near.last - near.first;
            row.square = lattice_.data() + (j * depths_ + k) * across_ + near.first;
            look_up(body_.outline, row);
        }
    }
}

// Node (0, 0) lies one step before column x0 - 1, y0 - 1; the last ones two steps behind the last columns'.
void Surface::find_nodes() {
    nodes_x_ = (x1_ - x0_ + 2 + stride_ - 1) / stride_ + 3;
    nodes_y_ = (y1_ - y0_ + 2 + stride_ - 1) / stride_ + 3;
    depths_ = body_.flat ? 1 : kDepths;
    const std::int64_t cells = (nodes_x_ + kApart - 1) / kApart;
    across_ = cells + 3;
    look_up_lattice((nodes_y_ + kApart - 1) / kApart + 3);
    for (std::vector<float>* values : {&square_, &middle_})
        values->resize(static_cast<std::size_t>(nodes_x_ * nodes_y_));
    const std::int64_t values = depths_ * across_;
    std::vector<float> row(static_cast<std::size_t>(values + kLanes), 1.0f),
        part(static_cast<std::size_t>(2 * (cells + kLanes)));
    float *square = part.data(), *middle = square + cells + kLanes;
    const double side = columns_.side, step = static_cast<double>(stride_) * side;
    const double reach = static_cast<double>(kBeyond * body_.outline.high), radius = body_.flat ? 1.0 : 1.0 / along_;
    for (std::int64_t j = 0; j < nodes_y_; ++j) {
        const double y =
            columns_.top + static_cast<double>(y0_ - 1) * side + static_cast<double>(j - 1) * step - body_.centre[1];
        const Taps down(static_cast<float>(j % kApart) / static_cast<float>(kApart));
        between(lattice_.data() + j / kApart * values, values, down.value, values, row.data());
        for (std::int64_t offset = 0; offset < kApart; ++offset) {
            const Taps taps(static_cast<float>(offset) / static_cast<float>(kApart));
            const double x = columns_.left + static_cast<double>(x0_ - 1) * side +
                             static_cast<double>(offset - 1) * step - body_.centre[0];
            cross({row.data(), across_, cells, taps.value, number(x), number(static_cast<double>(kApart) * step),
                   number(y), number(form_.xx), number(form_.xy), number(form_.yy), number(-reach),
                   number(2.0 * reach / (kDepths - 1)), square, middle},
                  body_.flat);
            for (std::int64_t i = offset, cell = 0; i < nodes_x_; i += kApart, ++cell) {
                square_[j * nodes_x_ + i] = square[cell] * number(radius * radius);
                middle_[j * nodes_x_ + i] = middle[cell] * number(radius);
            }
        }
    }
}

void Surface::irregular(std::int64_t y, Profile& to) const {
    const std::int64_t node = (y - y0_ + 1) / stride_, cells = (x1_ - x0_ + 2 + stride_ - 1) / stride_;
    const auto step = static_cast<float>(stride_);
    const Taps down(static_cast<float>(y - y0_ + 1 - node * stride_) / step);
    std::vector<float> row(static_cast<std::size_t>(nodes_x_)), part(static_cast<std::size_t>(cells));
    const auto spread = [&](const std::vector<float>& from, std::vector<float>& values) {
        between(from.data() + node * nodes_x_, nodes_x_, down.value, nodes_x_, row.data());
        for (std::int64_t offset = 0; offset < stride_; ++offset) {
            between(row.data(), 1, Taps(static_cast<float>(offset) / step).value, cells, part.data());
            for (std::int64_t i = 0; i < cells; ++i) values[i * stride_ + offset] = part[i];
        }
    };
    spread(square_, to.square);
    spread(middle_, to.middle);
    const double x = columns_.left + static_cast<double>(x0_ - 1) * columns_.side - body_.centre[0];
    const double below = columns_.top + static_cast<double>(y) * columns_.side - body_.centre[1];
    const float first = number(form_.mx * x + form_.my * below), slope = number(form_.mx * columns_.side);
    for (std::int64_t i = 0; i < cells * stride_; ++i) to.middle[i] += first + static_cast<float>(i) * slope;
}

void Surface::profile(std::int64_t y, Profile& to) const {
    const std::int64_t columns = x1_ - x0_ + 2, padded = (columns + stride_ - 1) / stride_ * stride_;
    for (std::vector<float>* values : {&to.square, &to.middle})
        values->resize(static_cast<std::size_t>(padded + kLanes));
    if (!round_) return irregular(y, to);
    const double side = columns_.side, square = body_.flat ? 1.0 : 1.0 / (along_ * along_);
    // The mean of the square over a column, to second order.
    const double most = square * (1.0 - (form_.xx + form_.yy) * side * side / 12.0);
    const double x = columns_.left + static_cast<double>(x0_ - 1) * side - body_.centre[0];
    const double below = columns_.top + static_cast<double>(y) * side - body_.centre[1];
    quadratic({most, square * form_.xx, square * form_.xy, square * form_.yy, form_.mx, form_.my, side, x, below},
              columns, to.square.data(), to.middle.data());
}

}  // namespace simcore
