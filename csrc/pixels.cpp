#include "pixels.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "dispatch.hpp"
#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int kReach = 6;  // a longer one costs less than a finer division only near the highest frequency

// Geometric rate at which interpolation in cos w of sin(w/2) / (w/2) converges on [0, frequency]: its nearest
// singularity is at cos w = -1.
double rate(double frequency) {
    const double c = elementary::cos(frequency);
    const double x = (3.0 + c) / (1.0 - c);
    return x + std::sqrt(x * x - 1.0);
}

// Smallest reach that keeps the error, about 0.05 rate^-(reach + 1), within the tolerance; -1 if none does.
int reach_for(double frequency, double tolerance) {
    if (frequency > 2.8) return -1;
    const double growth = rate(frequency);
    double error = 0.05;
    for (int reach = 0; reach <= kReach; ++reach) {
        error /= growth;
        if (error <= tolerance) return reach;
    }
    return -1;
}

// Coefficients of cos(k w), k = 0 .. reach, that interpolate sin(w/2) / (w/2) at w = 0, so that a constant stays one,
// at `frequency` and at Chebyshev points between.
std::vector<double> cell_weights(double frequency, int reach) {
    const int n = reach + 1;
    double matrix[kReach + 1][kReach + 2];
    for (int i = 0; i < n; ++i) {
        const double w = i == reach ? 0.0 : frequency * elementary::cos(kPi * i / (2.0 * reach));
        for (int k = 0; k < n; ++k) matrix[i][k] = elementary::cos(k * w);
        matrix[i][n] = i == reach ? 1.0 : elementary::sin(0.5 * w) / (0.5 * w);
    }
    for (int k = 0; k < n; ++k) {
        int pivot = k;
        for (int i = k + 1; i < n; ++i)
            if (std::abs(matrix[i][k]) > std::abs(matrix[pivot][k])) pivot = i;
        std::swap_ranges(matrix[k], matrix[k] + n + 1, matrix[pivot]);
        for (int i = k + 1; i < n; ++i) {
            const double factor = matrix[i][k] / matrix[k][k];
            for (int j = k; j <= n; ++j) matrix[i][j] -= factor * matrix[k][j];
        }
    }
    std::vector<double> a(n);
    for (int k = n - 1; k >= 0; --k) {
        double sum = matrix[k][n];
        for (int j = k + 1; j < n; ++j) sum -= matrix[k][j] * a[j];
        a[k] = sum / matrix[k][k];
    }
    return a;
}

constexpr std::int64_t kChunk = 512;  // cells whose rows are summed before they are put in order

// Where the values that a sum takes stand, one term after the other.
struct Evenly {
    std::int64_t step, at = 0;
    SIMCORE_INLINE void next() { at += step; }
};

// Cells of each place within a pixel side by side; those of the first `longer` places have one more than `whole`.
struct Apart {
    std::int64_t division, whole, longer, place = 0, begin = 0, pixel = 0, at = 0;
    SIMCORE_INLINE void next() {
        begin += whole + (place < longer ? 1 : 0);
        if (++place == division) {
            place = begin = 0;
            ++pixel;
        }
        at = begin + pixel;
    }
};

// to[i] = sum over the terms of weight[u] from[i + walk.at], `side` values of to.
template <int bytes, int side, class T, class Walk>
SIMCORE_INLINE void weighted_sums(int terms, const T* weight, const T* from, Walk walk, T* to) {
    Pack<T, side, bytes> sum;
    for (int u = 0; u < terms; ++u, walk.next()) sum += scaled(weight[u], Pack<T, side, bytes>(from + walk.at));
    sum.store(to);
}

// Of `count` values; where they do not fill a pack, the last ones overlap those before.
template <int bytes, class T, class Walk>
SIMCORE_INLINE void weighted_sum(int terms, const T* weight, std::int64_t count, const T* from, const Walk& begin,
                                 T* to) {
    constexpr int side = 2 * bytes / static_cast<int>(sizeof(T)), less = std::min(side, 8);
    std::int64_t i = 0;
    for (; i + side <= count; i += side) weighted_sums<bytes, side>(terms, weight, from + i, begin, to + i);
    for (; i < count && count >= less; i += less) {
        i = std::min(i, count - less);
        weighted_sums<bytes, less>(terms, weight, from + i, begin, to + i);
    }
    for (; i < count; ++i) {
        Walk walk = begin;
        T sum = T(0);
        for (int u = 0; u < terms; ++u, walk.next()) sum += weight[u] * from[i + walk.at];
        to[i] = sum;
    }
}

template <class T>
const T* weights(const PixelRule& rule) {
    if constexpr (std::is_same_v<T, float>) {
        return rule.rounded.data();
    } else {
        return rule.weight.data();
    }
}

// The sums over rows lie in scratch with the cells of each place within a pixel side by side, so that the sums along
// the row run over neighbours too.
template <int bytes, class T>
SIMCORE_INLINE void integrate_body(const PixelRule& rule, const T* rows, std::int64_t cells, T* scratch,
                                   std::int64_t pixels, T* out) {
    const int terms = static_cast<int>(rule.weight.size());
    const T* weight = weights<T>(rule);
    const std::int64_t division = rule.division;
    const Evenly down{cells};
    if (division == 1) {
        weighted_sum<bytes>(terms, weight, cells, rows, down, scratch);
        weighted_sum<bytes>(terms, weight, pixels, scratch, Evenly{1}, out);
        return;
    }
    const std::int64_t whole = cells / division, longer = cells % division;  // places below `longer` have one more
    const auto begin = [=](std::int64_t place) { return place * whole + std::min(place, longer); };
    const std::int64_t chunk = std::max<std::int64_t>(1, kChunk / division) * division;
    T sums[kChunk];
    for (std::int64_t first = 0; first < cells; first += chunk) {
        const std::int64_t here = std::min(chunk, cells - first);
        weighted_sum<bytes>(terms, weight, here, rows + first, down, sums);
        const auto take_apart = [&](auto by) {
            for (std::int64_t place = 0; place < std::min<std::int64_t>(by, here); ++place) {
                T* to = scratch + begin(place) + first / by;
                const std::int64_t count = (here - place + by - 1) / by;
                SIMCORE_INDEPENDENT
                for (std::int64_t k = 0; k < count; ++k) to[k] = sums[place + by * k];
            }
        };
        // Side by side where it is known how far apart they are.
        if (division == 2) {
            take_apart(std::integral_constant<int, 2>());
        } else if (division == 3) {
            take_apart(std::integral_constant<int, 3>());
        } else {
            take_apart(division);
        }
    }
    weighted_sum<bytes>(terms, weight, pixels, scratch, Apart{division, whole, longer}, out);
}

SIMCORE_DISPATCH_LANES(integrate_float, integrate_body,
                       (const PixelRule& rule, const float* rows, std::int64_t cells, float* scratch,
                        std::int64_t pixels, float* out),
                       (rule, rows, cells, scratch, pixels, out))
SIMCORE_DISPATCH_LANES(integrate_double, integrate_body,
                       (const PixelRule& rule, const double* rows, std::int64_t cells, double* scratch,
                        std::int64_t pixels, double* out),
                       (rule, rows, cells, scratch, pixels, out))

}  // namespace

PixelRule pixel_rule(double frequency, double tolerance) {
    PixelRule rule;
    while ((rule.reach = reach_for(frequency / rule.division, tolerance)) < 0) ++rule.division;
    const std::vector<double> a = cell_weights(frequency / rule.division, rule.reach);
    rule.weight.assign(static_cast<std::size_t>(rule.division + 2 * rule.reach), 0.0);
    for (int cell = 0; cell < rule.division; ++cell) {
        rule.weight[cell + rule.reach] += a[0] / rule.division;
        for (int k = 1; k <= rule.reach; ++k) {
            rule.weight[cell + rule.reach + k] += 0.5 * a[k] / rule.division;
            rule.weight[cell + rule.reach - k] += 0.5 * a[k] / rule.division;
        }
    }
    rule.rounded.assign(rule.weight.begin(), rule.weight.end());
    return rule;
}

void integrate_row(const PixelRule& rule, const float* rows, std::int64_t cells, float* scratch, std::int64_t pixels,
                   float* out) {
    integrate_float(rule, rows, cells, scratch, pixels, out);
}

void integrate_row(const PixelRule& rule, const double* rows, std::int64_t cells, double* scratch, std::int64_t pixels,
                   double* out) {
    integrate_double(rule, rows, cells, scratch, pixels, out);
}

}  // namespace simcore
