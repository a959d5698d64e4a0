#include "lumps.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "bessel.hpp"
#include "dispatch.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kWidest = 20.0;  // radius times the cutoff, at most: the rims of wider ones are alike
constexpr double kTurn = 2.4;     // phase from frequency to frequency at the rim, rad
// Points that are looked at: on the axis, half way to the rim, and about the rim, in resolved distances.
constexpr double kRim[] = {-1.4, -0.9, -0.4, 0.2};
constexpr auto kCount = static_cast<std::int64_t>(2 + std::size(kRim));
constexpr double kFaint = 0.3, kSmaller = 0.7, kFarther = 1.3;  // relative to the brightest: see `chosen`
constexpr double kDepths = 8.0;                                 // in a panel of slices
constexpr std::int64_t kMostPanels = 16;

// Gauss-Legendre, eight points on [-1, 1] (Abramowitz & Stegun, table 25.4).
constexpr double kNode[] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363};
constexpr double kShare[] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};

// Light of a lump at its middle, when focused.
double light(const Lump& lump, double cutoff) {
    const double wide = std::min(lump.radius * cutoff, 1.0);
    return lump.intensity * (lump.half_height > 0.0 ? 2.0 * lump.half_height : 1.0) * wide * wide;
}

std::vector<Lump> chosen(const std::vector<Lump>& lumps, double cutoff) {
    const auto far = [](const Lump& lump) { return std::abs(lump.z) + lump.half_height; };
    Lump brightest = lumps[0], farthest = lumps[0];
    for (const Lump& lump : lumps) {
        if (light(lump, cutoff) > light(brightest, cutoff)) brightest = lump;
        if (far(lump) > far(farthest)) farthest = lump;
    }
    Lump smallest = brightest;
    for (const Lump& lump : lumps)
        if (light(lump, cutoff) >= kFaint * light(brightest, cutoff) && lump.radius < smallest.radius) smallest = lump;
    std::vector<Lump> found{brightest};
    if (smallest.radius < kSmaller * brightest.radius) found.push_back(smallest);
    if (far(farthest) > kFarther * far(brightest)) found.push_back(farthest);
    return found;
}

struct Slice {
    double radius, z, thickness;
};

std::vector<Slice> slices(const Lump& lump, double radius, double step) {
    if (!(lump.half_height > 0.0)) return {{radius, lump.z, 1.0}};
    const double wanted = std::ceil(2.0 * lump.half_height / (kDepths * step));
    const double panels = std::min(std::max(wanted, 1.0), static_cast<double>(kMostPanels));
    std::vector<Slice> to;
    for (std::int64_t panel = 0; panel < static_cast<std::int64_t>(panels); ++panel)
        for (int i = 0; i < 8; ++i) {
            const double t =
                (2.0 * static_cast<double>(panel) + 1.0 + (i < 4 ? -1.0 : 1.0) * kNode[i % 4]) / panels - 1.0;
            to.push_back({radius * std::sqrt(1.0 - t * t), lump.z + lump.half_height * t,
                          lump.half_height * kShare[i % 4] / panels});
        }
    return to;
}

SIMCORE_INLINE void add_disc_body(std::int64_t count, double here, double next, const double* j1, double* depth,
                                  double* below) {
    for (std::int64_t i = 0; i < count; ++i) {
        depth[i] += here * j1[i];
        below[i] += next * j1[i];
    }
}

SIMCORE_DISPATCH(add_disc, add_disc_body,
                 (std::int64_t count, double here, double next, const double* j1, double* depth, double* below),
                 (count, here, next, j1, depth, below))

// light += discs times the values, which are linear between the frequencies known.
SIMCORE_INLINE void gather_body(std::int64_t intervals, std::int64_t fine, const double* values, const double* discs,
                                double* sum) {
    for (std::int64_t k = 0; k < fine; ++k) {
        const double part = (static_cast<double>(k) + 0.5) / static_cast<double>(fine);
        for (std::int64_t i = 0; i < intervals; ++i)
            sum[k * intervals + i] += discs[k * intervals + i] * (values[i] + part * (values[i + 1] - values[i]));
    }
}

SIMCORE_DISPATCH(gather, gather_body,
                 (std::int64_t intervals, std::int64_t fine, const double* values, const double* discs, double* sum),
                 (intervals, fine, values, discs, sum))

// Sums in `kParts` interleaved parts: always in the same order, side by side.
constexpr int kParts = 8;

SIMCORE_INLINE void dot_body(const double* a, const double* b, std::int64_t count, double* result) {
    double sum[kParts] = {};
    std::int64_t i = 0;
    for (; i + kParts <= count; i += kParts)
        for (int k = 0; k < kParts; ++k) sum[k] += a[i + k] * b[i + k];
    for (; i < count; ++i) sum[0] += a[i] * b[i];
    *result = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

SIMCORE_DISPATCH(dot, dot_body, (const double* a, const double* b, std::int64_t count, double* result),
                 (a, b, count, result))

}  // namespace

LumpError::LumpError(const std::vector<Lump>& lumps, const Depths& depths, const Frequencies& frequencies,
                     const double* values)
    : depths_(depths), columns_(frequencies.start.back()), waves_(frequencies.cutoff.size()) {
    const double cutoff = *std::max_element(frequencies.cutoff.begin(), frequencies.cutoff.end());
    for (const Lump& lump : chosen(lumps, cutoff))
        for (std::size_t w = 0; w < waves_; ++w) {
            const std::int64_t start = frequencies.start[w], count = frequencies.start[w + 1] - start;
            views_.push_back(view(lump, start, count, frequencies.cutoff[w]));
            for (double& seen : views_.back().seen) seen *= frequencies.weight[w];
        }
    brightest_ = largest(values);
}

LumpError::View LumpError::view(const Lump& lump, std::int64_t start, std::int64_t count, double cutoff) const {
    const double radius = std::min(lump.radius, kWidest / cutoff);
    const double widest = transfer_frequency(1, count) * 0.5 * cutoff;
    View to{start, count - 1, static_cast<std::int64_t>(std::ceil(2.0 * kPi * radius * widest / kTurn)), {}, {}};
    const std::int64_t size = to.intervals * to.fine;
    std::vector<double> turn(size), argument(size), bessel(size), unused(size);
    to.discs.assign(static_cast<std::size_t>(depths_.count * size), 0.0);
    to.seen.resize(static_cast<std::size_t>(kCount * size));
    for (std::int64_t i = 0; i < to.intervals; ++i) {
        const double low = transfer_frequency(i, count), high = transfer_frequency(i + 1, count);
        const double width = 0.5 * cutoff * (high - low) / static_cast<double>(to.fine);
        for (std::int64_t k = 0; k < to.fine; ++k) {
            const double part = (static_cast<double>(k) + 0.5) / static_cast<double>(to.fine);
            turn[k * to.intervals + i] = kPi * cutoff * (low + part * (high - low));
            to.seen[k * to.intervals + i] = 2.0 * kPi * width * lump.intensity;  // on the axis
        }
    }
    for (std::int64_t p = 1; p < kCount; ++p) {
        const double distance = p == 1 ? 0.5 * radius : std::max(radius + kRim[p - 2] / cutoff, 0.0);
        for (std::int64_t i = 0; i < size; ++i) argument[i] = turn[i] * distance;
        bessel_j0_j2(size, argument.data(), bessel.data(), unused.data());
        for (std::int64_t i = 0; i < size; ++i) to.seen[p * size + i] = to.seen[i] * bessel[i];
    }
    const double last = static_cast<double>(depths_.count - 1);
    for (const Slice& slice : slices(lump, radius, depths_.step)) {
        for (std::int64_t i = 0; i < size; ++i) argument[i] = turn[i] * slice.radius;
        bessel_j1(size, argument.data(), bessel.data());
        const double at = std::min(std::max((slice.z - depths_.first) / depths_.step, 0.0), last);
        const auto depth = std::min(static_cast<std::int64_t>(at), depths_.count - 2);
        const double part = at - static_cast<double>(depth), weight = slice.thickness * slice.radius;
        double* disc = to.discs.data() + depth * size;
        add_disc(size, (1.0 - part) * weight, part * weight, bessel.data(), disc, disc + size);
    }
    return to;
}

double LumpError::largest(const double* values) const {
    double most = 0.0;
    std::vector<double> sum;
    for (std::size_t first = 0; first < views_.size(); first += waves_) {
        double point[kCount] = {};
        for (std::size_t w = first; w < first + waves_; ++w) {
            const View& view = views_[w];
            const std::int64_t size = view.intervals * view.fine;
            sum.assign(static_cast<std::size_t>(size), 0.0);
            for (std::int64_t d = 0; d < depths_.count; ++d)
                gather(view.intervals, view.fine, values + d * columns_ + view.start, view.discs.data() + d * size,
                       sum.data());
            for (std::int64_t p = 0; p < kCount; ++p) {
                double part = 0.0;
                dot(sum.data(), view.seen.data() + p * size, size, &part);
                point[p] += part;
            }
        }
        for (const double value : point) most = std::max(most, std::abs(value));
    }
    return most;
}

}  // namespace simcore
