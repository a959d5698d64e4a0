// One ellipsoid or disc, ready to be put on a grid: shared by the voxels and the silhouettes.
//
// q = A (p - c) brings a point p (um) into the body's own axes, divided by its radii: without deformation the body is
// |q| < 1, with one |q| < s(q / |q|). A = diag(1 / radius) R^T with R = R_z R_y R_x: the body is turned about x (from
// +y towards +z), then about y (from +z towards +x), then about z (from +x towards +y). A disc (radius_z = 0) has no
// q_z.
#pragma once

#include <cstddef>
#include <cstdint>

#include "outline.hpp"
#include "shapes.hpp"

namespace simcore {

struct Body {
    double centre[3];  // um; x, y from the centre of pixel (0, 0)
    double matrix[9];  // A, rows x, y, z of the body
    double turn[9];    // R^T, likewise: into the body's axes, um
    double extent[3];  // half sides of the undeformed body's box, um
    double radius[3];
    bool flat;
    Outline outline;
};

Body make_body(const Bodies& bodies, std::size_t index, double pixel_size);

// Whether the body stands between the camera and pixel (row, column .. column + count - 1): 1 or 0.
void silhouette_row(const Body& body, double pixel_size, std::int64_t row, std::int64_t column, std::int64_t count,
                    unsigned char* inside);

// Rows and columns that the body may reach, cut to the image: first, one past the last.
struct Window {
    std::int64_t y0, y1, x0, x1;
};
Window window(const Body& body, double pixel_size, std::size_t height, std::size_t width);

}  // namespace simcore
