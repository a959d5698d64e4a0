// The integral over square pixels of a band-limited function known on a regular grid.
//
// Each pixel is cut into `division` x `division` cells; the mean over a cell comes from the values at the centres of
// the cell and of its `reach` neighbours on each side, with weights that reproduce sin(w/2) / (w/2) for every
// frequency w (radians per cell) up to the highest one present. Rows and columns are treated one after the other.
#pragma once

#include <cstdint>
#include <vector>

namespace simcore {

struct PixelRule {
    int division = 1, reach = 0;
    std::vector<double> weight;  // of division + 2 reach neighbouring cells, the first `reach` before the pixel
    std::vector<float> rounded;  // the same for images of float

    // The value at the centre, of functions that are means already.
    static PixelRule centres() { return {1, 0, {1.0}, {1.0f}}; }

    std::int64_t cells(std::int64_t pixels) const { return pixels * division + 2 * reach; }
    // Centre of a cell, in pixels.
    double position(std::int64_t cell) const { return (static_cast<double>(cell - reach) + 0.5) / division - 0.5; }
};

// `frequency`: highest angular frequency present, radians per pixel; `tolerance`: error at that frequency.
PixelRule pixel_rule(double frequency, double tolerance);

// One row of pixels from the `division + 2 reach` rows of cells (each of `cells` values, one after the other) that
// belong to it; `scratch` holds `cells` values.
void integrate_row(const PixelRule& rule, const float* rows, std::int64_t cells, float* scratch, std::int64_t pixels,
                   float* out);
void integrate_row(const PixelRule& rule, const double* rows, std::int64_t cells, double* scratch, std::int64_t pixels,
                   double* out);

}  // namespace simcore
