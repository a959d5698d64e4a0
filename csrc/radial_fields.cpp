#include "radial_fields.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"

namespace simcore {
namespace {

constexpr std::int64_t kBefore = 3, kAfter = 4;  // points around the intervals, for the derivatives
constexpr double kWidest = 0.9;  // step in v; in wider ones the derivatives by differences are what is off
constexpr double kMostFar = 8.0;

std::int64_t place(std::int64_t interval, std::int64_t odd) { return 8 * (interval + std::min(interval, odd + 1)); }

// Intervals first .. first + count - 1, from quads that begin three points before.
template <int bytes, class T>
SIMCORE_INLINE void pieces_body(std::int64_t first, std::int64_t count, std::int64_t odd, const T* quads, T* to) {
    using Quad = Pack<T, 4, bytes>;
    const auto slope = [](const T* at) {
        const Quad near = Quad(at + 4) - Quad(at - 4), middle = Quad(at + 8) - Quad(at - 8);
        const Quad far = Quad(at + 12) - Quad(at - 12);
        return scaled(T(1) / T(60), scaled(T(45), near) - scaled(T(9), middle) + far);
    };
    T piece[16];
    Quad begin = slope(quads + 12);
    for (std::int64_t i = first; i < first + count; ++i) {
        const T* at = quads + 4 * (i - first + 3);
        const Quad rise = Quad(at + 4) - Quad(at), end = slope(at + 4);
        Quad(at).store(piece);
        begin.store(piece + 4);
        (scaled(T(3), rise) - scaled(T(2), begin) - end).store(piece + 8);
        (begin + end - scaled(T(2), rise)).store(piece + 12);
        begin = end;
        for (int c = 0; c < 4; ++c) to[2 * c] = piece[4 * c], to[2 * c + 1] = piece[4 * c + 1];
        to += 8;
        if (i > odd) continue;
        for (int c = 0; c < 4; ++c) to[2 * c] = piece[4 * c + 2], to[2 * c + 1] = piece[4 * c + 3];
        if (i == odd) std::fill(to, to + 8, T(0));
        to += 8;
    }
}

#define PARAMETERS(T) (std::int64_t first, std::int64_t count, std::int64_t odd, const T* quads, T* to)
SIMCORE_DISPATCH_LANES(make_pieces, pieces_body, PARAMETERS(float), (first, count, odd, quads, to))
SIMCORE_DISPATCH_LANES(make_pieces, pieces_body, PARAMETERS(double), (first, count, odd, quads, to))
#undef PARAMETERS

template <class T>
T* begin_table(const FieldPieces<T>& pieces, double step, FieldTables<T>& to) {
    const std::int64_t begin =
        to.begin.empty() ? 0 : to.begin.back() + (place(to.pieces.back().even, to.pieces.back().odd) + 31) / 16 * 16;
    const std::size_t size = static_cast<std::size_t>(begin + place(pieces.even, pieces.odd) + 16);
    if (to.values.size() < size) to.values.resize(size + size / 2);
    to.pieces.push_back(pieces);
    to.step.push_back(step);
    to.begin.push_back(begin);
    std::fill(to.values.begin() + (size - 16), to.values.begin() + size, T(0));
    return to.values.data() + begin;
}

// Cubics between points a step apart are off by at most (step)^4 / 384 of the largest fourth derivative, which in v is
// no larger than the function (Bernstein's inequality). `largest`: |A|^2 + |B|^2 of each panel.
template <class T>
FieldPieces<T> choose_steps(const FieldState& state, const Wanted& wanted, double panel, const T* largest, double error,
                            double& step) {
    const T most = *std::max_element(largest, largest + state.made);
    const double bound = 384.0 * error;
    const auto widest = [=](double square) { return std::sqrt(std::sqrt(bound / std::sqrt(square))); };
    step = std::min(kWidest, widest(std::max(static_cast<double>(most), 1e-30)));
    const double multiple = std::min(kMostFar, std::floor(kWidest / step));
    std::int64_t panels = state.made;
    while (panels > 0 && widest(static_cast<double>(largest[panels - 1]) + 1e-30) >= multiple * step) --panels;
    const auto intervals = [=](double v) { return static_cast<std::int64_t>(v / step) + 1; };
    const auto reach = [=](std::int64_t counted) {
        return std::min(wanted.last, static_cast<double>(counted) * panel);
    };
    FieldPieces<T> pieces{0, 0, intervals(static_cast<double>(panels) * panel), 1.0 / multiple, nullptr};
    const auto count = [&](std::int64_t counted) {
        if (counted == 0) return std::int64_t{0};
        const std::int64_t all = intervals(reach(counted));
        if (all <= pieces.near) return all;
        return pieces.near + static_cast<std::int64_t>(static_cast<double>(all - pieces.near) * pieces.far) + 1;
    };
    pieces.odd = count(state.odd);
    pieces.even = std::max(pieces.odd, count(state.even));
    return pieces;
}

}  // namespace

template <class T>
void add_table(std::int64_t intervals, double step, const T* quads, FieldTables<T>& to) {
    T* values = begin_table(FieldPieces<T>{intervals, intervals, kNoFar, 1.0, nullptr}, step, to);
    make_pieces(std::int64_t{0}, intervals, intervals, quads, values);
}

template <class T>
void add_tables(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                const Wanted* wanted, double error, ProfileScratch<T>& scratch, FieldTables<T>& to) {
    const TransformScratch<T>& made = scratch.transform;
    std::vector<std::int64_t> state_of(static_cast<std::size_t>(fields));
    transform_fields(tables, directions, fields, integrands, wanted, (kAfter + 2) * kWidest, scratch.transform);
    for (std::int64_t i = 0; i < fields; ++i) state_of[static_cast<std::size_t>(made.states[i].field)] = i;
    for (std::int64_t f = 0; f < fields; ++f) {
        const std::int64_t at = state_of[static_cast<std::size_t>(f)];
        double step;
        const FieldPieces<T> pieces = choose_steps(made.states[at], wanted[f], kPanel * made.step(),
                                                   made.largest.data() + at * (made.row / kPanel), error, step);
        T* values = begin_table(pieces, step, to);
        const auto segment = [&](double start, double width, std::int64_t from, std::int64_t count) {
            if (count <= 0) return;
            to.quads.resize(static_cast<std::size_t>(4 * (count + kBefore + kAfter)));
            resample_field(at, start - static_cast<double>(kBefore) * width, width, count + kBefore + kAfter, scratch,
                           to.quads.data());
            make_pieces(from, count, pieces.odd, to.quads.data(), values + place(from, pieces.odd));
        };
        const std::int64_t near = std::min(pieces.near, pieces.even);
        segment(0.0, step, 0, near);
        segment(static_cast<double>(near) * step, step / pieces.far, near, pieces.even - near);
    }
}

#define SIMCORE_FIELDS(T)                                                                                             \
    template void add_table<T>(std::int64_t, double, const T*, FieldTables<T>&);                                      \
    template void add_tables<T>(RadialTables&, const Directions&, std::int64_t, const double*, const Wanted*, double, \
                                ProfileScratch<T>&, FieldTables<T>&);

SIMCORE_FIELDS(float)
SIMCORE_FIELDS(double)

}  // namespace simcore
