#include "depth_integrals.hpp"

#include <algorithm>

namespace simcore {
namespace {

constexpr std::int64_t kPlaces = 8;  // from depth to depth

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

SIMCORE_INLINE float between(const float* values, std::int32_t place, float part) {
    const float low = values[place];
    return low + part * (values[place + 1] - low);
}

struct Table {
    const float* values;
    std::int64_t count;  // columns
};

// The integrals up to the places.
SIMCORE_INLINE void integral_body(const Table& t, const std::int32_t* place, const float* part, float* to) {
    const float* values = t.values;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < t.count; ++i) to[i] = between(values, place[i], part[i]);
}

SIMCORE_DISPATCH(integral, integral_body, (const Table& t, const std::int32_t* place, const float* part, float* to),
                 (t, place, part, to))

// Adds what lies between the places and `before`, which moves up to them, times the factors of the columns' pixels.
struct Layer {
    const std::int32_t* place;
    const float* part;
    const float* factor;
    const std::int32_t* pixel;
};

SIMCORE_INLINE void layer_body(const Table& t, const Layer& layer, float* before, float* to) {
    const float *values = t.values, *part = layer.part, *factor = layer.factor;
    const std::int32_t *place = layer.place, *pixel = layer.pixel;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < t.count; ++i) {
        const float now = between(values, place[i], part[i]);
        to[i] += factor[pixel[i]] * (now - before[i]);
        before[i] = now;
    }
}

SIMCORE_DISPATCH(add_layer, layer_body, (const Table& t, const Layer& layer, float* before, float* to),
                 (t, layer, before, to))

SIMCORE_INLINE void gain_body(const Table& t, const std::int32_t* place, const float* part, const float* before,
                              float* to) {
    const float* values = t.values;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < t.count; ++i) to[i] += between(values, place[i], part[i]) - before[i];
}

SIMCORE_DISPATCH(add_gain, gain_body,
                 (const Table& t, const std::int32_t* place, const float* part, const float* before, float* to),
                 (t, place, part, before, to))

void add_to_bins(const float* light, std::int64_t count, Place bin, float* sum) {
    for (std::int64_t i = 0; i < count; ++i, bin.next()) sum[bin.index] += light[i];
}

}  // namespace

DepthIntegrals::DepthIntegrals(const DepthShares& shares)
    : first_(static_cast<float>(shares.first)),
      inverse_(static_cast<float>(static_cast<double>(kPlaces) / shares.step)),
      last_(static_cast<float>(kPlaces * (shares.depths - 1))),
      planes_(shares.planes),
      places_(kPlaces * (shares.depths - 1) + 1),
      values_(static_cast<std::size_t>(planes_ * places_), 0.0f) {
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
}

void DepthIntegrals::find_ends(const Strip& strip, float part, Ends& ends) {
    const auto size = static_cast<std::size_t>(strip.count);
    if (ends.place.size() < size) {
        ends.place.resize(size);
        ends.part.resize(size);
    }
    ends_of(
        {strip.count, strip.middle, strip.half, part, first_, inverse_, last_, ends.place.data(), ends.part.data()});
}

void DepthIntegrals::add(const Strip& strip, std::int64_t width, float* sum) {
    const auto size = static_cast<std::size_t>(planes_ * strip.count);
    for (std::vector<float>* values : {&light_, &before_})
        if (values->size() < size) values->resize(size);
    find_ends(strip, -1.0f, low_);
    const auto table = [&](std::int64_t p) { return Table{values_.data() + p * places_, strip.count}; };
    for (std::int64_t p = 0; p < planes_; ++p)
        integral(table(p), low_.place.data(), low_.part.data(), before_.data() + p * strip.count);
    if (strip.factor == nullptr && strip.bin.size == 1) {
        find_ends(strip, 1.0f, high_);
        for (std::int64_t p = 0; p < planes_; ++p)
            add_gain(table(p), high_.place.data(), high_.part.data(), before_.data() + p * strip.count,
                     sum + p * width + strip.bin.index);
        return;
    }
    std::fill(light_.begin(), light_.begin() + static_cast<std::ptrdiff_t>(size), 0.0f);
    pixel_.assign(static_cast<std::size_t>(strip.count), 0);
    Place pixel = strip.pixel;
    for (std::int64_t i = 0; strip.factor && i < strip.count; ++i, pixel.next())
        pixel_[i] = static_cast<std::int32_t>(pixel.index);
    const float one = 1.0f;
    for (std::int64_t k = 0; k < strip.layers; ++k) {
        find_ends(strip, 2.0f * (static_cast<float>(k + 1) / static_cast<float>(strip.layers)) - 1.0f, high_);
        const Layer layer{high_.place.data(), high_.part.data(), strip.factor ? strip.factor + k * strip.stride : &one,
                          pixel_.data()};
        for (std::int64_t p = 0; p < planes_; ++p)
            add_layer(table(p), layer, before_.data() + p * strip.count, light_.data() + p * strip.count);
    }
    for (std::int64_t p = 0; p < planes_; ++p)
        add_to_bins(light_.data() + p * strip.count, strip.count, strip.bin, sum + p * width);
}

}  // namespace simcore
