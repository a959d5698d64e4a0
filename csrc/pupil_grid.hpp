// The grid of directions on which an image is made: fine enough that its repetitions stay away from the field.
#pragma once

#include <cstdint>
#include <vector>

#include "through_pupil.hpp"

namespace simcore {

// Micrometres: side of the field, largest radius of a defocused particle's light, and the farthest that anything in the
// field lies from light of a particle, along x or y and in any direction.
struct Reach {
    double field = 0.0, cone = 0.0, farthest = 0.0, diagonal = 0.0;
};

// Waves from the edge of the pupil, that hold what a particle sends far beyond its geometrical image: amplitude at the
// edge, and radius of the ring (micrometres) on which the light of the edge lands.
struct EdgeWave {
    double amplitude, ring;
};

// The least size of the grid, its rim (pupil.hpp), and how far the edge waves are seen (micrometres).
struct GridNeed {
    std::int64_t least = 0;
    int rim = 0;
    double quiet = 0.0;
};

struct Grid {
    std::int64_t size = 0;
    int rim = 0;
    double step = 0.0;   // of the direction cosines
    double error = 0.0;  // estimate of what the repetitions add to the field
};

// Where the smoothed rim stops to continue what lies inside it, short of directions across the axis.
inline double rim_cap(double sine, double tolerance) {
    const double cap = 1.0 - (tolerance < 1e-4 ? 0.15 : 0.5) * (1.0 - sine);
    return cap < 0.9998 ? cap : 0.9998;
}

// wavelength: in the medium; cell: spacing of the image's points in micrometres.
GridNeed grid_need(const Reach& reach, const std::vector<EdgeWave>& edges, double sine, double wavelength, double cell,
                   const GridLimits& limits);

// A grid of the size that was chosen.
Grid grid_of(const GridNeed& need, std::int64_t size, const Reach& reach, const std::vector<EdgeWave>& edges,
             double sine, double wavelength, double cell, const GridLimits& limits);

// Directions s0 + m step, m = first .. first + count - 1, that lie within the smoothed pupil.
struct Box {
    std::int64_t first_x, first_y, count_x, count_y;
    double radius;
};

Box box_of(const Grid& grid, double sine, double s0x, double s0y);

}  // namespace simcore
