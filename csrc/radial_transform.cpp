#include "radial_transform.hpp"

#include <algorithm>

#include "lanes.hpp"

namespace simcore {
namespace {

// Fields and radial points that `accumulate` treats together: their sums fill half of the vector registers.
template <int bytes>
constexpr int kFields = bytes == 64 ? 4 : 2;
template <int bytes, class T>
constexpr int kPoints = 2 * bytes / static_cast<int>(sizeof(T));

// Sums over the nodes of one Bessel function times the integrands of `fields` fields (2 * fields values a node).
template <int bytes, class T, int fields>
SIMCORE_INLINE void accumulate(std::int64_t nodes, const T* table, const T* integrands, T* to, std::int64_t field,
                               std::int64_t row) {
    using Points = Pack<T, kPoints<bytes, T>, bytes>;
    Points sum[2 * fields];
    for (std::int64_t j = 0; j < nodes; ++j) {
        const Points value(table + 2 * kPanel * j);
        for (int c = 0; c < 2 * fields; ++c) sum[c] += scaled(integrands[2 * fields * j + c], value);
    }
    for (int f = 0; f < fields; ++f) {
        sum[2 * f].store(to + f * field);
        sum[2 * f + 1].store(to + f * field + row);
    }
}

// One panel of the integrals of fields in the order of their states.
template <class T>
struct PanelCall {
    std::int64_t nodes, panel, fields;
    double start;  // v of its first point
    const T* table;
    const Wanted* wanted;
    TransformScratch<T>& scratch;
};

// Largest of re^2 + im^2 among kPanel values.
template <class T>
SIMCORE_INLINE T largest_square(const T* re, const T* im) {
    T size[kPanel];
    for (int i = 0; i < kPanel; ++i) size[i] = re[i] * re[i] + im[i] * im[i];
    for (int half = kPanel / 2; half > 0; half /= 2)
        for (int i = 0; i < half; ++i) size[i] = size[i] < size[i + half] ? size[i + half] : size[i];
    return size[0];
}

// Takes down how much of the panel counts, and whether another one is asked for.
template <class T>
SIMCORE_INLINE void judge(const PanelCall<T>& call, FieldState& state, const T* at, T* largest) {
    const std::int64_t row = call.scratch.row;
    const Wanted& wanted = call.wanted[state.field];
    const T limit = static_cast<T>(wanted.least * wanted.least);
    const bool falling = wanted.least > 0.0 && call.start >= wanted.cone;
    state.made = call.panel + 1;
    const bool more = state.made < state.needed;
    T odd = T(0);
    if (state.odd_open) {
        odd = largest_square(at + 2 * row, at + 3 * row);
        if (odd > limit) state.odd = state.made;
        state.odd_open = more && (odd > limit || !falling);
    }
    const T even = largest_square(at, at + row);
    if (even > limit) state.even = state.made;
    state.even_open = more && (even > limit || !falling || state.odd_open);
    largest[call.panel] = even + odd;
}

template <int bytes, class T, int fields>
SIMCORE_INLINE void transform_group(const PanelCall<T>& call, std::int64_t first) {
    const std::int64_t row = call.scratch.row, field = 4 * row;
    FieldState* states = call.scratch.states.data() + first;
    bool even_open = false, odd_open = false;
    for (int f = 0; f < fields; ++f) {
        even_open |= states[f].even_open;
        odd_open |= states[f].odd_open;
    }
    if (!even_open) return;
    const T *even = call.scratch.integrands.data() + 4 * call.nodes * first, *odd = even + 2 * fields * call.nodes;
    T* planes = call.scratch.planes.data() + first * field + call.panel * kPanel;
    for (int i = 0; i < kPanel; i += kPoints<bytes, T>) {
        accumulate<bytes, T, fields>(call.nodes, call.table + i, even, planes + i, field, row);
        if (!odd_open) continue;
        accumulate<bytes, T, fields>(call.nodes, call.table + kPanel + i, odd, planes + 2 * row + i, field, row);
    }
    for (int f = 0; f < fields; ++f) {
        if (!states[f].even_open) continue;
        T* at = planes + f * field;
        if (!states[f].odd_open)
            for (int c = 2; c < 4; ++c) std::fill(at + c * row, at + c * row + kPanel, T(0));
        judge(call, states[f], at, call.scratch.largest.data() + (first + f) * (row / kPanel));
    }
}

template <int bytes, class T>
SIMCORE_INLINE void transform(const PanelCall<T>& call) {
    constexpr int group = kFields<bytes>;
    const std::int64_t grouped = call.fields - call.fields % group;
    for (std::int64_t f = 0; f < grouped; f += group) transform_group<bytes, T, group>(call, f);
    for (std::int64_t f = grouped; f < call.fields; ++f) transform_group<bytes, T, 1>(call, f);
}

template <class T>
struct ArrangeCall {
    std::int64_t nodes, fields;
    const FieldState* states;
    const double* from;
    T* to;
};

// Brings the integrands of a group of fields into the order of `accumulate`.
template <class T, int fields>
SIMCORE_INLINE void arrange_group(const ArrangeCall<T>& call, std::int64_t first) {
    const std::int64_t nodes = call.nodes;
    T* to = call.to + 4 * nodes * first;
    for (int part = 0; part < 2; ++part)
        for (int c = 0; c < 2 * fields; ++c) {
            const double* row = call.from + (4 * call.states[first + c / 2].field + 2 * part + c % 2) * nodes;
            for (std::int64_t j = 0; j < nodes; ++j) to[2 * fields * (part * nodes + j) + c] = static_cast<T>(row[j]);
        }
}

template <int bytes, class T>
SIMCORE_INLINE void arrange(const ArrangeCall<T>& call) {
    constexpr int group = kFields<bytes>;
    const std::int64_t grouped = call.fields - call.fields % group;
    for (std::int64_t f = 0; f < grouped; f += group) arrange_group<T, group>(call, f);
    for (std::int64_t f = grouped; f < call.fields; ++f) arrange_group<T, 1>(call, f);
}

#define SIMCORE_TRANSFORM(T)                                                                    \
    SIMCORE_DISPATCH_LANES(transform_dispatched, transform, (const PanelCall<T>& call), (call)) \
    SIMCORE_DISPATCH_LANES(arrange_dispatched, arrange, (const ArrangeCall<T>& call), (call))

SIMCORE_TRANSFORM(float)
SIMCORE_TRANSFORM(double)

// Fields of like reach side by side, so that few are worked on for their neighbours' sake.
template <class T>
void sort_fields(std::int64_t fields, const Wanted* wanted, double beyond, TransformScratch<T>& scratch) {
    scratch.states.resize(static_cast<std::size_t>(fields));
    std::int64_t most = 0;
    for (std::int64_t f = 0; f < fields; ++f) {
        const std::int64_t last =
            static_cast<std::int64_t>((wanted[f].last + beyond) / scratch.step()) + scratch.steps.taps;
        scratch.states[f] = {f, last / kPanel + 1, 0, 0, 0, true, true};
        most = std::max(most, scratch.states[f].needed);
    }
    scratch.row = most * kPanel;
    std::stable_sort(scratch.states.begin(), scratch.states.end(), [=](const FieldState& a, const FieldState& b) {
        return wanted[a.field].cone > wanted[b.field].cone;
    });
}

}  // namespace

template <class T>
void transform_fields(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                      const Wanted* wanted, double beyond, TransformScratch<T>& scratch) {
    const std::int64_t nodes = directions.count;
    sort_fields(fields, wanted, beyond, scratch);
    scratch.integrands.resize(static_cast<std::size_t>(4 * nodes * fields));
    scratch.planes.resize(static_cast<std::size_t>(4 * scratch.row * fields));
    scratch.largest.resize(static_cast<std::size_t>(scratch.row / kPanel * fields));
    arrange_dispatched(ArrangeCall<T>{nodes, fields, scratch.states.data(), integrands, scratch.integrands.data()});
    const auto open = [&] {
        return std::any_of(scratch.states.begin(), scratch.states.end(),
                           [](const FieldState& state) { return state.even_open; });
    };
    for (std::int64_t p = 0; open(); ++p) {
        if (p == static_cast<std::int64_t>(scratch.kept.size()))
            scratch.kept.push_back(
                tables.panel<T>(directions.grazing, directions.count, p, Orders::zero_two, scratch.steps.stride));
        const double start = static_cast<double>(p * kPanel) * scratch.step();
        transform_dispatched(PanelCall<T>{nodes, p, fields, start, scratch.kept[p]->data(), wanted, scratch});
    }
}

template void transform_fields<float>(RadialTables&, const Directions&, std::int64_t, const double*, const Wanted*,
                                      double, TransformScratch<float>&);
template void transform_fields<double>(RadialTables&, const Directions&, std::int64_t, const double*, const Wanted*,
                                       double, TransformScratch<double>&);

}  // namespace simcore
