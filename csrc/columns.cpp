#include "columns.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "body.hpp"
#include "depth_integrals.hpp"
#include "half_heights.hpp"
#include "lanes.hpp"
#include "surface.hpp"
#include "texture.hpp"

namespace simcore {
namespace {

constexpr double kAcross = 0.25;  // a column's side, relative to the radius, at most
constexpr float kFaint = 0.05f;   // amplitude of grains, relative to the coarsest, that get no layers of their own
constexpr std::int64_t kMostLayers = 64;

// How one body is cut into columns.
struct Frame {
    std::int64_t bins, pixels;    // columns in a half cell, in a pixel, along each axis
    std::int64_t x0, x1, y0, y1;  // columns that the body may touch
    double side, origin;          // of a column, um; centre of column 0
    std::int64_t first, cells;    // cells of a row that they add to

    std::int64_t bins_across() const { return 2 * cells + 2; }  // half cells, one more on each side
};

Frame frame(const Body& body, const CellGrid& grid) {
    double steepest = 0.0;
    for (int axis = 0; axis < 2; ++axis) {
        double square = 0.0;
        for (int i = 0; i < 3; ++i) square += body.matrix[3 * i + axis] * body.matrix[3 * i + axis];
        steepest = std::max(steepest, std::sqrt(square));
    }
    Frame to;
    const double bin = 0.5 * grid.pixel_size / static_cast<double>(grid.division);
    const double wanted = steepest * bin / (kAcross * static_cast<double>(body.outline.low));
    to.bins = static_cast<std::int64_t>(std::min(std::max(std::ceil(wanted), 1.0), 1000.0));
    to.pixels = 2 * grid.division * to.bins;
    to.side = bin / static_cast<double>(to.bins);
    to.origin = (-0.5 - static_cast<double>(grid.margin)) * grid.pixel_size + 0.5 * to.side;
    const auto range = [&](int axis, std::size_t cells, std::int64_t& from, std::int64_t& end) {
        const double limit = static_cast<double>(cells) * static_cast<double>(2 * to.bins);
        const double reach = body.outline.high * body.extent[axis] + to.side;
        const auto cut = [limit](double value) {
            return static_cast<std::int64_t>(std::min(std::max(value, 0.0), limit));
        };
        from = cut(std::floor((body.centre[axis] - reach - to.origin) / to.side));
        end = cut(std::ceil((body.centre[axis] + reach - to.origin) / to.side) + 1.0);
    };
    range(0, grid.width, to.x0, to.x1);
    range(1, grid.height, to.y0, to.y1);
    const std::int64_t width = static_cast<std::int64_t>(grid.width);
    to.first = std::max(to.x0 / (2 * to.bins) - 1, std::int64_t{0});
    to.cells = std::min((to.x1 - 1) / (2 * to.bins) + 2, width) - to.first;
    return to;
}

// Fills `factor` (layer, pixel) with the texture at the middle of each layer of the pixels' columns.
SIMCORE_INLINE void grains_body(const Texture& grain, const double* turn, const double* start, double side,
                                const float* middle, const float* half, bool flat, std::int64_t count,
                                std::int64_t layers, std::int64_t stride, float* factor) {
    float from[3], along[3], up[3];
    for (int i = 0; i < 3; ++i) {
        from[i] = static_cast<float>(turn[3 * i] * start[0] + turn[3 * i + 1] * start[1]);
        along[i] = static_cast<float>(turn[3 * i] * side);
        up[i] = static_cast<float>(turn[3 * i + 2]);
    }
    for (std::int64_t first = 0; first < count; first += kGrains) {
        float thickest = 0.0f;
        for (std::int64_t i = first; i < first + kGrains; ++i) thickest = half[i] > thickest ? half[i] : thickest;
        for (std::int64_t k = 0; k < layers; ++k) {
            float* to = factor + k * stride + first;
            const float part = static_cast<float>(2 * k + 1) / static_cast<float>(layers) - 1.0f;
            if (flat || thickest > 0.0f)
                texture_lanes(grain, from, along, up, middle + first, half + first, part, first, to);
            else
                for (std::int64_t i = 0; i < kGrains; ++i) to[i] = 1.0f;
        }
    }
}

SIMCORE_DISPATCH(grains, grains_body,
                 (const Texture& grain, const double* turn, const double* start, double side, const float* middle,
                  const float* half, bool flat, std::int64_t count, std::int64_t layers, std::int64_t stride,
                  float* factor),
                 (grain, turn, start, side, middle, half, flat, count, layers, stride, factor))

// A row of half cells to cells, (1, 3, 3, 1) / 4 of their light: 3/4 of that to the row of cells that it lies in, 1/4
// to the one beside. There is one half cell before the first cell and one after the last.
SIMCORE_INLINE void halve_body(const float* bins, std::int64_t cells, float* here, float* beside) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < cells; ++i) {
        const float near = bins[2 * i + 1] + bins[2 * i + 2], far = bins[2 * i] + bins[2 * i + 3];
        const float sum = 0.75f * near + 0.25f * far;
        here[i] += 0.75f * sum;
        beside[i] += 0.25f * sum;
    }
}

SIMCORE_DISPATCH(halve, halve_body, (const float* bins, std::int64_t cells, float* here, float* beside),
                 (bins, cells, here, beside))

SIMCORE_INLINE void spread_body(const float* line, std::int64_t cells, float value, float* to) {
    for (std::int64_t i = 0; i < cells; ++i) to[i] += value * line[i];
}

SIMCORE_DISPATCH(spread, spread_body, (const float* line, std::int64_t cells, float value, float* to),
                 (line, cells, value, to))

struct Scratch {
    Profile rows[3], coarse;  // rows: by their number modulo 3
    std::vector<float> across, down;
    std::vector<float> half, heights, middle, factor, sum, lines[2];  // lines: of even and odd rows of cells
};

// The texture of a row of pixels.
struct Grains {
    std::int64_t row = -1, layers = 1, first = 0, stride = 0;
};

class Painter {
  public:
    Painter(const CellGrid& grid, const DepthShares& shares, double layers, float* out)
        : grid_(grid), shares_(shares), layers_(layers), depths_(shares), out_(out) {}

    void paint(const Body& body, const Texture& grain, double value) {
        const Frame at = frame(body, grid_);
        if (at.x0 >= at.x1 || at.y0 >= at.y1) return;
        const Surface surface(body, {at.side, at.origin, at.origin}, at.x0, at.x1, at.y0, at.y1);
        scratch_.sum.assign(static_cast<std::size_t>(shares_.planes * at.bins_across()), 0.0f);
        for (std::vector<float>& line : scratch_.lines)
            line.assign(static_cast<std::size_t>(shares_.planes * at.cells), 0.0f);
        grains_ = Grains{};
        const double light = value * at.side * at.side;
        for (std::int64_t y = at.y0; y < at.y1; ++y) {
            add_row(body, grain, surface, at, y);
            if ((y + 1) % at.bins == 0 || y + 1 == at.y1) add_bins(body, light, y / at.bins, at);
        }
        const std::int64_t last = (at.y1 - 1) / at.bins / 2;
        flush(body, light, last, at);
        flush(body, light, last + 1, at);
    }

  private:
    void add_row(const Body& body, const Texture& grain, const Surface& surface, const Frame& at, std::int64_t y) {
        Scratch& s = scratch_;
        const bool textured = grain.amplitude[0] > 0.0f;
        if (textured && grains_.row != y / at.pixels) fill_grains(body, grain, surface, at, y / at.pixels);
        const Profile& row = slopes(surface, at, y);
        const std::int64_t columns = at.x1 - at.x0;
        s.half.resize(std::max(s.half.size(), static_cast<std::size_t>(columns + kLanes)));
        half_heights(row.square.data() + 1, s.across.data(), s.down.data(), body.flat, columns, s.half.data());
        std::int64_t a = 0, b = columns;
        while (a < b && s.half[a] == 0.0f) ++a;
        while (a < b && s.half[b - 1] == 0.0f) --b;
        if (a == b) return;
        s.heights.resize(std::max(s.heights.size(), s.half.size()));
        for (std::int64_t i = a; i < b; ++i) s.heights[i] = row.middle[i + 1] + static_cast<float>(body.centre[2]);
        const std::int64_t x = at.x0 + a;
        const Strip strip{b - a,
                          textured ? grains_.layers : 1,
                          Place(x, at.bins, 2 * at.first - 1),
                          Place(x, at.pixels, grains_.first),
                          s.heights.data() + a,
                          s.half.data() + a,
                          textured ? s.factor.data() : nullptr,
                          grains_.stride};
        if (body.flat)
            collect_disc(strip);
        else
            depths_.add(strip, at.bins_across(), s.sum.data());
    }

    // Fills in the slopes of the squares of row y, whose neighbours are looked up on the way.
    const Profile& slopes(const Surface& surface, const Frame& at, std::int64_t y) {
        Scratch& s = scratch_;
        const auto of = [&s](std::int64_t row) -> Profile& { return s.rows[(row + 3) % 3]; };
        if (y == at.y0) {
            surface.profile(y - 1, of(y - 1));
            surface.profile(y, of(y));
        }
        surface.profile(y + 1, of(y + 1));
        const auto size = static_cast<std::size_t>(at.x1 - at.x0 + kLanes);
        s.across.assign(size, 0.0f);
        s.down.assign(size, 0.0f);
        square_slopes(of(y).square.data(), of(y - 1).square.data(), of(y + 1).square.data(), at.x1 - at.x0,
                      s.across.data(), s.down.data());
        return of(y);
    }

    // A disc's light is shared between the planes when the row is finished: in the sums it is the first one's.
    void collect_disc(const Strip& strip) {
        Place bin = strip.bin, pixel = strip.pixel;
        for (std::int64_t i = 0; i < strip.count; ++i, bin.next(), pixel.next())
            scratch_.sum[bin.index] += strip.half[i] * (strip.factor ? strip.factor[pixel.index] : 1.0f);
    }

    void fill_grains(const Body& body, const Texture& grain, const Surface& surface, const Frame& at,
                     std::int64_t row) {
        Scratch& s = scratch_;
        // A pixel's centre lies between two columns and two rows of them.
        const auto clamped = [](std::int64_t value, std::int64_t from, std::int64_t end) {
            return std::min(std::max(value, from), end - 1);
        };
        const std::int64_t first = at.x0 / at.pixels, count = (at.x1 - 1) / at.pixels + 1 - first;
        const auto size = static_cast<std::size_t>(count + kGrains);
        for (std::vector<float>* values : {&s.middle, &s.half}) {
            values->resize(std::max(values->size(), size));
            std::fill(values->begin(), values->begin() + static_cast<std::ptrdiff_t>(size), 0.0f);
        }
        for (const std::int64_t y : {row * at.pixels + at.pixels / 2 - 1, row * at.pixels + at.pixels / 2}) {
            if (body.flat) break;
            surface.profile(clamped(y, at.y0, at.y1), s.coarse);
            for (std::int64_t i = 0; i < count; ++i)
                for (const std::int64_t side : {-1, 0}) {
                    const std::int64_t x = (first + i) * at.pixels + at.pixels / 2 + side;
                    const std::int64_t column = clamped(x, at.x0, at.x1) - at.x0 + 1;
                    s.middle[i] += 0.25f * s.coarse.middle[column];
                    s.half[i] += 0.25f * s.coarse.square[column];
                }
        }
        for (std::int64_t i = 0; i < count; ++i) s.half[i] = std::sqrt(std::max(s.half[i], 0.0f));
        grains_ = {row, layers_of(grain, body), first, count + kGrains};
        s.factor.resize(std::max(s.factor.size(), static_cast<std::size_t>(grains_.layers * grains_.stride)));
        const double corner = -static_cast<double>(grid_.margin);
        const double start[2] = {(corner + static_cast<double>(first)) * grid_.pixel_size - body.centre[0],
                                 (corner + static_cast<double>(row)) * grid_.pixel_size - body.centre[1]};
        grains(grain, body.turn, start, grid_.pixel_size, s.middle.data(), s.half.data(), body.flat, count,
               grains_.layers, grains_.stride, s.factor.data());
    }

    // The same for all of a body: so they do not depend on how it is cut into columns.
    std::int64_t layers_of(const Texture& grain, const Body& body) const {
        if (body.flat || !(grain.amplitude[0] > 0.0f)) return 1;
        float finest = grain.step[0];
        for (int o = 0; o < kOctaves; ++o)
            if (grain.amplitude[o] > kFaint * grain.amplitude[0]) finest = grain.step[o];
        const double thickest = 2.0 * static_cast<double>(body.outline.high) * body.extent[2];
        const auto wanted =
            static_cast<std::int64_t>(std::min(thickest / (layers_ * static_cast<double>(finest)), 1e3));
        return std::min(wanted + 1, kMostLayers);
    }

    // Adds a row of half cells to the rows of cells that it belongs to, and clears it.
    void add_bins(const Body& body, double light, std::int64_t bin, const Frame& at) {
        const std::int64_t row = bin / 2;
        std::vector<float>&here = scratch_.lines[row % 2], &beside = scratch_.lines[(row + 1) % 2];
        for (std::int64_t p = 0; p < shares_.planes; ++p)
            halve(scratch_.sum.data() + p * at.bins_across(), at.cells, here.data() + p * at.cells,
                  beside.data() + p * at.cells);
        std::fill(scratch_.sum.begin(), scratch_.sum.end(), 0.0f);
        if (bin % 2 == 0) flush(body, light, row - 1, at);  // the next half row lies beside the row after
    }

    // Adds a row of cells to the planes, and clears it.
    void flush(const Body& body, double light, std::int64_t row, const Frame& at) {
        std::vector<float>& line = scratch_.lines[(row + 2) % 2];
        const auto height = static_cast<std::int64_t>(grid_.height), width = static_cast<std::int64_t>(grid_.width);
        for (std::int64_t p = 0; p < shares_.planes && row >= 0 && row < height; ++p) {
            const double share = body.flat ? light * share_at(body.centre[2], p) : light;
            spread(line.data() + (body.flat ? 0 : p * at.cells), at.cells, static_cast<float>(share),
                   out_ + (p * height + row) * width + at.first);
        }
        std::fill(line.begin(), line.end(), 0.0f);
    }

    // v_p(z) by a cubic through four depths.
    double share_at(double z, std::int64_t plane) const {
        const double at =
            std::min(std::max((z - shares_.first) / shares_.step, 0.0), static_cast<double>(shares_.depths - 1));
        const auto base = std::min(std::max(static_cast<std::int64_t>(at) - 1, std::int64_t{0}), shares_.depths - 4);
        const double u = at - static_cast<double>(base);
        const double weight[4] = {(1.0 - u) * (2.0 - u) * (3.0 - u) / 6.0, u * (2.0 - u) * (3.0 - u) / 2.0,
                                  u * (u - 1.0) * (3.0 - u) / 2.0, u * (u - 1.0) * (u - 2.0) / 6.0};
        double sum = 0.0;
        for (int i = 0; i < 4; ++i) sum += weight[i] * shares_.share[(base + i) * shares_.planes + plane];
        return sum;
    }

    CellGrid grid_;
    DepthShares shares_;
    double layers_;
    DepthIntegrals depths_;
    float* out_;
    Scratch scratch_;
    Grains grains_;
};

}  // namespace

void add_columns(const Bodies& bodies, std::size_t first, std::size_t last, const double* value, const CellGrid& grid,
                 const DepthShares& shares, double layers, float* out) {
    Painter painter(grid, shares, layers, out);
    for (std::size_t i = first; i < last; ++i) {
        const Body body = make_body(bodies, i, grid.pixel_size);
        const Texture grain = texture(pixel_stream(bodies.seed, bodies.address + 3 * i), bodies.texture[i],
                                      bodies.texture_scale[i], grid.pixel_size);
        painter.paint(body, grain, value[i]);
    }
}

void body_extents(const Bodies& bodies, std::size_t count, double* out) {
    for (std::size_t i = 0; i < count; ++i) {
        const Body body = make_body(bodies, i, 1.0);
        double xx = 0.0, xy = 0.0, yy = 0.0;
        for (int j = 0; j < 3; ++j) {
            const double square = body.radius[j] * body.radius[j], *turn = body.turn + 3 * j;
            xx += square * turn[0] * turn[0];
            xy += square * turn[0] * turn[1];
            yy += square * turn[1] * turn[1];
        }
        const double spread = std::sqrt((xx - yy) * (xx - yy) + 4.0 * xy * xy);
        for (int axis = 0; axis < 3; ++axis)
            out[5 * i + axis] = static_cast<double>(body.outline.high) * body.extent[axis];
        out[5 * i + 3] = std::sqrt(std::max(0.5 * (xx + yy - spread), 0.0));
        double square = 0.0;
        for (int j = 0; j < 3; ++j) square += body.matrix[3 * j + 2] * body.matrix[3 * j + 2];
        out[5 * i + 4] = body.flat ? 0.0 : 2.0 * static_cast<double>(body.outline.low) / std::sqrt(square);
    }
}

}  // namespace simcore
