#include "refine.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

constexpr double kWidest = 2.1;   // radians per coarse step; wider ones would take more taps than they save values
constexpr double kRidge = 1e-14;  // keeps the equations solvable where fewer taps would do
constexpr int kMostTaps = 32;

double sinc(double x) { return x == 0.0 ? 1.0 : elementary::sin(x) / x; }

// Weights w with least Int |sum_k w_k exp(i f (k - lead)) - exp(i f at)|^2 df over |f| <= band, by Cholesky's method;
// returns the root mean square of the error.
double least_squares(double band, int taps, double at, double* w) {
    const int lead = (taps - 1) / 2;
    double lower[kMostTaps][kMostTaps], aim[kMostTaps];
    for (int i = 0; i < taps; ++i) {
        aim[i] = w[i] = sinc(band * (i - lead - at));
        for (int j = 0; j <= i; ++j) {
            double sum = i == j ? 1.0 + kRidge : sinc(band * (i - j));
            for (int k = 0; k < j; ++k) sum -= lower[i][k] * lower[j][k];
            lower[i][j] = i == j ? std::sqrt(std::max(sum, kRidge)) : sum / lower[j][j];
        }
    }
    for (int i = 0; i < taps; ++i) {
        for (int k = 0; k < i; ++k) w[i] -= lower[i][k] * w[k];
        w[i] /= lower[i][i];
    }
    for (int i = taps - 1; i >= 0; --i) {
        for (int k = i + 1; k < taps; ++k) w[i] -= lower[k][i] * w[k];
        w[i] /= lower[i][i];
    }
    double reached = 0.0;
    for (int i = 0; i < taps; ++i) reached += w[i] * aim[i];
    return std::sqrt(std::max(0.0, 1.0 - reached));
}

template <int bytes, class T>
constexpr int kSide = 2 * bytes / static_cast<int>(sizeof(T));

template <int bytes, class T>
SIMCORE_INLINE void refine_body(const Refinement& r, std::int64_t phase_length, const T* coarse, T* to) {
    using Values = Pack<T, kSide<bytes, T>, bytes>;
    std::copy(coarse + r.lead(), coarse + r.lead() + phase_length, to);
    for (int phase = 1; phase < r.factor; ++phase) {
        const double* weight = r.weight.data() + phase * r.taps;
        T* row = to + phase * phase_length;
        for (std::int64_t i = 0; i < phase_length; i += kSide<bytes, T>) {
            Values sum;
            for (int k = 0; k < r.taps; ++k) sum += scaled(static_cast<T>(weight[k]), Values(coarse + i + k));
            sum.store(row + i);
        }
    }
}

template <int bytes, class T>
SIMCORE_INLINE Pack<T, kSide<bytes, T>, bytes> sum_at(const RowSum<T>& s, std::int64_t plane, std::int64_t j) {
    using Values = Pack<T, kSide<bytes, T>, bytes>;
    Values sum(s.constant[plane]);
    for (int k = 0; k < s.taps; ++k) sum += scaled(s.weight[k], Values(s.rows[k] + plane * s.length + j));
    return sum;
}

template <int bytes, class T>
SIMCORE_INLINE void squares_body(const RowSum<T>& s, bool add, T* to) {
    using Values = Pack<T, kSide<bytes, T>, bytes>;
    for (std::int64_t j = 0; j < s.length; j += kSide<bytes, T>) {
        Values total = add ? Values(to + j) : Values();
        for (int plane = 0; plane < 2 * s.components; ++plane) {
            const Values sum = sum_at<bytes>(s, plane, j);
            total += sum * sum;
        }
        total.store(to + j);
    }
}

template <int bytes, class T>
SIMCORE_INLINE void planes_body(const RowSum<T>& s, T* to) {
    for (int plane = 0; plane < 2 * s.components; ++plane)
        for (std::int64_t j = 0; j < s.length; j += kSide<bytes, T>)
            sum_at<bytes>(s, plane, j).store(to + plane * s.length + j);
}

template <class T>
SIMCORE_INLINE void interleave_body(const Refinement& r, std::int64_t cells, const T* from, T* to) {
    const std::int64_t each = r.phase_length(cells), whole = cells / r.factor;
    if (r.factor == 1) {
        std::copy(from, from + cells, to);
    } else if (r.factor == 2) {
        for (std::int64_t i = 0; i < whole; ++i) {
            to[2 * i] = from[i];
            to[2 * i + 1] = from[each + i];
        }
    } else {
        for (int phase = 0; phase < r.factor; ++phase)
            for (std::int64_t i = 0; i < whole; ++i) to[r.factor * i + phase] = from[phase * each + i];
    }
    for (std::int64_t i = whole * r.factor; i < cells; ++i) to[i] = from[i % r.factor * each + whole];
}

#define SIMCORE_REFINE(T)                                                                                         \
    SIMCORE_DISPATCH_LANES(refine_dispatched, refine_body,                                                        \
                           (const Refinement& r, std::int64_t phase_length, const T* coarse, T* to),              \
                           (r, phase_length, coarse, to))                                                         \
    SIMCORE_DISPATCH_LANES(squares_dispatched, squares_body, (const RowSum<T>& s, bool add, T* to), (s, add, to)) \
    SIMCORE_DISPATCH_LANES(planes_dispatched, planes_body, (const RowSum<T>& s, T* to), (s, to))                  \
    SIMCORE_DISPATCH(interleave_dispatched, interleave_body<T>,                                                   \
                     (const Refinement& r, std::int64_t cells, const T* from, T* to), (r, cells, from, to))

SIMCORE_REFINE(float)
SIMCORE_REFINE(double)

}  // namespace

Refinement refinement(double frequency, double tolerance) {
    Refinement r;
    r.factor = std::max(1, static_cast<int>(std::min(kWidest / frequency, 16.0)));
    r.weight.assign(1, 1.0);
    if (r.factor == 1) return r;
    const double band = frequency * r.factor;
    double w[kMostTaps];
    for (r.taps = 4; r.taps < kMostTaps && least_squares(band, r.taps, 0.5, w) > tolerance;) r.taps += 2;
    r.weight.assign(static_cast<std::size_t>(r.factor * r.taps), 0.0);
    r.weight[r.lead()] = 1.0;
    for (int phase = 1; phase < r.factor; ++phase)
        least_squares(band, r.taps, static_cast<double>(phase) / r.factor, r.weight.data() + phase * r.taps);
    return r;
}

void refine_row(const Refinement& r, std::int64_t phase_length, const float* coarse, float* to) {
    refine_dispatched(r, phase_length, coarse, to);
}

void refine_row(const Refinement& r, std::int64_t phase_length, const double* coarse, double* to) {
    refine_dispatched(r, phase_length, coarse, to);
}

void interleave(const Refinement& r, std::int64_t cells, const float* from, float* to) {
    interleave_dispatched(r, cells, from, to);
}

void interleave(const Refinement& r, std::int64_t cells, const double* from, double* to) {
    interleave_dispatched(r, cells, from, to);
}

void sum_squares(const RowSum<float>& sum, bool add, float* to) { squares_dispatched(sum, add, to); }

void sum_squares(const RowSum<double>& sum, bool add, double* to) { squares_dispatched(sum, add, to); }

void sum_planes(const RowSum<float>& sum, float* to) { planes_dispatched(sum, to); }

void sum_planes(const RowSum<double>& sum, double* to) { planes_dispatched(sum, to); }

}  // namespace simcore
