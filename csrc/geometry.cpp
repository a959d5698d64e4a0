#include "geometry.hpp"

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace simcore {
namespace {

// One image, seen as units of type U.
template <class U>
struct View {
    U* data;
    std::size_t height, width, pixel;

    U* at(std::size_t y, std::size_t x) const { return data + (y * width + x) * pixel; }
    void swap(U* a, U* b) const {
        for (std::size_t i = 0; i < pixel; ++i) std::swap(a[i], b[i]);
    }
};

struct LeftRight {
    template <class U>
    void operator()(const View<U>& view) const {
        for (std::size_t y = 0; y < view.height; ++y) {
            if (view.pixel == 1)
                std::reverse(view.at(y, 0), view.at(y, 0) + view.width);
            else
                for (std::size_t x = 0; x < view.width / 2; ++x)
                    view.swap(view.at(y, x), view.at(y, view.width - 1 - x));
        }
    }
};

struct UpDown {
    template <class U>
    void operator()(const View<U>& view) const {
        const std::size_t row = view.width * view.pixel;
        for (std::size_t y = 0; y < view.height / 2; ++y)
            std::swap_ranges(view.at(y, 0), view.at(y, 0) + row, view.at(view.height - 1 - y, 0));
    }
};

// In tiles, so that columns are read while their cache lines are at hand.
struct Transpose {
    template <class U>
    void operator()(const View<U>& view) const {
        constexpr std::size_t tile = 16;
        const std::size_t n = view.height;
        for (std::size_t y0 = 0; y0 < n; y0 += tile)
            for (std::size_t x0 = y0; x0 < n; x0 += tile)
                for (std::size_t y = y0; y < std::min(y0 + tile, n); ++y)
                    for (std::size_t x = std::max(x0, y + 1); x < std::min(x0 + tile, n); ++x)
                        view.swap(view.at(y, x), view.at(x, y));
    }
};

template <class U, class Move>
void each_image(const ImageBytes& image, const bool* apply, Move move) {
    const std::size_t bytes = image.height * image.width * image.pixel;
    for (std::size_t i = 0; i < image.examples; ++i)
        if (apply[i])
            move(View<U>{reinterpret_cast<U*>(image.data + i * bytes), image.height, image.width,
                         image.pixel / sizeof(U)});
}

template <class Move>
void run(const ImageBytes& image, const bool* apply, Move move) {
    switch (image.unit) {
        case 1:
            return each_image<std::uint8_t>(image, apply, move);
        case 2:
            return each_image<std::uint16_t>(image, apply, move);
        case 4:
            return each_image<std::uint32_t>(image, apply, move);
        case 8:
            return each_image<std::uint64_t>(image, apply, move);
        default:
            throw std::invalid_argument("image: items of 1, 2, 4, 8 or 16 bytes only");
    }
}

// A row of a window; `row` is null where it shows the constant.
void window_row(unsigned char* out, const unsigned char* row, const ImageBytes& image, const WindowBytes& window,
                std::int64_t first, const unsigned char* value) {
    const auto width = static_cast<std::int64_t>(window.width), columns = static_cast<std::int64_t>(image.width);
    const std::int64_t start = row == nullptr ? width : std::clamp<std::int64_t>(-first, 0, width);
    const std::int64_t stop = std::clamp<std::int64_t>(columns - first, start, width);
    const auto place = [&](std::int64_t x) {
        const bool constant = window.edge == Edge::constant;
        const unsigned char* from =
            constant ? value : row + pixel_beyond(x + first, image.width, window.edge) * image.pixel;
        std::memcpy(out + static_cast<std::size_t>(x) * image.pixel, from, image.pixel);
    };
    for (std::int64_t x = 0; x < start; ++x) place(x);
    if (stop > start)
        std::memcpy(out + static_cast<std::size_t>(start) * image.pixel,
                    row + static_cast<std::size_t>(start + first) * image.pixel,
                    static_cast<std::size_t>(stop - start) * image.pixel);
    for (std::int64_t x = stop; x < width; ++x) place(x);
}

}  // namespace

void window(const ImageBytes& image, const WindowBytes& window) {
    if (image.height == 0 || image.width == 0) throw std::invalid_argument("image: must have pixels");
    const std::int64_t limit = std::int64_t{1} << 31;
    for (std::size_t i = 0; i < image.examples; ++i)
        if (std::min(window.first_y[i], window.first_x[i]) <= -limit ||
            std::max(window.first_y[i], window.first_x[i]) >= limit)
            throw std::invalid_argument("first: must be between -2^31 and 2^31");
    for (std::size_t i = 0; i < image.examples; ++i) {
        const unsigned char* one = image.data + i * image.height * image.width * image.pixel;
        for (std::size_t y = 0; y < window.height; ++y) {
            const std::int64_t from = static_cast<std::int64_t>(y) + window.first_y[i];
            const bool outside = from < 0 || from >= static_cast<std::int64_t>(image.height);
            const bool constant = outside && window.edge == Edge::constant;
            const std::size_t row =
                outside && !constant ? pixel_beyond(from, image.height, window.edge) : static_cast<std::size_t>(from);
            window_row(window.out + (i * window.height + y) * window.width * image.pixel,
                       constant ? nullptr : one + row * image.width * image.pixel, image, window, window.first_x[i],
                       window.value + i * image.pixel);
        }
    }
}

void flip_left_right(const ImageBytes& image, const bool* apply) { run(image, apply, LeftRight{}); }

void flip_up_down(const ImageBytes& image, const bool* apply) { run(image, apply, UpDown{}); }

void transpose(const ImageBytes& image, const bool* apply) {
    if (image.height != image.width) throw std::invalid_argument("image: height and width must be equal to transpose");
    run(image, apply, Transpose{});
}

}  // namespace simcore
