#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

#include "elementary.hpp"
#include "lanes.hpp"
#include "rng.hpp"
#include "warp.hpp"

namespace simcore {
namespace {

constexpr std::size_t down_lanes = 64, across_lanes = 16;  // pixels side by side in the two passes
constexpr std::size_t rows_together = 4;                   // in the second pass
constexpr std::size_t pixels_drawn = 1024;                 // at a time

std::size_t rounded_up(std::size_t count, std::size_t step) { return (count + step - 1) / step * step; }

// The buffers of one image. Noise and filtered noise stand in rows [y component | x component].
struct Field {
    std::size_t height, width, stride;  // stride: of a row of noise, in whole packs
    std::size_t reach;                  // pixels on either side that the filter can meet
    std::vector<float> noise, filtered, weight;
    std::vector<float> around;          // the weights at -reach .. reach, zeros on either side
    std::vector<double> first, second;  // uniform numbers

    Field(std::size_t height_, std::size_t width_)
        : height(height_),
          width(width_),
          stride(rounded_up(2 * width_, down_lanes)),
          reach(0),
          noise(height_ * stride),
          filtered(rows_together * stride) {}
};

// Weights of the filter, 0 .. reach; the others of its 4 sigma meet no noise, but count for the sum.
void weigh(Field& field, double sigma) {
    const auto radius = static_cast<std::size_t>(4.0 * sigma + 0.5);
    std::vector<double> weight(radius + 1);
    double sum = 0.0;
    for (std::size_t i = radius + 1; i-- > 0;) {
        const double step = static_cast<double>(i) / sigma;
        weight[i] = elementary::exp(-0.5 * step * step);
        sum += i == 0 ? weight[i] : 2.0 * weight[i];
    }
    field.reach = std::min(radius, std::max(field.height, field.width));
    field.weight.resize(field.reach + 1);
    for (std::size_t i = 0; i <= field.reach; ++i) field.weight[i] = static_cast<float>(weight[i] / sum);
    field.around.assign(2 * (field.reach + across_lanes), 0.0F);
    for (std::size_t i = 0; i <= field.reach; ++i) {
        const std::size_t middle = field.reach + across_lanes - 1;
        field.around[middle - i] = field.around[middle + i] = field.weight[i];
    }
}

SIMCORE_INLINE void noise_body(const double* uniform, std::size_t count, float* out) {
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<float>(2.0 * uniform[i] - 1.0);
}
SIMCORE_DISPATCH(noise_of, noise_body, (const double* uniform, std::size_t count, float* out), (uniform, count, out))

// The noise of all rows; uniform numbers are drawn for many pixels at a time, narrow rows or not.
void fill_noise(Field& field, const PixelStream& stream) {
    const std::size_t rows = std::max<std::size_t>(pixels_drawn / field.width, 1);
    field.first.resize(rows * field.width);
    field.second.resize(rows * field.width);
    for (std::size_t top = 0; top < field.height; top += rows) {
        const std::size_t count = std::min(rows, field.height - top) * field.width;
        rng::uniform_pairs(stream, static_cast<std::uint32_t>(top * field.width), 0, count, field.first.data(),
                           field.second.data());
        for (std::size_t done = 0; done < count; done += field.width) {
            float* noise = field.noise.data() + (top + done / field.width) * field.stride;
            noise_of(field.first.data() + done, field.width, noise);
            noise_of(field.second.data() + done, field.width, noise + field.width);
        }
    }
}

// Row y of the noise filtered along y, both components.
template <int bytes>
SIMCORE_INLINE void down_body(const Field& field, std::size_t y, float* out) {
    using Lane = Pack<float, static_cast<int>(down_lanes), bytes>;
    const std::size_t first = y > field.reach ? y - field.reach : 0, last = std::min(field.height - 1, y + field.reach);
    for (std::size_t x = 0; x < field.stride; x += down_lanes) {
        Lane sum(0.0F);
        for (std::size_t row = first; row <= last; ++row) {
            const float weight = field.weight[row > y ? row - y : y - row];
            sum += scaled(weight, Lane(field.noise.data() + row * field.stride + x));
        }
        sum.store(out + x);
    }
}
SIMCORE_DISPATCH_LANES(filter_down, down_body, (const Field& field, std::size_t y, float* out), (field, y, out))

// Both components of the rows that are filtered along y, along x: each value of a row times the weights around it.
template <int bytes, std::size_t rows>
SIMCORE_INLINE void across_rows(const Field& field, std::size_t first_row, float alpha, float* out) {
    using Lane = Pack<float, static_cast<int>(across_lanes), bytes>;
    const std::size_t width = field.width, pixels = field.height * width;
    for (std::size_t x = 0; x < width; x += across_lanes) {
        const std::size_t first = x > field.reach ? x - field.reach : 0;
        const std::size_t last = std::min(width - 1, x + across_lanes - 1 + field.reach);
        Lane sums[2 * rows];
        for (std::size_t from = first; from <= last; ++from) {
            const Lane weight(field.around.data() + (field.reach + across_lanes - 1 + x - from));
            for (std::size_t row = 0; row < rows; ++row)
                for (std::size_t which = 0; which < 2; ++which) {
                    const float value = field.filtered[(first_row + row) * field.stride + which * width + from];
                    sums[2 * row + which] += scaled(value, weight);
                }
        }
        float part[across_lanes];
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t which = 0; which < 2; ++which) {
                (sums[2 * row + which] * Lane(alpha)).store(part);
                std::copy_n(part, std::min(across_lanes, width - x),
                            out + which * pixels + (first_row + row) * width + x);
            }
    }
}

template <int bytes>
SIMCORE_INLINE void across_body(const Field& field, std::size_t rows, float alpha, float* out) {
    constexpr std::size_t together = bytes == 16 ? 1 : rows_together;
    const std::size_t grouped = rows - rows % together;
    for (std::size_t row = 0; row < grouped; row += together) across_rows<bytes, together>(field, row, alpha, out);
    for (std::size_t row = grouped; row < rows; ++row) across_rows<bytes, 1>(field, row, alpha, out);
}
SIMCORE_DISPATCH_LANES(filter_across, across_body, (const Field& field, std::size_t rows, float alpha, float* out),
                       (field, rows, alpha, out))

void displace(Field& field, const PixelStream& stream, double alpha, double sigma, float* out) {
    weigh(field, sigma);
    fill_noise(field, stream);
    for (std::size_t y = 0; y < field.height; y += rows_together) {
        const std::size_t rows = std::min(rows_together, field.height - y);
        for (std::size_t row = 0; row < rows; ++row)
            filter_down(field, y + row, field.filtered.data() + row * field.stride);
        filter_across(field, rows, static_cast<float>(alpha), out + y * field.width);
    }
}

// One component of a displacement between its pixels: Lagrange's polynomial through the nearest six on each axis;
// beyond the edge, the edge's own value.
class Component {
  public:
    Component(const float* values, std::size_t height, std::size_t width)
        : values_(values), height_(static_cast<std::int64_t>(height)), width_(static_cast<std::int64_t>(width)) {}

    double at(double y, double x) const {
        const Nodes down(y, height_), across(x, width_);
        double sum = 0.0;
        for (std::int64_t i = 0; i < down.count; ++i) {
            const float* row = values_ + (down.first + i) * width_ + across.first;
            double part = 0.0;
            for (std::int64_t j = 0; j < across.count; ++j) part += across.weight[j] * static_cast<double>(row[j]);
            sum += down.weight[i] * part;
        }
        return sum;
    }

  private:
    struct Nodes {
        std::int64_t count, first;
        double weight[6];

        Nodes(double s, std::int64_t size) : count(std::min<std::int64_t>(size, 6)), first(0) {
            const auto most = static_cast<double>(size - 1);
            s = s > 0.0 ? s : 0.0;
            s = s < most ? s : most;
            first = std::min(std::max<std::int64_t>(static_cast<std::int64_t>(s) - 2, 0), size - count);
            const double t = s - static_cast<double>(first);
            for (std::int64_t i = 0; i < count; ++i) {
                weight[i] = 1.0;
                for (std::int64_t j = 0; j < count; ++j)
                    if (j != i) weight[i] *= (t - static_cast<double>(j)) / static_cast<double>(i - j);
            }
        }
    };

    const float* values_;
    std::int64_t height_, width_;
};

// Fixed-point iteration; shorter steps if it does not settle, which they do wherever the map does not fold.
void move_point(double* point, const Component& dy, const Component& dx) {
    const double to_y = point[0], to_x = point[1];
    double y = to_y, x = to_x, least = std::numeric_limits<double>::infinity();
    for (int round = 0; round < 300 && least > 1e-7; ++round) {
        const double miss_y = y + dy.at(y, x) - to_y, miss_x = x + dx.at(y, x) - to_x;
        const double miss = std::max(std::fabs(miss_y), std::fabs(miss_x));
        if (miss < least) {
            least = miss;
            point[0] = y;
            point[1] = x;
        }
        const double step = round < 60 ? 1.0 : round < 140 ? 0.5 : 0.2;
        y -= step * miss_y;
        x -= step * miss_x;
    }
}

}  // namespace

void elastic_displacement(float* out, const bool* apply, const double* alpha, const double* sigma,
                          const std::uint64_t seed[2], const std::uint64_t* address, std::size_t examples,
                          std::size_t height, std::size_t width) {
    constexpr std::size_t most = std::size_t{1} << 30;
    if (height > most || width > most || height * width > most)
        throw std::invalid_argument("displacement: more than 2^30 pixels");
    for (std::size_t i = 0; i < examples; ++i) {
        if (!std::isfinite(alpha[i])) throw std::invalid_argument("alpha: must be finite");
        if (!(sigma[i] > 0.0 && sigma[i] <= 1000.0)) throw std::invalid_argument("sigma: must be > 0 and <= 1000");
    }
    if (height * width == 0) return;
    Field field(height, width);
    for (std::size_t i = 0; i < examples; ++i) {
        float* one = out + 2 * i * height * width;
        if (apply[i])
            displace(field, pixel_stream(seed, address + 3 * i), alpha[i], sigma[i], one);
        else
            std::fill_n(one, 2 * height * width, 0.0F);
    }
}

void move_displaced(double* points, const float* displacement, const bool* apply, std::size_t examples,
                    std::size_t points_each, std::size_t height, std::size_t width) {
    if (height * width == 0) return;
    for (std::size_t i = 0; i < examples; ++i) {
        if (!apply[i]) continue;
        const float* field = displacement + 2 * i * height * width;
        const Component dy(field, height, width), dx(field + height * width, height, width);
        for (std::size_t p = 0; p < points_each; ++p) {
            double* point = points + 2 * (i * points_each + p);
            if (std::isfinite(point[0]) && std::isfinite(point[1])) move_point(point, dy, dx);
        }
    }
}

}  // namespace simcore
