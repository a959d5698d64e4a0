#include "plane_sum.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "dispatch.hpp"
#include "elementary.hpp"
#include "lanes.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;

// One alias of one row of frequencies.
struct AliasRow {
    const TransferTable* table;
    std::int32_t first, last;  // columns that the cutoff leaves
    float fx, fy, step;        // cycles per cell: of column 0, of the row, between columns
    const float* weight;
    std::int32_t* base;
    float *fraction, *share, *transfer;  // transfer: (column, plane)
};

template <int bytes>
SIMCORE_INLINE void row_body(const AliasRow& r) {
    const auto inverse = static_cast<float>(1.0 / r.table->cutoff), intervals = static_cast<float>(r.table->intervals);
    const std::int32_t first = r.first, last = r.last, most = static_cast<std::int32_t>(r.table->intervals) - 1;
    const float start = r.fx, step = r.step, square = r.fy * r.fy, *weight = r.weight;
    std::int32_t* base = r.base;
    float *fraction = r.fraction, *share = r.share;
    SIMCORE_INDEPENDENT
    for (std::int32_t i = first; i < last; ++i) {
        const float fx = start + static_cast<float>(i) * step;
        const float rest = 1.0f - std::sqrt(fx * fx + square) * inverse, inside = rest < 0.0f ? 0.0f : rest;
        const float at = (1.0f - std::sqrt(inside)) * intervals;
        const auto whole = static_cast<std::int32_t>(at), bounded = whole < most ? whole : most;
        base[i] = bounded;
        fraction[i] = at - static_cast<float>(bounded);
        share[i] = rest > 0.0f ? weight[i] : 0.0f;
    }
    using Planes = Pack<float, kPlanes, bytes>;
    const std::int64_t planes = r.table->planes;
    const float* pieces = r.table->pieces.data();
    for (std::int64_t p = 0; p < planes; p += kPlanes) {
        float* to = r.transfer + p;
        for (std::int32_t i = first; i < last; ++i) {
            const float *at = pieces + 4 * planes * base[i] + p, u = fraction[i];
            const Planes cubic = Planes(at + 2 * planes) + scaled(u, Planes(at + 3 * planes));
            const Planes value = Planes(at) + scaled(u, Planes(at + planes) + scaled(u, cubic));
            (Planes(to + i * planes) + scaled(share[i], value)).store(to + i * planes);
        }
    }
}

SIMCORE_DISPATCH_LANES(add_row, row_body, (const AliasRow& r), (r))

// sum += transfer * spectrum of one plane and row; both as pairs of floats.
SIMCORE_INLINE void multiply_body(std::int64_t columns, std::int64_t stride, const float* transfer, const float* from,
                                  float* to) {
    for (std::int64_t i = 0; i < columns; ++i) {
        to[2 * i] += transfer[i * stride] * from[2 * i];
        to[2 * i + 1] += transfer[i * stride] * from[2 * i + 1];
    }
}

SIMCORE_DISPATCH(multiply, multiply_body,
                 (std::int64_t columns, std::int64_t stride, const float* transfer, const float* from, float* to),
                 (columns, stride, transfer, from, to))

// Transfer functions (column, plane) of one row of frequencies after the other.
class TransferRows {
  public:
    TransferRows(const std::vector<TransferTable>& tables, const CellAliases& aliases)
        : tables_(tables),
          aliases_(aliases),
          columns_(aliases.columns()),
          planes_(tables[0].planes),
          base_(columns_),
          fraction_(columns_),
          share_(columns_),
          transfer_(static_cast<std::size_t>(columns_ * planes_)) {
        for (const TransferTable& table : tables) highest_ = std::max(highest_, table.cutoff);
    }

    std::int64_t planes() const { return planes_; }

    // Columns from this one on pass nothing, in this row and all others.
    std::int64_t last() const {
        const double end = highest_ * static_cast<double>(aliases_.width()) + 1.0;
        return highest_ < 0.5 ? std::min(static_cast<std::int64_t>(end), columns_) : columns_;
    }

    // nullptr: the row passes nothing.
    const float* row(std::int64_t row) {
        const double y = static_cast<double>(row) / static_cast<double>(aliases_.height());
        if (highest_ < 0.5 && y >= highest_) return nullptr;
        std::fill(transfer_.begin(), transfer_.end(), 0.0f);
        const CellAliases::Weights* weights = aliases_.row(row, weights_).weights.data();
        const std::int64_t most = aliases_.count();
        for (std::int64_t n = -most; n <= most; ++n, weights += 2 * most + 1)
            for (const TransferTable& table : tables_) add_aliases(table, static_cast<double>(n) + y, weights);
        return transfer_.data();
    }

  private:
    // weights: (m across,)
    void add_aliases(const TransferTable& table, double fy, const CellAliases::Weights* weights) {
        if (!(std::abs(fy) < table.cutoff)) return;
        const double half = std::sqrt(table.cutoff * table.cutoff - fy * fy),
                     size = static_cast<double>(aliases_.width());
        const std::int64_t most = aliases_.count();
        for (std::int64_t m = -most; m <= most; ++m, ++weights) {
            const double fx = static_cast<double>(m);
            const double first = std::max((-half - fx) * size, static_cast<double>(weights->first));
            const double last = std::min((half - fx) * size + 1.0, static_cast<double>(weights->last));
            if (first < last)
                add_row({&table, static_cast<std::int32_t>(first), static_cast<std::int32_t>(last),
                         static_cast<float>(fx), static_cast<float>(fy), static_cast<float>(1.0 / size),
                         weights->of_column, base_.data(), fraction_.data(), share_.data(), transfer_.data()});
        }
    }

    const std::vector<TransferTable>& tables_;
    const CellAliases& aliases_;
    std::int64_t columns_, planes_;
    double highest_ = 0.0;
    std::vector<std::int32_t> base_;
    std::vector<float> fraction_, share_, transfer_;
    CellAliases::Row weights_;
};

// Sums over the cells of every pixel: factors of the frequencies 0 .. size - 1 of the cells. One of `division` cells is
// kept, by which the spectrum is divided.
struct Factors {
    std::vector<double> re, im;
};

Factors pixel_sums(std::int64_t size, std::int64_t division) {
    Factors factor{std::vector<double>(static_cast<std::size_t>(size), 0.0),
                   std::vector<double>(static_cast<std::size_t>(size), 0.0)};
    for (std::int64_t k = 0; k < size; ++k)
        for (std::int64_t t = 0; t < division; ++t) {
            const double turn = static_cast<double>(k * t % size) / static_cast<double>(size);
            const elementary::SinCos wave = elementary::sincos(2.0 * kPi * turn);
            factor.re[k] += wave.cos / static_cast<double>(division);
            factor.im[k] += wave.sin / static_cast<double>(division);
        }
    return factor;
}

// A run of one row of the cells' spectrum that is added to one of the pixels', forwards or, conjugate, backwards.
struct Run {
    std::int64_t count;
    double row_re, row_im;  // factor of the row
    const double *re, *im;  // factors of the columns
    std::int64_t way;       // 1, or -1: columns from the last one backwards
    double sign;            // -1: conjugate
    const float* from;      // pairs
    double *to_re, *to_im;
};

SIMCORE_INLINE void fold_body(const Run& r) {
    for (std::int64_t i = 0; i < r.count; ++i) {
        const std::int64_t k = i * r.way;
        const double cosine = r.row_re * r.re[i] - r.row_im * r.im[i], sine = r.row_re * r.im[i] + r.row_im * r.re[i];
        const double re = static_cast<double>(r.from[2 * k]), im = r.sign * static_cast<double>(r.from[2 * k + 1]);
        r.to_re[i] += re * cosine - im * sine;
        r.to_im[i] += re * sine + im * cosine;
    }
}

SIMCORE_DISPATCH(fold_run, fold_body, (const Run& r), (r))

// The spectrum of the cells into that of the pixels, row by row.
class Folding {
  public:
    Folding(std::int64_t division, std::int64_t height, std::int64_t width)
        : height_(height),
          width_(width),
          pixels_y_(height / division),
          pixels_x_(width / division),
          columns_(pixels_x_ / 2 + 1),
          down_(pixel_sums(height, division)),
          across_(pixel_sums(width, division)),
          re_(static_cast<std::size_t>(pixels_y_ * columns_), 0.0),
          im_(re_) {}

    // Columns 0 .. last - 1 of a row, pairs; the others are 0.
    void add(std::int64_t row, std::int64_t last, const float* values) {
        const std::int64_t mirror = row == 0 ? 0 : height_ - row;
        for (std::int64_t start = 0; start < width_; start += pixels_x_) {
            const std::int64_t direct = std::min(start + columns_, last) - start;
            if (direct > 0) run(row, start, direct, 1, 1.0, values + 2 * start);
            // Column c of the other half is the conjugate of column width - c in the mirrored row.
            const std::int64_t from = std::max({start, width_ / 2 + 1, width_ - last + 1});
            const std::int64_t end = std::min(start + columns_, width_);
            if (from < end) run(mirror, from, end - from, -1, -1.0, values + 2 * (width_ - from));
        }
    }

    void store(std::complex<float>* sum) const {
        for (std::size_t i = 0; i < re_.size(); ++i) sum[i] = {static_cast<float>(re_[i]), static_cast<float>(im_[i])};
    }

  private:
    void run(std::int64_t row, std::int64_t column, std::int64_t count, std::int64_t way, double sign,
             const float* from) {
        const std::int64_t to = (row % pixels_y_) * columns_ + column % pixels_x_;
        fold_run({count, down_.re[row], down_.im[row], across_.re.data() + column, across_.im.data() + column, way,
                  sign, from, re_.data() + to, im_.data() + to});
    }

    std::int64_t height_, width_, pixels_y_, pixels_x_, columns_;
    Factors down_, across_;
    std::vector<double> re_, im_;
};

}  // namespace

std::int64_t alias_count(const std::vector<TransferTable>& tables) {
    double highest = 0.0;
    for (const TransferTable& table : tables) highest = std::max(highest, table.cutoff);
    return std::max(static_cast<std::int64_t>(highest + 0.5), std::int64_t{1});
}

void add_planes(const std::vector<TransferTable>& tables, const CellAliases& aliases,
                const std::vector<const std::complex<float>*>& spectra, std::int64_t division,
                std::complex<float>* sum) {
    TransferRows rows(tables, aliases);
    const std::int64_t height = aliases.height(), width = aliases.width();
    const std::int64_t columns = width / 2 + 1, last = rows.last();
    std::vector<float> line(static_cast<std::size_t>(division > 1 ? 2 * columns : 0));
    std::optional<Folding> folding;  // as much memory as a plane
    if (division > 1) folding.emplace(division, height, width);
    const auto add = [&](std::int64_t row, const float* transfer) {
        float* to = division > 1 ? line.data() : reinterpret_cast<float*>(sum + row * columns);
        std::fill(to, to + 2 * columns, 0.0f);
        for (std::size_t p = 0; p < spectra.size(); ++p)
            multiply(last, rows.planes(), transfer + p, reinterpret_cast<const float*>(spectra[p] + row * columns), to);
        if (folding) folding->add(row, last, to);
    };
    if (division == 1) std::fill(sum, sum + height * columns, std::complex<float>(0.0f));
    for (std::int64_t row = 0; row <= height / 2; ++row) {
        const float* transfer = rows.row(row);
        if (transfer == nullptr) break;
        add(row, transfer);
        if (row > 0 && height - row > height / 2) add(height - row, transfer);
    }
    if (folding) folding->store(sum);
}

}  // namespace simcore
