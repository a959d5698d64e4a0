#include "matrix_transform.hpp"

#include <algorithm>

#include "lanes.hpp"
#include "turns.hpp"

namespace simcore {
namespace {

constexpr std::int64_t kColumns = 16;  // a row is padded to a multiple of this
constexpr std::int64_t kRows = 8;      // rows of a product come in groups of this
constexpr std::size_t kKnown = 32;     // axes whose waves are kept: grids of a block of images resemble each other

std::int64_t padded(std::int64_t count, std::int64_t unit) { return (count + unit - 1) / unit * unit; }

// c = a b, rows and columns whole groups; a(r, k) at r row_step + k inner_step.
struct Product {
    std::int64_t rows, inner, columns;
    const float* a;
    std::int64_t row_step, inner_step;
    const float* b;
    std::int64_t b_step;
    float* c;
    std::int64_t c_step;
};

#if defined(__GNUC__) && !defined(__clang__)
#define SIMCORE_UNROLL _Pragma("GCC unroll 8")
#else
#define SIMCORE_UNROLL
#endif

template <int bytes, int high, int wide>
SIMCORE_INLINE void tile(const Product& p, std::int64_t row, std::int64_t column) {
    constexpr int lanes = bytes / static_cast<int>(sizeof(float));
    using Values = Pack<float, lanes, bytes>;
    Values sum[high][wide];
    const float *a = p.a + row * p.row_step, *b = p.b + column;
    for (std::int64_t k = 0; k < p.inner; ++k, a += p.inner_step, b += p.b_step) {
        Values right[wide];
        SIMCORE_UNROLL
        for (int j = 0; j < wide; ++j) right[j] = Values(b + j * lanes);
        SIMCORE_UNROLL
        for (int i = 0; i < high; ++i) {
            SIMCORE_UNROLL
            for (int j = 0; j < wide; ++j) sum[i][j] += scaled(a[i * p.row_step], right[j]);
        }
    }
    SIMCORE_UNROLL
    for (int i = 0; i < high; ++i) {
        SIMCORE_UNROLL
        for (int j = 0; j < wide; ++j) sum[i][j].store(p.c + (row + i) * p.c_step + column + j * lanes);
    }
}

// As many rows at once as the registers hold.
template <int bytes>
SIMCORE_INLINE void product_body(const Product& p) {
    constexpr int lanes = bytes / static_cast<int>(sizeof(float)), high = bytes >= 64 ? 8 : 4;
    std::int64_t column = 0;
    for (; column + 2 * lanes <= p.columns; column += 2 * lanes)
        for (std::int64_t row = 0; row < p.rows; row += high) tile<bytes, high, 2>(p, row, column);
    for (; column < p.columns; column += lanes)
        for (std::int64_t row = 0; row < p.rows; row += high) tile<bytes, high, 1>(p, row, column);
}

SIMCORE_DISPATCH_LANES(multiply, product_body, (const Product& p), (p))

// One pair of lines a (beyond the middle) and b (before it) folded along both axes. From the middle of a line on, `up`
// runs to its end, `down` to its start.
struct Fold {
    std::int64_t count, step;
    const float *a_up, *a_down, *b_up, *b_down;
    float *even, *odd;  // even along y; the rows that are odd along y lie 2 step further
};

SIMCORE_INLINE void fold_body(const Fold& f) {
    const std::int64_t further = 2 * f.step;
    SIMCORE_INDEPENDENT
    for (std::int64_t k = 0; k < f.count; ++k) {
        const float sum_up = f.a_up[k] + f.b_up[k], sum_down = f.a_down[-k] + f.b_down[-k];
        const float rest_up = f.a_up[k] - f.b_up[k], rest_down = f.a_down[-k] - f.b_down[-k];
        f.even[k] = sum_up + sum_down;
        f.odd[k] = sum_up - sum_down;
        f.even[further + k] = rest_up + rest_down;
        f.odd[further + k] = rest_up - rest_down;
    }
}

SIMCORE_DISPATCH(fold_lines, fold_body, (const Fold& f), (f))

// cosine + i sine and cosine - i sine of one row of half the places.
struct Join {
    std::int64_t count;
    const float *cosine_re, *cosine_im, *sine_re, *sine_im;
    float *plus_re, *minus_re, *plus_im, *minus_im;
};

SIMCORE_INLINE void join_body(const Join& j) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < j.count; ++i) {
        const float a = j.cosine_re[i], b = j.cosine_im[i], c = j.sine_re[i], d = j.sine_im[i];
        j.plus_re[i] = a - d;
        j.minus_re[i] = a + d;
        j.plus_im[i] = b + c;
        j.minus_im[i] = b - c;
    }
}

SIMCORE_DISPATCH(join_halves, join_body, (const Join& j), (j))

// One row of places from its halves, the sum over sines taken with this sign; segments as Join leaves them.
struct Halves {
    std::int64_t count;
    const float *cosine, *sine;
    float sign;
    float *re_up, *re_down, *im_up, *im_down;
};

SIMCORE_INLINE void row_body(const Halves& h) {
    const std::int64_t n = h.count;
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) {
        h.re_up[i] = h.cosine[i] - h.sign * h.sine[2 * n + i];
        h.im_up[i] = h.cosine[2 * n + i] + h.sign * h.sine[i];
    }
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < n; ++i) {
        h.re_down[-i] = h.cosine[n + i] - h.sign * h.sine[3 * n + i];
        h.im_down[-i] = h.cosine[3 * n + i] + h.sign * h.sine[n + i];
    }
}

SIMCORE_DISPATCH(read_row, row_body, (const Halves& h), (h))

SIMCORE_INLINE void waves_body(std::int64_t count, double rate, double start, float* cosine, float* sine) {
    SIMCORE_INDEPENDENT
    for (std::int64_t i = 0; i < count; ++i) {
        const turns::Phase<float> turn =
            turns::phase_of<float>(rate * (start + static_cast<double>(static_cast<std::int32_t>(i))));
        cosine[i] = turn.cos;
        sine[i] = turn.sin;
    }
}

SIMCORE_DISPATCH(fill_waves, waves_body, (std::int64_t count, double rate, double start, float* cosine, float* sine),
                 (count, rate, start, cosine, sine))

double from_middle(std::int64_t count) { return count % 2 == 0 ? 0.5 : 0.0; }

std::int64_t half_of(std::int64_t count) { return count - count / 2; }

void room_for(std::vector<float>& values, std::int64_t count) {
    if (static_cast<std::int64_t>(values.size()) < count) values.resize(static_cast<std::size_t>(count));
}

}  // namespace

MatrixTransform::Waves::Waves(const Axis& asked)
    : axis(asked),
      directions(half_of(axis.directions)),
      places(half_of(axis.places)),
      room(padded(places, kColumns)),
      cosine(static_cast<std::size_t>(directions * room)),
      sine(static_cast<std::size_t>(directions * room)) {
    for (std::int64_t k = 0; k < directions; ++k) {
        const double rate = (static_cast<double>(k) + from_middle(axis.directions)) / static_cast<double>(axis.period);
        fill_waves(places, rate, from_middle(axis.places), cosine.data() + k * room, sine.data() + k * room);
    }
    // The line in the middle is folded onto itself, and counts once.
    if (axis.directions % 2 != 0) std::fill_n(cosine.data(), places, 0.5f);
}

std::shared_ptr<const MatrixTransform::Waves> MatrixTransform::waves_of(const Axis& axis) {
    for (const auto& known : known_)
        if (known->axis == axis) return known;
    if (known_.size() == kKnown) known_.erase(known_.begin());
    known_.push_back(std::make_shared<const Waves>(axis));
    return known_.back();
}

void MatrixTransform::start(const Axis& x, const Axis& y) {
    x_ = waves_of(x);
    y_ = waves_of(y);
    room_ = padded(x.directions, kColumns);
    segment_room_ = padded(4 * x_->places, kColumns);
    const std::int64_t pairs = padded(y_->directions, 2),
                       rows = std::max(4 * pairs * x_->room, y_->room * segment_room_);
    re_.resize(static_cast<std::size_t>(y.directions * room_));
    im_.resize(static_cast<std::size_t>(y.directions * room_));
    used_.resize(static_cast<std::size_t>(y.directions));
    even_.resize(static_cast<std::size_t>(4 * pairs * x_->directions));
    odd_.resize(static_cast<std::size_t>(4 * pairs * x_->directions));
    room_for(cosine_, rows);
    room_for(sine_, rows);
    above_.resize(static_cast<std::size_t>(y_->directions * segment_room_));
    below_.resize(static_cast<std::size_t>(y_->directions * segment_room_));
}

void MatrixTransform::put(std::int64_t line, std::int64_t low, std::int64_t count, const float* re, const float* im) {
    const std::int64_t middle = x_->axis.directions / 2, high = low + count;
    used_[line] = count > 0 ? std::max(high - middle, x_->axis.directions - middle - low) : 0;
    const auto whole_line = [=](const float* from, float* to) {
        std::fill_n(to, low, 0.0f);
        std::copy_n(from, count, to + low);
        std::fill_n(to + high, room_ - high, 0.0f);
    };
    whole_line(re, re_.data() + line * room_);
    whole_line(im, im_.data() + line * room_);
}

void MatrixTransform::fold(std::int64_t pair) {
    const std::int64_t lines = y_->axis.directions, middle = x_->axis.directions / 2, mirror = x_->axis.directions - 1;
    const std::int64_t a = (lines / 2 + pair) * room_, b = (lines - 1 - lines / 2 - pair) * room_,
                       step = x_->directions;
    const auto part = [&](const std::vector<float>& v, std::int64_t to) {
        fold_lines({step, step, v.data() + a + middle, v.data() + a + mirror - middle, v.data() + b + middle,
                    v.data() + b + mirror - middle, even_.data() + to, odd_.data() + to});
    };
    part(re_, 4 * pair * step);
    part(im_, (4 * pair + 1) * step);
}

// From the sums over cosines and sines to the light at the places on both sides, real parts first.
void MatrixTransform::join(std::int64_t pair) {
    const std::int64_t places = x_->places, row = x_->room;
    for (int odd = 0; odd < 2; ++odd) {
        const float* cosine = cosine_.data() + (4 * pair + 2 * odd) * row;
        const float* sine = sine_.data() + (4 * pair + 2 * odd) * row;
        float* to = (odd ? below_ : above_).data() + pair * segment_room_;
        join_halves(
            {places, cosine, cosine + row, sine, sine + row, to, to + places, to + 2 * places, to + 3 * places});
    }
}

void MatrixTransform::run() {
    const std::int64_t pairs = y_->directions, lines = y_->axis.directions;
    for (std::int64_t k = 0; k < pairs; ++k) fold(k);
    for (std::int64_t k = 0; k < pairs; k += 2) {
        std::int64_t inner = 0;
        for (std::int64_t i = k; i < std::min(k + 2, pairs); ++i)
            inner = std::max({inner, used_[lines / 2 + i], used_[lines - 1 - lines / 2 - i]});
        const auto along = [&](const std::vector<float>& a, const std::vector<float>& waves, std::vector<float>& to) {
            multiply({kRows, inner, x_->room, a.data() + 4 * k * x_->directions, x_->directions, 1, waves.data(),
                      x_->room, to.data() + 4 * k * x_->room, x_->room});
        };
        along(even_, x_->cosine, cosine_);
        along(odd_, x_->sine, sine_);
    }
    for (std::int64_t k = 0; k < pairs; ++k) join(k);
    const auto down = [&](const std::vector<float>& waves, const std::vector<float>& b, std::vector<float>& to) {
        multiply({padded(y_->places, kRows), pairs, segment_room_, waves.data(), 1, y_->room, b.data(), segment_room_,
                  to.data(), segment_room_});
    };
    down(y_->cosine, above_, cosine_);
    down(y_->sine, below_, sine_);
}

void MatrixTransform::row(std::int64_t y, float* re, float* im) const {
    const std::int64_t half = y_->axis.places / 2, up = x_->axis.places / 2, down = x_->axis.places - 1 - up;
    const bool beyond = y >= half;
    const std::int64_t at = (beyond ? y - half : y_->axis.places - 1 - half - y) * segment_room_;
    read_row({x_->places, cosine_.data() + at, sine_.data() + at, beyond ? 1.0f : -1.0f, re + up, re + down, im + up,
              im + down});
}

double MatrixTransform::work(const Axis& x, const Axis& y) {
    return static_cast<double>(y.directions * x.places) * static_cast<double>(x.directions + y.places);
}

}  // namespace simcore
