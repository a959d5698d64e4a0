#include "radial_profile.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"

namespace simcore {
namespace {

constexpr std::int64_t kBatch = 16;  // fields for which a panel is read once

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

template <class T>
struct Transform {
    std::int64_t nodes, panels;
    const T* const* tables;
    const std::int64_t* needed;  // panels of each field
    T *integrands, *planes;      // integrands: those of J0, then those of J2
};

template <int bytes, class T, int fields>
SIMCORE_INLINE void transform_group(const Transform<T>& call, std::int64_t first, std::int64_t p) {
    const std::int64_t row = call.panels * kPanel, field = 4 * row;
    std::int64_t needed = 0;
    for (int f = 0; f < fields; ++f) needed = std::max(needed, call.needed[first + f]);
    if (p >= needed) return;
    const T *even = call.integrands + 4 * call.nodes * first, *odd = even + 2 * fields * call.nodes;
    for (int i = 0; i < kPanel; i += kPoints<bytes, T>) {
        T* to = call.planes + first * field + p * kPanel + i;
        accumulate<bytes, T, fields>(call.nodes, call.tables[p] + i, even, to, field, row);
        accumulate<bytes, T, fields>(call.nodes, call.tables[p] + kPanel + i, odd, to + 2 * row, field, row);
    }
}

// Brings the integrands of a group of fields into the order of `accumulate`.
template <class T, int fields>
SIMCORE_INLINE void arrange(std::int64_t nodes, const double* from, T* to) {
    for (int part = 0; part < 2; ++part)
        for (int c = 0; c < 2 * fields; ++c) {
            const double* row = from + (4 * (c / 2) + 2 * part + c % 2) * nodes;
            for (std::int64_t j = 0; j < nodes; ++j) to[2 * fields * (part * nodes + j) + c] = static_cast<T>(row[j]);
        }
}

// The integrals at every radial point of the panels: planes has four rows of panels * kPanel values for each field.
template <int bytes, class T>
SIMCORE_INLINE void transform(std::int64_t count, const double* integrands, const Transform<T>& call) {
    constexpr int group = kFields<bytes>;
    const std::int64_t grouped = count - count % group, row = 4 * call.nodes;
    for (std::int64_t f = 0; f < grouped; f += group)
        arrange<T, group>(call.nodes, integrands + f * row, call.integrands + f * row);
    for (std::int64_t f = grouped; f < count; ++f)
        arrange<T, 1>(call.nodes, integrands + f * row, call.integrands + f * row);
    for (std::int64_t p = 0; p < call.panels; ++p) {
        for (std::int64_t f = 0; f < grouped; f += group) transform_group<bytes, T, group>(call, f, p);
        for (std::int64_t f = grouped; f < count; ++f) transform_group<bytes, T, 1>(call, f, p);
    }
}

// Interpolation (Lagrange, `taps` points) of the even functions in planes at the points (i - before) * ratio.
template <int bytes, class T>
SIMCORE_INLINE void resample(std::int64_t row, std::int64_t used, const T* planes, double ratio, std::int64_t before,
                             std::int64_t count, T* padded, std::int32_t* base, T* fraction, T* weight, T* quads) {
    using Quad = Pack<T, 4, bytes>;
    constexpr int taps = RadialGrid<T>::taps;
    constexpr int left = taps / 2 - 1;
    for (std::int64_t i = 0; i < used; ++i)
        for (int c = 0; c < 4; ++c) padded[4 * (i + left) + c] = planes[c * row + i];
    for (std::int64_t i = 1; i <= left; ++i)
        for (int c = 0; c < 4; ++c) padded[4 * (left - i) + c] = planes[c * row + i];
    for (std::int64_t i = 0; i < count; ++i) {
        const double position = std::abs(static_cast<double>(i - before) * ratio);
        base[i] = static_cast<std::int32_t>(position);
        fraction[i] = static_cast<T>(position - base[i]);
    }
    for (int k = 0; k < taps; ++k) {
        double scale = 1.0;
        for (int j = 0; j < taps; ++j) scale *= j == k ? 1.0 : k - j;
        const T inverse = static_cast<T>(1.0 / scale);
        T* to = weight + k * count;
        for (std::int64_t i = 0; i < count; ++i) {
            T product = inverse;
            for (int j = 0; j < taps; ++j) product *= j == k ? T(1) : fraction[i] - static_cast<T>(j - left);
            to[i] = product;
        }
    }
    for (std::int64_t i = 0; i < count; ++i) {
        const T* from = padded + 4 * base[i];
        Quad sum;
        for (int k = 0; k < taps; ++k) sum += scaled(weight[k * count + i], Quad(from + 4 * k));
        sum.store(quads + 4 * i);
    }
}

template <class T>
struct Resample {
    std::int64_t row, used;  // values of a row of the planes, and how many of them count
    const T* planes;
    double ratio;
    std::int64_t before, count;
    T* padded;
    std::int32_t* base;
    T *fraction, *weight, *quads;
};

template <int bytes, class T>
SIMCORE_INLINE void resample_body(const Resample<T>& call) {
    resample<bytes>(call.row, call.used, call.planes, call.ratio, call.before, call.count, call.padded, call.base,
                    call.fraction, call.weight, call.quads);
}

#define SIMCORE_PROFILE(T)                                                                           \
    SIMCORE_DISPATCH_LANES(transform_dispatched, transform,                                          \
                           (std::int64_t count, const double* integrands, const Transform<T>& call), \
                           (count, integrands, call))                                                \
    SIMCORE_DISPATCH_LANES(resample_dispatched, resample_body, (const Resample<T>& call), (call))

SIMCORE_PROFILE(float)
SIMCORE_PROFILE(double)

template <class T>
SIMCORE_INLINE void pieces_body(std::int64_t functions, std::int64_t count, const T* values, T* pieces) {
    const T third = T(1) / T(60);
    const auto slope = [=](const T* at) {
        const T near = at[functions] - at[-functions], middle = at[2 * functions] - at[-2 * functions];
        const T far = at[3 * functions] - at[-3 * functions];
        return (T(45) * near - T(9) * middle + far) * third;
    };
    for (std::int64_t i = 3; i + 4 < count; ++i) {
        for (std::int64_t f = 0; f < functions; ++f) {
            const T* at = values + i * functions + f;
            const T rise = at[functions] - at[0], begin = slope(at), end = slope(at + functions);
            T* to = pieces + 4 * functions * (i - 3) + f;
            to[0] = at[0];
            to[functions] = begin;
            to[2 * functions] = T(3) * rise - T(2) * begin - end;
            to[3 * functions] = begin + end - T(2) * rise;
        }
    }
}

SIMCORE_DISPATCH(pieces_float, pieces_body,
                 (std::int64_t functions, std::int64_t count, const float* values, float* pieces),
                 (functions, count, values, pieces))
SIMCORE_DISPATCH(pieces_double, pieces_body,
                 (std::int64_t functions, std::int64_t count, const double* values, double* pieces),
                 (functions, count, values, pieces))

// Panels of the grid that a field needs.
template <class T>
std::int64_t panels_of(const Profile& profile, std::int64_t before, double step) {
    const double last = static_cast<double>(std::max(before, profile.points - 1)) * (profile.step / step);
    return (static_cast<std::int64_t>(last) + RadialGrid<T>::taps) / kPanel + 1;
}

template <class T>
void batch(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
           const Profile* profiles, std::int64_t before, ProfileScratch<T>& scratch, std::int64_t stride, T* quads) {
    const std::int64_t nodes = directions.count;
    const double step = scratch.stride * RadialGrid<T>::step;
    scratch.panels.resize(static_cast<std::size_t>(fields));
    std::int64_t panels = 0, most = 0;
    for (std::int64_t f = 0; f < fields; ++f) {
        scratch.panels[f] = panels_of<T>(profiles[f], before, step);
        panels = std::max(panels, scratch.panels[f]);
        most = std::max(most, before + profiles[f].points);
    }
    for (std::int64_t p = scratch.tables.size(); p < panels; ++p) {
        scratch.kept.push_back(
            tables.panel<T>(directions.grazing, directions.count, p, Orders::zero_two, scratch.stride));
        scratch.tables.push_back(scratch.kept.back()->data());
    }
    scratch.integrands.resize(static_cast<std::size_t>(4 * nodes * fields));
    scratch.planes.resize(static_cast<std::size_t>(4 * panels * kPanel * fields));
    const Transform<T> call{
        nodes, panels, scratch.tables.data(), scratch.panels.data(), scratch.integrands.data(), scratch.planes.data()};
    transform_dispatched(fields, integrands, call);
    scratch.padded.resize(static_cast<std::size_t>(4 * (panels * kPanel + RadialGrid<T>::taps)));
    scratch.fraction.resize(static_cast<std::size_t>(most));
    scratch.weight.resize(static_cast<std::size_t>(most * RadialGrid<T>::taps));
    scratch.base.resize(static_cast<std::size_t>(most));
    for (std::int64_t f = 0; f < fields; ++f) {
        const Resample<T> one{panels * kPanel,
                              scratch.panels[f] * kPanel,
                              scratch.planes.data() + 4 * panels * kPanel * f,
                              profiles[f].step / step,
                              before,
                              before + profiles[f].points,
                              scratch.padded.data(),
                              scratch.base.data(),
                              scratch.fraction.data(),
                              scratch.weight.data(),
                              quads + f * stride};
        resample_dispatched(one);
    }
}

}  // namespace

template <class T>
void radial_profiles(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                     const Profile* profiles, std::int64_t before, ProfileScratch<T>& scratch, std::int64_t stride,
                     T* quads) {
    for (std::int64_t f = 0; f < fields; f += kBatch)
        batch(tables, directions, std::min(kBatch, fields - f), integrands + 4 * directions.count * f, profiles + f,
              before, scratch, stride, quads + f * stride);
}

template void radial_profiles<float>(RadialTables&, const Directions&, std::int64_t, const double*, const Profile*,
                                     std::int64_t, ProfileScratch<float>&, std::int64_t, float*);
template void radial_profiles<double>(RadialTables&, const Directions&, std::int64_t, const double*, const Profile*,
                                      std::int64_t, ProfileScratch<double>&, std::int64_t, double*);

void cubic_pieces(std::int64_t functions, std::int64_t count, const float* values, float* pieces) {
    pieces_float(functions, count, values, pieces);
}

void cubic_pieces(std::int64_t functions, std::int64_t count, const double* values, double* pieces) {
    pieces_double(functions, count, values, pieces);
}

}  // namespace simcore
