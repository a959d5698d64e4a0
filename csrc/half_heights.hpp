// Half the heights of columns of a body, from the squares in the middle of the columns (surface.hpp).
//
// The square changes linearly over a column. Where it stays far above 0 the mean of its root follows from a series; at
// the rim it is a mean along the steeper of x and y in closed form, and across by Gauss's two points.
#pragma once

#include <cstdint>

namespace simcore {

// Changes of the square per column, along x and y; the rows of squares begin one column earlier.
void square_slopes(const float* square, const float* above, const float* below, std::int64_t count, float* across,
                   float* down);

// Half heights (of a disc: the parts covered) of `count` columns.
void half_heights(const float* square, const float* across, const float* down, bool flat, std::int64_t count,
                  float* half);

}  // namespace simcore
