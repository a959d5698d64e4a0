// The light of bodies in a few planes, body by body and column by column, on one thread.
//
// A column of a body reaches from z_0 to z_1 (surface.hpp); plane p gets the integral of its share v_p(z) between them.
// So thin bodies and slanting surfaces cost no planes. The square of a column's half height is taken as linear over the
// column's cross-section, and the half height averaged over that: the mean of a root across a rim needs no finer
// columns. A disc lies at one z. Texture is constant in each layer of a pixel's column.
//
// Columns are averaged over half cells, and a cell takes (1, 3, 3, 1) / 8 of four half cells along each axis, which
// attenuates what the cells cannot resolve; add_planes (plane_sum.hpp) undoes it for what they can.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "shapes.hpp"

namespace simcore {

// Shares of `planes` planes as functions of z, at `depths` equally spaced places: share[depth * planes + plane].
struct DepthShares {
    double first, step;  // um
    std::int64_t depths, planes;
    const double* share;
};

struct CellGrid {
    std::size_t height, width;  // cells, whole pixels
    double pixel_size;          // um
    std::int64_t division;      // cells in a pixel along each axis
    std::int64_t margin;        // pixels before pixel (0, 0)
};

// Adds to out (plane, y, x) the light of the bodies first .. last - 1: value is per volume, a disc's per area. layers:
// thickness of what has one texture, relative to the finest grains.
void add_columns(const Bodies& bodies, std::size_t first, std::size_t last, const double* value, const CellGrid& grid,
                 const DepthShares& shares, double layers, float* out);

// Half sides of the bodies' boxes along x, y, z, deformation included, the smaller radius of the ellipse that is seen
// along z, and the thickness in the middle; out (body, 5), um.
void body_extents(const Bodies& bodies, std::size_t count, double* out);

}  // namespace simcore
