// Light of columns of a body, shared between planes: plane p gets the integral of its share v_p(z) along each column.
#pragma once

#include <cstdint>
#include <vector>

#include "columns.hpp"
#include "dispatch.hpp"

namespace simcore {

// Counts through columns and the places of a coarser grid that they belong to.
struct Place {
    std::int64_t index, phase, size;  // of the place, of the column in it; columns in a place

    Place(std::int64_t column, std::int64_t columns, std::int64_t from)
        : index(column / columns - from), phase(column % columns), size(columns) {}
    SIMCORE_INLINE void next() {
        if (++phase < size) return;
        phase = 0;
        ++index;
    }
};

// One row of columns of a body that is seen.
struct Strip {
    std::int64_t count, layers;
    Place bin, pixel;            // of the first column: half cell, pixel
    const float *middle, *half;  // um
    const float* factor;         // (layer, pixel), or none
    std::int64_t stride;         // of factor
};

class DepthIntegrals {
  public:
    explicit DepthIntegrals(const DepthShares& shares);

    // Adds the columns' light to sum (plane, half cell), `width` half cells each.
    void add(const Strip& strip, std::int64_t width, float* sum);

  private:
    void find_ends(const Strip& strip, std::int64_t ends);
    void add_layers(const Strip& strip, std::int64_t width, float* sum);

    float first_, inverse_, last_;  // um; 1 / distance of places; number of intervals
    std::int64_t planes_, places_, padded_;
    std::vector<float> values_, side_by_side_;  // integrals from the first depth on, (plane, place), (place, plane);
                                                // linear between places
    std::vector<std::int32_t> place_, pixel_;   // where columns end, (end, column); their pixels
    std::vector<float> part_, before_, light_;
};

}  // namespace simcore
