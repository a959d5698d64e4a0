#include "depth_integrals.hpp"

#include <algorithm>
#include <cstring>

#include "lanes.hpp"

namespace simcore {
namespace {

constexpr std::int64_t kPlaces = 8;  // from depth to depth
constexpr int kPlanes = 8;           // planes that are treated side by side in layers

struct EndsCall {
    std::int64_t count;
    const float *middle, *half;
    float part, first, inverse, last;  // z = middle + part half
    std::int32_t* place;
    float* fraction;
};

SIMCORE_INLINE void ends_body(const EndsCall& c) {
    const float *middle = c.middle, *half = c.half;
    const float part = c.part, first = c.first, inverse = c.inverse, last = c.last;
    const auto most = static_cast<std::int32_t>(last) - 1;
    std::int32_t* place = c.place;
    float* fraction = c.fraction;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < c.count; ++i) {
        const float at = (middle[i] + part * half[i] - first) * inverse, above = at < 0.0f ? 0.0f : at;
        const float bounded = above > last ? last : above;
        const auto whole = static_cast<std::int32_t>(bounded), base = whole < most ? whole : most;
        place[i] = base;
        fraction[i] = bounded - static_cast<float>(base);
    }
}

SIMCORE_DISPATCH(ends_of, ends_body, (const EndsCall& c), (c))

struct Table {
    const float* values;
    std::int64_t count;  // columns
};

constexpr std::int64_t kFetched = 64;  // columns whose values are fetched together

// Calls give(i, value): the integrals up to the places. Both values that one lies between are fetched at once.
template <class Give>
SIMCORE_INLINE void each_integral(const Table& t, const std::int32_t* place, const float* part, Give give) {
    alignas(64) float pair[2 * kFetched];
    for (std::int64_t first = 0; first < t.count; first += kFetched) {
        const std::int64_t count = t.count - first < kFetched ? t.count - first : kFetched;
        for (std::int64_t i = 0; i < count; ++i) {
            std::int64_t at = place[first + i];
            SIMCORE_ONE_BY_ONE(at);
            std::memcpy(pair + 2 * i, t.values + at, 2 * sizeof(float));
        }
        SIMCORE_INDEPENDENT
        for (std::int64_t i = 0; i < count; ++i)
            give(first + i, pair[2 * i] + part[first + i] * (pair[2 * i + 1] - pair[2 * i]));
    }
}

SIMCORE_INLINE void integral_body(const Table& t, const std::int32_t* place, const float* part, float* to) {
    each_integral(t, place, part, [=](std::int64_t i, float value) { to[i] = value; });
}

SIMCORE_DISPATCH(integral, integral_body, (const Table& t, const std::int32_t* place, const float* part, float* to),
                 (t, place, part, to))

SIMCORE_INLINE void gain_body(const Table& t, const std::int32_t* place, const float* part, const float* before,
                              float* to) {
    each_integral(t, place, part, [=](std::int64_t i, float value) { to[i] += value - before[i]; });
}

SIMCORE_DISPATCH(add_gain, gain_body,
                 (const Table& t, const std::int32_t* place, const float* part, const float* before, float* to),
                 (t, place, part, before, to))

// Columns in layers, each of a light of its own: here the planes lie side by side.
struct Layers {
    const float* values;  // (place, plane)
    std::int64_t planes;  // a multiple of kPlanes
    std::int64_t columns, layers;
    const std::int32_t* place;  // (end, column), one end more than layers
    const float* part;
    const float* factor;        // (layer, pixel), or none
    std::int64_t stride;        // of factor
    const std::int32_t* pixel;  // of each column
};

template <int bytes>
SIMCORE_INLINE void layers_body(const Layers& l, float* light) {
    using Planes = Pack<float, kPlanes, bytes>;
    for (std::int64_t i = 0; i < l.columns; ++i)
        for (std::int64_t plane = 0; plane < l.planes; plane += kPlanes) {
            const auto integral = [&](std::int64_t end) {
                const float* from = l.values + l.planes * l.place[end * l.columns + i] + plane;
                const Planes low(from), high(from + l.planes);
                return low + scaled(l.part[end * l.columns + i], high - low);
            };
            Planes before = integral(0), total;
            for (std::int64_t k = 0; k < l.layers; ++k) {
                const Planes now = integral(k + 1);
                total += scaled(l.factor ? l.factor[k * l.stride + l.pixel[i]] : 1.0f, now - before);
                before = now;
            }
            total.store(light + i * l.planes + plane);
        }
}

SIMCORE_DISPATCH_LANES(light_of_layers, layers_body, (const Layers& l, float* light), (l, light))

}  // namespace

DepthIntegrals::DepthIntegrals(const DepthShares& shares)
    : first_(static_cast<float>(shares.first)),
      inverse_(static_cast<float>(static_cast<double>(kPlaces) / shares.step)),
      last_(static_cast<float>(kPlaces * (shares.depths - 1))),
      planes_(shares.planes),
      places_(kPlaces * (shares.depths - 1) + 1),
      padded_((planes_ + kPlanes - 1) / kPlanes * kPlanes),
      values_(static_cast<std::size_t>(planes_ * places_), 0.0f),
      side_by_side_(static_cast<std::size_t>(padded_ * places_), 0.0f) {
    const std::int64_t pieces = shares.depths - 1;
    for (std::int64_t p = 0; p < planes_; ++p) {
        const auto share = [&](std::int64_t i) { return shares.share[i * planes_ + p]; };
        double sum = 0.0;
        for (std::int64_t i = 0; i < pieces; ++i) {
            const double a = share(i), b = share(i + 1);
            const double before = i > 0 ? share(i - 1) : 3.0 * (a - b) + share(i + 2),
                         after = i + 2 < shares.depths ? share(i + 2) : 3.0 * (b - a) + share(i - 1);
            const double rise = (13.0 * (a + b) - before - after) / 24.0;
            const double square = 3.0 * rise - 2.0 * a - b, cube = a + b - 2.0 * rise;
            for (std::int64_t k = 1; k <= kPlaces; ++k) {
                const double u = static_cast<double>(k) / static_cast<double>(kPlaces);
                values_[p * places_ + kPlaces * i + k] =
                    static_cast<float>(shares.step * (sum + u * (a + u * (square + u * cube))));
            }
            sum += rise;
        }
    }
    for (std::int64_t p = 0; p < planes_; ++p)
        for (std::int64_t i = 0; i < places_; ++i) side_by_side_[i * padded_ + p] = values_[p * places_ + i];
}

void DepthIntegrals::find_ends(const Strip& strip, std::int64_t ends) {
    const auto size = static_cast<std::size_t>(ends * strip.count);
    if (place_.size() < size) {
        place_.resize(size);
        part_.resize(size);
    }
    for (std::int64_t k = 0; k < ends; ++k) {
        const float part = 2.0f * (static_cast<float>(k) / static_cast<float>(ends - 1)) - 1.0f;
        ends_of({strip.count, strip.middle, strip.half, part, first_, inverse_, last_, place_.data() + k * strip.count,
                 part_.data() + k * strip.count});
    }
}

void DepthIntegrals::add(const Strip& strip, std::int64_t width, float* sum) {
    if (strip.factor != nullptr || strip.bin.size > 1) return add_layers(strip, width, sum);
    find_ends(strip, 2);
    if (before_.size() < static_cast<std::size_t>(strip.count)) before_.resize(static_cast<std::size_t>(strip.count));
    for (std::int64_t p = 0; p < planes_; ++p) {
        const Table table{values_.data() + p * places_, strip.count};
        integral(table, place_.data(), part_.data(), before_.data());
        add_gain(table, place_.data() + strip.count, part_.data() + strip.count, before_.data(),
                 sum + p * width + strip.bin.index);
    }
}

void DepthIntegrals::add_layers(const Strip& strip, std::int64_t width, float* sum) {
    find_ends(strip, strip.layers + 1);
    pixel_.assign(static_cast<std::size_t>(strip.count), 0);
    Place pixel = strip.pixel, bin = strip.bin;
    for (std::int64_t i = 0; strip.factor && i < strip.count; ++i, pixel.next())
        pixel_[i] = static_cast<std::int32_t>(pixel.index);
    const auto size = static_cast<std::size_t>(strip.count * padded_);
    if (light_.size() < size) light_.resize(size);
    light_of_layers({side_by_side_.data(), padded_, strip.count, strip.layers, place_.data(), part_.data(),
                     strip.factor, strip.stride, pixel_.data()},
                    light_.data());
    for (std::int64_t i = 0; i < strip.count; ++i, bin.next())
        for (std::int64_t p = 0; p < planes_; ++p) sum[p * width + bin.index] += light_[i * padded_ + p];
}

}  // namespace simcore
