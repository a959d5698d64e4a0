// Ellipsoids and discs as voxels, on one thread. Each may have a random outline (outline.hpp) and a random texture
// (texture.hpp), both functions of its own stream.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>

namespace simcore {

// The bodies of all images: those of image i are first[i] .. first[i + 1]. x, y in pixels, z in um.
struct Bodies {
    const std::int64_t* first;
    const double *x, *y, *z;
    const double* radius;         // (body, 3) along x, y, z of the body, um; z radius 0: a disc, which cannot be tilted
    const double* rotation;       // (body, 3) about x, y, z, applied in this order, rad
    const double* deformation;    // standard deviation of the outline, relative
    const double* texture;        // standard deviation of the contents, relative
    const double* texture_scale;  // um, of the coarsest grains
    const std::uint64_t* address;  // (body, 3): example, hash of the name, hash of copy and frame
    std::uint64_t seed[2];
};

// Throws std::invalid_argument: what is not finite, radii <= 0, a tilted disc, deformation not in [0, 0.3], texture <
// 0, texture_scale <= 0, first not rising from 0.
void check_bodies(const Bodies& bodies, std::size_t images, std::size_t count);

struct VoxelGrid {
    std::size_t images, planes, height, width;
    const double* pixel_size;  // (image) um
    const double* z_first;     // (image) centre of plane 0, um
    const double* z_step;      // (image) from plane to plane, um, > 0
};

enum class Overlap { add, replace };

// Adds to out (image, plane, y, x) the value (per volume; a disc's: per area) of each body times the share of the voxel
// that it fills and its texture at the voxel's centre. `replace`: out (1 - share) + value share texture, body by body.
//
// The share of a part of a voxel is a ramp of s^3 - |q|^3 (a disc: of squares), as wide as the part is along the
// surface's normal: along each ray from the centre the ramp takes as much as it gives, so that the volume has no bias
// at any size. A voxel is cut into parts until the body covers some thousand. A disc fills the plane that holds its z.
template <class T, class V>
void voxelise(const Bodies& bodies, const V* value, const VoxelGrid& grid, Overlap overlap, T* out);

// The surface's s (outline.hpp) of each body in the directions (body, direction, 3) of its own axes, out (body,
// direction).
void outlines(const Bodies& bodies, std::size_t count, const double* direction, std::size_t directions, double* out);

}  // namespace simcore
