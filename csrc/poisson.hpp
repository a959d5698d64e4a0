// Poisson numbers of many pixels at once, each a function of (stream, pixel, rate) alone.
//
// Rates below 10: inversion by summing the distribution. Above: transformed rejection, PTRS of Hoermann, "The
// transformed rejection method for generating Poisson random variables", Insurance: Mathematics and Economics 12, 39
// (1993). Every step runs over a list of pixels in plain loops; what a step leaves open is compacted into the list of
// the next. Counts are returned as double; above 2^53 they are spaced as doubles are, above 1e30 they are the rate (the
// noise is beneath the last digit).
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "elementary.hpp"
#include "rng.hpp"

namespace simcore::poisson {

constexpr std::size_t chunk = 2048;  // pixels in hand; the working memory stays in the L2 cache
constexpr double smallest_rejection_rate = 10.0;
constexpr double noiseless_rate = 1e30;

// A list of pixels: where their results go and what is known of them so far.
struct List {
    std::uint32_t slot[chunk];   // position in the chunk
    std::uint32_t pixel[chunk];  // position in the image
    double rate[chunk];
    double first[chunk], second[chunk];  // the uniform numbers of this attempt
    double count[chunk];
    std::size_t length = 0;

    SIMCORE_INLINE void add_if(bool wanted, std::uint32_t slot_, std::uint32_t pixel_, double rate_) {
        slot[length] = slot_;
        pixel[length] = pixel_;
        rate[length] = rate_;
        length += wanted ? 1 : 0;
    }
};

struct Workspace {
    List small, large, open;
};

// count = number of k with u > P(X <= k). The sum stops where a term falls beneath 1e-20: a rule of the pixel's own
// rate, so that rounding of the sum near 1 cannot make the count depend on how far the neighbours in the tile run.
SIMCORE_INLINE void invert(List& list) {
    constexpr std::size_t tile = 32;
    for (std::size_t start = 0; start < list.length; start += tile) {
        const std::size_t width = list.length - start < tile ? list.length - start : tile;
        double rate[tile] = {}, u[tile] = {}, term[tile], sum[tile], count[tile] = {};
        for (std::size_t i = 0; i < width; ++i) {
            rate[i] = list.rate[start + i];
            u[i] = list.first[start + i];
        }
        for (std::size_t i = 0; i < tile; ++i) sum[i] = term[i] = elementary::exp(-rate[i]);
        std::uint64_t running = 1;
        for (double k = 1.0; running != 0; k += 1.0) {
            const double reciprocal = 1.0 / k;
            running = 0;
            for (std::size_t i = 0; i < tile; ++i) {
                const bool beyond = (u[i] > sum[i]) & (term[i] > 1e-20);
                count[i] += beyond ? 1.0 : 0.0;
                running |= beyond ? std::uint64_t{1} : std::uint64_t{0};
                term[i] *= rate[i] * reciprocal;
                sum[i] += term[i];
            }
        }
        for (std::size_t i = 0; i < width; ++i) list.count[start + i] = count[i];
    }
}

// Largest integer <= x for x >= 0, something negative for x < 0; no instruction beyond the baseline.
SIMCORE_INLINE double floor_of(double x) {
    const double nearest = (x + 0x1p52) - 0x1p52;
    const double below = nearest > x ? nearest - 1.0 : nearest;
    return x < 0x1p52 ? below : x;
}

// The published hat lies up to 0.57 % too low at single counts (rates 10 to 2000), the published squeeze, 0.9277 -
// 3.6224 / (b - 2), up to 0.0035 too high: seen on a grid of 2461 rates from 10 to 1e7 and 400,000 positions. With the
// hat raised by 0.6 % and the squeeze lowered by 0.0097 both hold everywhere on it (margins 0.0002 and 0.002), which
// makes the method exact at a cost of 1 %.
constexpr double hat_height = 1.006;
constexpr double squeeze = 0.918;

// Constants of the hat, PTRS step 0.
struct Hat {
    double b, a;
};

SIMCORE_INLINE Hat hat(double rate) {
    const double b = 0.931 + 2.53 * std::sqrt(rate);
    return {b, -0.059 + 0.02483 * b};
}

// Steps 1 and 2: the candidate, and whether the squeeze accepts it (second becomes -1).
SIMCORE_INLINE void propose(List& list) {
    for (std::size_t i = 0; i < list.length; ++i) {
        const Hat h = hat(list.rate[i]);
        const double u = list.first[i] - 0.5, v = list.second[i];
        const double us = 0.5 - (u < 0.0 ? -u : u);
        list.count[i] = floor_of((2.0 * h.a / us + h.b) * u + list.rate[i] + 0.43);
        const bool accepted = (us >= 0.07) & ((squeeze - v) * (h.b - 2.0) >= 3.6224);
        list.first[i] = us;
        list.second[i] = accepted ? -1.0 : v;
    }
}

// Remainder of Stirling's formula: log k! - ((k + 1/2) log k - k + log(2 pi) / 2); at 0 what makes log 0! = 0 with the
// logarithms taken at k = 1 and k - k log k taken as 0.
SIMCORE_INLINE double stirling_remainder(double k) {
    const double r = 1.0 / k, r2 = r * r;
    return r * (1.0 / 12 - r2 * (1.0 / 360 - r2 * (1.0 / 1260 - r2 * (1.0 / 1680 - r2 * (1.0 / 1188)))));
}

constexpr double small_remainders[16] = {
    -0.9189385332046727,  0.08106146679532726,  0.0413406959554093,    0.02767792568499834,
    0.020790672103765093, 0.016644691189821193, 0.013876128823070748,  0.01189670994589177,
    0.010411265261972096, 0.009255462182712733, 0.00833056343336287,   0.007573675487951841,
    0.00694284010720953,  0.006408994188004207, 0.0059513701127588475, 0.005554733551962801};

// Step 3: accept where log(v / hat) <= log of the probability, written as a deviance so that large rates cancel
// nothing (Loader, "Fast and accurate computation of binomial probabilities", 2000); second becomes -1.
SIMCORE_INLINE void decide(List& list) {
    double remainder[chunk];
    for (std::size_t i = 0; i < list.length; ++i) {
        const double k = list.count[i] < 1.0 ? 1.0 : list.count[i];
        remainder[i] = stirling_remainder(k);
    }
    for (std::size_t i = 0; i < list.length; ++i) {
        const double k = list.count[i];
        if (k >= 0.0 && k < 16.0) remainder[i] = small_remainders[static_cast<int>(k)];
    }
    for (std::size_t i = 0; i < list.length; ++i) {
        const double rate = list.rate[i], us = list.first[i], k = list.count[i], v = list.second[i];
        const Hat h = hat(rate);
        const double us2 = us * us, shifted = h.b - 3.4;
        const double ratio = v * us2 * hat_height * (1.1239 * shifted + 1.1328) / ((h.a + h.b * us2) * shifted);

        const double least = k < 1.0 ? 1.0 : k;
        const double difference = k - rate, s = difference / (k + rate), w = s * s;
        double p = 1.0 / 15;
        p = 1.0 / 13 + w * p;
        p = 1.0 / 11 + w * p;
        p = 1.0 / 9 + w * p;
        p = 1.0 / 7 + w * p;
        p = 1.0 / 5 + w * p;
        p = 1.0 / 3 + w * p;
        const double series = difference * s + 2.0 * k * s * w * p;
        const double direct = k * elementary::log(least / rate) - difference;
        const double deviance = w < 0.01 ? series : direct;
        const double left = elementary::log(ratio * ratio * 6.283185307179586 * least);
        const bool accepted = (k >= 0.0) & (left <= -2.0 * (deviance + remainder[i]));
        list.second[i] = accepted ? -1.0 : v;
    }
}

SIMCORE_INLINE void scatter(const List& list, double* out) {
    for (std::size_t i = 0; i < list.length; ++i) out[list.slot[i]] = list.count[i];
}

// Moves what is open (second >= 0) of `list` into `open`, with its candidate: first its places, so that what is closed
// costs little.
SIMCORE_INLINE void keep_open(const List& list, List& open) {
    std::uint32_t place[chunk];
    std::size_t length = 0;
    for (std::size_t i = 0; i < list.length; ++i) {
        place[length] = static_cast<std::uint32_t>(i);
        length += list.second[i] >= 0.0 ? 1 : 0;
    }
    for (std::size_t i = 0; i < length; ++i) {
        const std::uint32_t from = place[i];
        open.slot[i] = list.slot[from];
        open.pixel[i] = list.pixel[from];
        open.rate[i] = list.rate[from];
        open.first[i] = list.first[from];
        open.second[i] = list.second[from];
        open.count[i] = list.count[from];
    }
    open.length = length;
}

SIMCORE_INLINE void reject(Workspace& work, const PixelStream& stream, double* out) {
    for (std::uint32_t attempt = 0; work.large.length > 0; ++attempt) {
        rng::uniform_pairs(stream, work.large.pixel, attempt, work.large.length, work.large.first, work.large.second);
        propose(work.large);
        scatter(work.large, out);  // what is not accepted is written again by a later attempt
        keep_open(work.large, work.open);
        decide(work.open);
        keep_open(work.open, work.large);
    }
}

// Whether every rate is one for rejection.
SIMCORE_INLINE bool all_large(std::size_t count, const double* rate) {
    std::uint64_t other = 0;
    for (std::size_t i = 0; i < count; ++i)
        other |=
            (rate[i] < smallest_rejection_rate) | !(rate[i] < noiseless_rate) ? std::uint64_t{1} : std::uint64_t{0};
    return other == 0;
}

// Fills out[0..count) for the pixels first_pixel, first_pixel + 1, ...; count <= chunk; rates >= 0, not nan.
SIMCORE_INLINE void fill(Workspace& work, const PixelStream& stream, std::uint32_t first_pixel, std::size_t count,
                         const double* rate, double* out) {
    work.small.length = work.large.length = 0;
    if (all_large(count, rate)) {
        for (std::uint32_t i = 0; i < count; ++i) {
            work.large.slot[i] = i;
            work.large.pixel[i] = first_pixel + i;
            work.large.rate[i] = rate[i];
        }
        work.large.length = count;
        reject(work, stream, out);
        return;
    }
    for (std::uint32_t i = 0; i < count; ++i) {
        const bool small = rate[i] < smallest_rejection_rate;
        const bool large = !small & (rate[i] < noiseless_rate);
        work.small.add_if(small, i, first_pixel + i, rate[i]);
        work.large.add_if(large, i, first_pixel + i, rate[i]);
        out[i] = rate[i];
    }
    rng::uniform_pairs(stream, work.small.pixel, 0, work.small.length, work.small.first, work.small.second);
    invert(work.small);
    scatter(work.small, out);
    reject(work, stream, out);
}

}  // namespace simcore::poisson
