#include "radial_profile.hpp"

#include <algorithm>
#include <cmath>

#include "lanes.hpp"

namespace simcore {
namespace {

// Where the points start, start + ratio, ... lie on the grid, and Lagrange's weights of the taps about them.
template <class T>
struct WeightCall {
    double start, ratio;
    std::int64_t count;
    int taps;
    std::int32_t* base;
    T *fraction, *weight;
};

template <class T>
SIMCORE_INLINE void weights_body(const WeightCall<T>& call) {
    const std::int64_t count = call.count;
    const int taps = call.taps, left = taps / 2 - 1;
    const T* fraction = call.fraction;
    for (std::int64_t i = 0; i < count; ++i) {
        const double position = std::abs(call.start + static_cast<double>(static_cast<std::int32_t>(i)) * call.ratio);
        call.base[i] = static_cast<std::int32_t>(position);
        call.fraction[i] = static_cast<T>(position - call.base[i]);
    }
    for (int k = 0; k < taps; ++k) {
        double scale = 1.0;
        for (int j = 0; j < taps; ++j) scale *= j == k ? 1.0 : k - j;
        const T inverse = static_cast<T>(1.0 / scale);
        T* to = call.weight + k * count;
        for (std::int64_t i = 0; i < count; ++i) to[i] = inverse;
        for (int j = 0; j < taps; ++j) {
            if (j == k) continue;
            const T at = static_cast<T>(j - left);
            for (std::int64_t i = 0; i < count; ++i) to[i] *= fraction[i] - at;
        }
    }
}

// Interpolation of the even functions in the four rows of a field.
template <class T>
struct Resample {
    std::int64_t row, used;  // values of a row of the planes, and how many of them count
    const T* planes;
    std::int64_t count;
    const std::int32_t* base;
    const T* weight;
    T *padded, *quads;
};

template <int bytes, class T, int taps>
SIMCORE_INLINE void resample(const Resample<T>& call) {
    using Quad = Pack<T, 4, bytes>;
    constexpr int left = taps / 2 - 1;
    T* padded = call.padded;
    for (std::int64_t i = 0; i < call.used; ++i)
        for (int c = 0; c < 4; ++c) padded[4 * (i + left) + c] = call.planes[c * call.row + i];
    for (std::int64_t i = 1; i <= left; ++i)
        for (int c = 0; c < 4; ++c) padded[4 * (left - i) + c] = call.planes[c * call.row + i];
    for (std::int64_t i = 0; i < call.count; ++i) {
        const T* from = padded + 4 * call.base[i];
        Quad sum;
        for (int k = 0; k < taps; ++k) sum += scaled(call.weight[k * call.count + i], Quad(from + 4 * k));
        sum.store(call.quads + 4 * i);
    }
}

template <int bytes, class T>
SIMCORE_INLINE void resample_body(const Resample<T>& call, int taps) {
    if (taps == 6) {
        resample<bytes, T, 6>(call);
    } else if (taps == 8) {
        resample<bytes, T, 8>(call);
    } else {
        resample<bytes, T, 10>(call);
    }
}

#define SIMCORE_PROFILE(T)                                                                  \
    SIMCORE_DISPATCH(weights_dispatched, weights_body, (const WeightCall<T>& call), (call)) \
    SIMCORE_DISPATCH_LANES(resample_dispatched, resample_body, (const Resample<T>& call, int taps), (call, taps))

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

}  // namespace

template <class T>
void resample_field(std::int64_t at, double start, double step, std::int64_t count, ProfileScratch<T>& s, T* quads) {
    const TransformScratch<T>& from = s.transform;
    const int taps = from.steps.taps;
    s.base.resize(static_cast<std::size_t>(count));
    s.fraction.resize(static_cast<std::size_t>(count));
    s.weight.resize(static_cast<std::size_t>(count * taps));
    s.padded.resize(static_cast<std::size_t>(4 * (from.row + taps)));
    weights_dispatched(WeightCall<T>{start / from.step(), step / from.step(), count, taps, s.base.data(),
                                     s.fraction.data(), s.weight.data()});
    resample_dispatched(Resample<T>{from.row, from.states[at].made * kPanel, from.planes.data() + 4 * from.row * at,
                                    count, s.base.data(), s.weight.data(), s.padded.data(), quads},
                        taps);
}

template <class T>
void radial_profiles(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                     const Profile* profiles, std::int64_t before, ProfileScratch<T>& scratch, std::int64_t stride,
                     T* quads) {
    for (std::int64_t first = 0; first < fields; first += kTogether) {
        const std::int64_t here = std::min(kTogether, fields - first);
        scratch.wanted.clear();
        for (std::int64_t f = first; f < first + here; ++f)
            scratch.wanted.push_back(
                {static_cast<double>(std::max(before, profiles[f].points - 1)) * profiles[f].step, 0.0, 0.0});
        transform_fields(tables, directions, here, integrands + 4 * directions.count * first, scratch.wanted.data(),
                         0.0, scratch.transform);
        for (std::int64_t i = 0; i < here; ++i) {
            const std::int64_t f = first + scratch.transform.states[i].field;
            resample_field(i, -static_cast<double>(before) * profiles[f].step, profiles[f].step,
                           before + profiles[f].points, scratch, quads + f * stride);
        }
    }
}

#define SIMCORE_PROFILES(T)                                                                                         \
    template void resample_field<T>(std::int64_t, double, double, std::int64_t, ProfileScratch<T>&, T*);            \
    template void radial_profiles<T>(RadialTables&, const Directions&, std::int64_t, const double*, const Profile*, \
                                     std::int64_t, ProfileScratch<T>&, std::int64_t, T*);

SIMCORE_PROFILES(float)
SIMCORE_PROFILES(double)

void cubic_pieces(std::int64_t functions, std::int64_t count, const float* values, float* pieces) {
    pieces_float(functions, count, values, pieces);
}

void cubic_pieces(std::int64_t functions, std::int64_t count, const double* values, double* pieces) {
    pieces_double(functions, count, values, pieces);
}

}  // namespace simcore
