#include "targets.hpp"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "body.hpp"
#include "erf.hpp"

namespace simcore {
namespace {

struct Range {
    std::int64_t from, to;
};

// Whole numbers in [low, high], cut to 0 .. size - 1.
Range whole(double low, double high, std::size_t size) {
    const double from = std::max(std::ceil(low), 0.0), to = std::min(std::floor(high) + 1.0, static_cast<double>(size));
    return to > from ? Range{static_cast<std::int64_t>(from), static_cast<std::int64_t>(to)} : Range{0, 0};
}

template <class T>
SIMCORE_INLINE T merged(T old, T value, Merge merge) {
    if constexpr (std::is_same_v<T, bool>) {
        return merge == Merge::overwrite ? value : (old || value);
    } else {
        if (merge == Merge::add) return old + value;
        if (merge == Merge::either) return old != T(0) ? old : value;
        if (merge == Merge::largest) return old < value ? value : old;
        return value;
    }
}

template <class T>
SIMCORE_INLINE void fill(T* out, std::int64_t count, T value, Merge merge) {
    if (merge == Merge::overwrite || (std::is_same_v<T, bool> && value))
        std::fill(out, out + count, value);
    else
        for (std::int64_t i = 0; i < count; ++i) out[i] = merged(out[i], value, merge);
}

template <class Particle>
void each_particle(const Raster& raster, const std::int64_t* first, Particle particle) {
    const std::size_t values = raster.height * raster.width * raster.planes;
    for (std::size_t image = 0; image < raster.images; ++image)
        for (std::int64_t i = first[image]; i < first[image + 1]; ++i)
            particle(static_cast<std::size_t>(i), image * values);
}

// Half the chord of the unit circle or sphere at height h, or -1.
SIMCORE_INLINE double chord(double square) { return square <= 1.0 ? std::sqrt(1.0 - square) : -1.0; }

// Weights of the pixels `range` on one axis: differences of the normal distribution function at their edges.
SIMCORE_INLINE void axis_body(double centre, double sigma, Range range, double* edge, double* weight) {
    const double scale = 0x1.6a09e667f3bcdp-1 / sigma;  // 1 / (sqrt(2) sigma)
    const auto count = static_cast<std::int32_t>(range.to - range.from);
    const double start = static_cast<double>(range.from) - 0.5 - centre;
    for (std::int32_t i = 0; i <= count; ++i) edge[i] = elementary::erf((start + static_cast<double>(i)) * scale);
    for (std::int32_t i = 0; i < count; ++i) weight[i] = 0.5 * (edge[i + 1] - edge[i]);
}

SIMCORE_INLINE void row_body(float* out, double factor, const double* weight, std::int64_t count, Merge merge) {
    if (merge == Merge::add) {
        for (std::int64_t i = 0; i < count; ++i) out[i] += static_cast<float>(factor * weight[i]);
        return;
    }
    for (std::int64_t i = 0; i < count; ++i) out[i] = merged(out[i], static_cast<float>(factor * weight[i]), merge);
}

SIMCORE_INLINE void nearest_body(float* out, const double* y, const double* x, std::int64_t particles, double row,
                                 std::int32_t width, double limit, double* square) {
    for (std::int32_t j = 0; j < width; ++j) square[j] = limit * limit;
    for (std::int64_t i = 0; i < particles; ++i) {
        const double dy = (row - y[i]) * (row - y[i]), centre = x[i];
        for (std::int32_t j = 0; j < width; ++j) {
            const double dx = static_cast<double>(j) - centre, value = dx * dx + dy;
            square[j] = value < square[j] ? value : square[j];
        }
    }
    for (std::int32_t j = 0; j < width; ++j) out[j] = static_cast<float>(std::sqrt(square[j]));
}

SIMCORE_DISPATCH(axis_weights, axis_body, (double centre, double sigma, Range range, double* edge, double* weight),
                 (centre, sigma, range, edge, weight))
SIMCORE_DISPATCH(add_row, row_body, (float* out, double factor, const double* weight, std::int64_t count, Merge merge),
                 (out, factor, weight, count, merge))
SIMCORE_DISPATCH(nearest_row, nearest_body,
                 (float* out, const double* y, const double* x, std::int64_t particles, double row, std::int32_t width,
                  double limit, double* square),
                 (out, y, x, particles, row, width, limit, square))

// Least f(j) + (i - j)^2 over j for each i: the lower envelope of parabolas. f of `infinite` means no parabola.
class Envelope {
  public:
    explicit Envelope(std::size_t size) : vertex_(size), start_(size + 1) {}

    template <class Read, class Write>
    void operator()(std::int64_t size, double infinite, Read f, Write write) {
        std::int64_t last = -1;
        for (std::int64_t j = 0; j < size; ++j) {
            if (f(j) >= infinite) continue;
            double from = -1.0;
            while (last >= 0 && (from = meet(f, vertex_[last], j)) <= start_[last]) --last;
            ++last;
            vertex_[last] = j;
            start_[last] = last == 0 ? -1e300 : from;
        }
        std::int64_t k = 0;
        for (std::int64_t i = 0; i < size; ++i) {
            while (k < last && start_[k + 1] < static_cast<double>(i)) ++k;
            write(i, last < 0 ? infinite : f(vertex_[k]) + static_cast<double>((i - vertex_[k]) * (i - vertex_[k])));
        }
    }

  private:
    template <class Read>
    static double meet(Read f, std::int64_t a, std::int64_t b) {
        const auto square = [&f](std::int64_t j) { return f(j) + static_cast<double>(j * j); };
        return (square(b) - square(a)) / static_cast<double>(2 * (b - a));
    }

    std::vector<std::int64_t> vertex_;
    std::vector<double> start_;
};

}  // namespace

template <class T>
void discs(T* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
           const double* radius, const T* value, Merge merge) {
    each_particle(raster, first, [&](std::size_t i, std::size_t image) {
        const Range rows = whole(y[i] - radius[i], y[i] + radius[i], raster.height);
        for (std::int64_t row = rows.from; row < rows.to; ++row) {
            const double dy = static_cast<double>(row) - y[i];
            const double half = std::sqrt(std::max(radius[i] * radius[i] - dy * dy, 0.0));
            const Range columns = whole(x[i] - half, x[i] + half, raster.width);
            fill(out + image + static_cast<std::size_t>(row) * raster.width + columns.from, columns.to - columns.from,
                 value[i], merge);
        }
    });
}

template <class T>
void ellipsoids(T* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
                const double* z, const double* radius, const T* value, Merge merge) {
    each_particle(raster, first, [&](std::size_t i, std::size_t image) {
        const double *r = radius + 3 * i, planes_centre = z[i];
        const Range rows = whole(y[i] - r[0], y[i] + r[0], raster.height);
        for (std::int64_t row = rows.from; row < rows.to; ++row) {
            const double dy = (static_cast<double>(row) - y[i]) / r[0], reach = r[1] * chord(dy * dy);
            const Range columns = whole(x[i] - reach, x[i] + reach, raster.width);
            for (std::int64_t column = columns.from; column < columns.to; ++column) {
                const double dx = (static_cast<double>(column) - x[i]) / r[1];
                const double half = r[2] * chord(std::min(dy * dy + dx * dx, 1.0));
                const Range planes = whole(planes_centre - half, planes_centre + half, raster.planes);
                const std::size_t pixel =
                    static_cast<std::size_t>(row) * raster.width + static_cast<std::size_t>(column);
                fill(out + image + pixel * raster.planes + planes.from, planes.to - planes.from, value[i], merge);
            }
        }
    });
}

void gaussians(float* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
               const double* sigma, const double* weight, Merge merge) {
    std::vector<double> edge(std::max(raster.height, raster.width) + 1), down(raster.height), across(raster.width);
    each_particle(raster, first, [&](std::size_t i, std::size_t image) {
        const double reach = 6.5 * sigma[i] + 0.5;
        const Range rows = whole(y[i] - reach, y[i] + reach, raster.height);
        const Range columns = whole(x[i] - reach, x[i] + reach, raster.width);
        if (rows.from == rows.to || columns.from == columns.to) return;
        axis_weights(y[i], sigma[i], rows, edge.data(), down.data());
        axis_weights(x[i], sigma[i], columns, edge.data(), across.data());
        for (std::int64_t row = rows.from; row < rows.to; ++row)
            add_row(out + image + static_cast<std::size_t>(row) * raster.width + columns.from,
                    weight[i] * down[static_cast<std::size_t>(row - rows.from)], across.data(),
                    columns.to - columns.from, merge);
    });
}

template <class T>
void silhouettes(T* out, const Raster& raster, const Bodies& bodies, const double* pixel_size, const T* value,
                 Merge merge) {
    std::vector<unsigned char> inside(raster.width);
    const std::size_t pixels = raster.height * raster.width;
    each_particle(raster, bodies.first, [&](std::size_t i, std::size_t start) {
        const double pitch = pixel_size[start / pixels];
        const Body body = make_body(bodies, i, pitch);
        const Window reach = window(body, pitch, raster.height, raster.width);
        const std::int64_t count = reach.x1 - reach.x0;
        for (std::int64_t row = reach.y0; row < reach.y1 && count > 0; ++row) {
            silhouette_row(body, pitch, row, reach.x0, count, inside.data());
            T* target = out + start + static_cast<std::size_t>(row) * raster.width + reach.x0;
            for (std::int64_t j = 0; j < count; ++j)
                if (inside[static_cast<std::size_t>(j)]) target[j] = merged(target[j], value[i], merge);
        }
    });
}

void silhouette_boxes(double* out, const Raster& raster, const Bodies& bodies, const double* pixel_size) {
    std::vector<unsigned char> inside(raster.width);
    const std::size_t pixels = raster.height * raster.width;
    each_particle(raster, bodies.first, [&](std::size_t i, std::size_t start) {
        const double pitch = pixel_size[start / pixels];
        const Body body = make_body(bodies, i, pitch);
        const Window reach = window(body, pitch, raster.height, raster.width);
        Window box{reach.y1, -1, reach.x1, -1};
        for (std::int64_t row = reach.y0; row < reach.y1; ++row) {
            silhouette_row(body, pitch, row, reach.x0, reach.x1 - reach.x0, inside.data());
            for (std::int64_t column = reach.x0; column < reach.x1; ++column) {
                if (!inside[static_cast<std::size_t>(column - reach.x0)]) continue;
                box = {std::min(box.y0, row), row + 1, std::min(box.x0, column), std::max(box.x1, column + 1)};
            }
        }
        const bool seen = box.y1 > 0;
        const std::int64_t corners[4] = {box.y0, box.x0, box.y1, box.x1};
        for (int k = 0; k < 4; ++k)
            out[4 * i + static_cast<std::size_t>(k)] = seen ? static_cast<double>(corners[k]) : std::nan("");
    });
}

void point_distances(float* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
                     double limit) {
    std::vector<double> square(raster.width);
    for (std::size_t image = 0; image < raster.images; ++image)
        for (std::size_t row = 0; row < raster.height; ++row)
            nearest_row(out + (image * raster.height + row) * raster.width, y + first[image], x + first[image],
                        first[image + 1] - first[image], static_cast<double>(row),
                        static_cast<std::int32_t>(raster.width), limit, square.data());
}

void mask_distances(float* out, const Raster& raster, const bool* mask, double limit) {
    const auto height = static_cast<std::int64_t>(raster.height), width = static_cast<std::int64_t>(raster.width);
    const double infinite = 1e18;
    Envelope envelope(std::max(raster.height, raster.width));
    std::vector<double> square(raster.height * raster.width);
    for (std::size_t image = 0; image < raster.images; ++image) {
        const bool* inside = mask + image * square.size();
        float* target = out + image * square.size();
        for (std::int64_t x = 0; x < width; ++x)
            envelope(
                height, infinite, [&](std::int64_t y) { return inside[y * width + x] ? infinite : 0.0; },
                [&](std::int64_t y, double value) { square[static_cast<std::size_t>(y * width + x)] = value; });
        for (std::int64_t y = 0; y < height; ++y) {
            const double* row = square.data() + y * width;
            envelope(
                width, infinite, [&](std::int64_t x) { return row[x]; },
                [&](std::int64_t x, double value) {
                    target[y * width + x] = static_cast<float>(std::min(std::sqrt(value), limit));
                });
        }
    }
}

template void discs(bool*, const Raster&, const std::int64_t*, const double*, const double*, const double*, const bool*,
                    Merge);
template void discs(std::int32_t*, const Raster&, const std::int64_t*, const double*, const double*, const double*,
                    const std::int32_t*, Merge);
template void discs(float*, const Raster&, const std::int64_t*, const double*, const double*, const double*,
                    const float*, Merge);
template void ellipsoids(bool*, const Raster&, const std::int64_t*, const double*, const double*, const double*,
                         const double*, const bool*, Merge);
template void ellipsoids(std::int32_t*, const Raster&, const std::int64_t*, const double*, const double*, const double*,
                         const double*, const std::int32_t*, Merge);
template void ellipsoids(float*, const Raster&, const std::int64_t*, const double*, const double*, const double*,
                         const double*, const float*, Merge);
template void silhouettes(bool*, const Raster&, const Bodies&, const double*, const bool*, Merge);
template void silhouettes(std::int32_t*, const Raster&, const Bodies&, const double*, const std::int32_t*, Merge);
template void silhouettes(float*, const Raster&, const Bodies&, const double*, const float*, Merge);

}  // namespace simcore
