// Frequencies that look alike on cells: f + m, for all whole m in cycles per cell.
//
// A plane is known by its cells, pixels or parts of one, each a weighted mean over its surroundings, of the spectrum G
// (columns.hpp). Pixels see the sum over m of the light's spectrum times T times the box B of a cell; the cells'
// transform is the sum of the light's spectrum times G. Of what is mistaken for another only the likely size is known,
// |f|^-2 for a body with a rim; so T is sum(T B G |f|^-4) / sum(G^2 |f|^-4).
#pragma once

#include <cstdint>
#include <vector>

namespace simcore {

class CellAliases {
  public:
    // Of height x width cells, m = -count .. count down and across. Those of small planes are kept.
    CellAliases(std::int64_t height, std::int64_t width, std::int64_t count);

    // B G |f|^-4 / sum(G^2 |f|^-4) of one alias in one row, at columns 0 .. width / 2; next to nothing before `first`
    // and from `last` on.
    struct Weights {
        std::int32_t first, last;
        const float* of_column;
    };
    struct Row {
        std::vector<Weights> weights;  // (m down, m across)
        std::vector<float> values;     // or none, where they are kept
    };

    // Those of a row 0 .. height / 2, which may be put into `scratch`.
    const Row& row(std::int64_t row, Row& scratch) const;

    std::int64_t height() const { return height_; }
    std::int64_t width() const { return width_; }
    std::int64_t count() const { return count_; }
    std::int64_t columns() const { return width_ / 2 + 1; }

  private:
    void weigh(std::int64_t row, Row& to) const;

    std::int64_t height_, width_, count_;
    std::vector<double> seen_, held_;  // B G and G^2 across, (m, column)
    std::vector<Row> kept_;            // or none
};

}  // namespace simcore
