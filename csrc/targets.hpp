// What a network is to find, as images: discs, densities, ellipsoids, silhouettes, distances. One thread; only the
// pixels near each particle are touched. Particles of image i: first[i] .. first[i + 1]; positions in pixels from the
// centre of pixel (0, 0). T: bool, int32 or float.
#pragma once

#include <cstddef>
#include <cstdint>

#include "shapes.hpp"

namespace simcore {

// How what is new combines with what is there. `either`: the larger in truth value, for bool; `add` of bool is that
// too.
enum class Merge { add, either, overwrite, largest };

struct Raster {
    std::size_t images, height, width, planes;  // (image, y, x, plane)
};

// Pixels whose centres are at most `radius` away get the particle's value. Planes must be 1.
template <class T>
void discs(T* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
           const double* radius, const T* value, Merge merge);

// Voxels with ((dy / ry)^2 + (dx / rx)^2 + (dz / rz)^2) <= 1 get the particle's value; z and radius[.][2] in planes,
// from the centre of plane 0; radius (particle, 3): y, x, z.
template <class T>
void ellipsoids(T* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
                const double* z, const double* radius, const T* value, Merge merge);

// Normal densities of standard deviation `sigma` (px) times the weight, integrated over each pixel, as far as 6.5
// sigma: one particle sums to its weight over the infinite plane, but for 2e-10.
void gaussians(float* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
               const double* sigma, const double* weight, Merge merge);

// The particle's value where the line of sight through a pixel's centre meets the body.
template <class T>
void silhouettes(T* out, const Raster& raster, const Bodies& bodies, const double* pixel_size, const T* value,
                 Merge merge);

// Of each body's silhouette in the image: first row and column, last row and column plus one, (body, 4); nan if unseen.
void silhouette_boxes(double* out, const Raster& raster, const Bodies& bodies, const double* pixel_size);

// Distance of each pixel's centre to the nearest particle, at most `limit` (what an empty image holds).
void point_distances(float* out, const Raster& raster, const std::int64_t* first, const double* y, const double* x,
                     double limit);

// Distance of each pixel inside the mask to the nearest pixel outside, 0 outside, at most `limit`. Pixels beyond the
// image do not count as outside. Felzenszwalb & Huttenlocher, Theory of Computing 8, 415 (2012).
void mask_distances(float* out, const Raster& raster, const bool* mask, double limit);

}  // namespace simcore
