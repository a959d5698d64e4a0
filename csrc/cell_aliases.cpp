#include "cell_aliases.hpp"

#include <cmath>

#include "dispatch.hpp"
#include "elementary.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr std::int64_t kMostKept = std::int64_t{1} << 20;
constexpr float kLeast = 2e-5f;  // a tenth of the finest tolerance of volumes

double sinc(double frequency) {
    const double x = kPi * frequency;
    return std::abs(x) < 1e-8 ? 1.0 : elementary::sin(x) / x;
}

// G, what the cells hold of a frequency: means over half cells, (1, 3, 3, 1) / 8 of them.
double held(double frequency) {
    const double wave = elementary::cos(0.5 * kPi * frequency);
    return sinc(0.5 * frequency) * wave * wave * wave;
}

// Square of what an alias has of the light of a body with a rim.
SIMCORE_INLINE double rim(double fx, double fy) {
    const double square = fx * fx + fy * fy + 1e-12;
    return 1.0 / (square * square);
}

struct Line {
    std::int64_t columns;
    double fx, fy, step;  // cycles per cell: of the first column, of the row, between columns
    double down;          // factor of the row
    const double* across;
};

SIMCORE_INLINE void add_total_body(const Line& l, double* total) {
    for (std::int64_t i = 0; i < l.columns; ++i)
        total[i] += rim(l.fx + static_cast<double>(i) * l.step, l.fy) * (l.down * l.across[i]);
}

SIMCORE_DISPATCH(add_total, add_total_body, (const Line& l, double* total), (l, total))

SIMCORE_INLINE void share_body(const Line& l, const double* total, float* to) {
    for (std::int64_t i = 0; i < l.columns; ++i) {
        const double part = rim(l.fx + static_cast<double>(i) * l.step, l.fy) * (l.down * l.across[i]);
        to[i] = static_cast<float>(part / total[i]);
    }
}

SIMCORE_DISPATCH(share, share_body, (const Line& l, const double* total, float* to), (l, total, to))

}  // namespace

CellAliases::CellAliases(std::int64_t height, std::int64_t width, std::int64_t count)
    : height_(height), width_(width), count_(count) {
    for (std::int64_t m = -count; m <= count; ++m)
        for (std::int64_t i = 0; i < columns(); ++i) {
            const double f = static_cast<double>(m) + static_cast<double>(i) / static_cast<double>(width);
            seen_.push_back(sinc(f) * held(f));
            held_.push_back(held(f) * held(f));
        }
    const std::int64_t rows = height / 2 + 1;
    if (rows * (2 * count + 1) * (2 * count + 1) * columns() > kMostKept) return;
    kept_.resize(static_cast<std::size_t>(rows));
    for (std::int64_t row = 0; row < rows; ++row) weigh(row, kept_[row]);
}

const CellAliases::Row& CellAliases::row(std::int64_t row, Row& scratch) const {
    if (!kept_.empty()) return kept_[row];
    weigh(row, scratch);
    return scratch;
}

void CellAliases::weigh(std::int64_t row, Row& to) const {
    to.values.resize(static_cast<std::size_t>((2 * count_ + 1) * (2 * count_ + 1) * columns()));
    to.weights.clear();
    const double y = static_cast<double>(row) / static_cast<double>(height_), step = 1.0 / static_cast<double>(width_);
    std::vector<double> total(static_cast<std::size_t>(columns()), 0.0);
    const auto of_all = [&](const std::vector<double>& across, const auto& down, const auto& use) {
        for (std::int64_t n = -count_; n <= count_; ++n)
            for (std::int64_t m = -count_; m <= count_; ++m) {
                const double fy = static_cast<double>(n) + y;
                use(Line{columns(), static_cast<double>(m), fy, step, down(fy),
                         across.data() + (m + count_) * columns()});
            }
    };
    of_all(held_, [](double f) { return held(f) * held(f); }, [&](const Line& line) { add_total(line, total.data()); });
    of_all(
        seen_, [](double f) { return sinc(f) * held(f); },
        [&](const Line& line) {
            float* values = to.values.data() + static_cast<std::int64_t>(to.weights.size()) * columns();
            share(line, total.data(), values);
            std::int64_t first = 0, last = columns();
            while (first < last && std::abs(values[first]) < kLeast) ++first;
            while (first < last && std::abs(values[last - 1]) < kLeast) --last;
            to.weights.push_back({static_cast<std::int32_t>(first), static_cast<std::int32_t>(last), values});
        });
}

}  // namespace simcore
