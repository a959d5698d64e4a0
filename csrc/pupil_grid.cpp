#include "pupil_grid.hpp"

#include <algorithm>
#include <cmath>

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kGrazing = 0.98;

// Root of the summed squares of the edge waves at the distance d from their rings: the integral over the pupil by
// parts, J0 for large arguments. In focus both sides of the pupil contribute, out of focus the nearer one.
double edge_field(const std::vector<EdgeWave>& edges, double sine, double wavelength, double d) {
    const double k = 2.0 * kPi / wavelength, cosine = std::sqrt(std::max(1.0 - sine * sine, 1e-4));
    double sum = 0.0;
    for (const EdgeWave& edge : edges) {
        const double part = edge.amplitude * (edge.ring > d ? 0.5 : 1.0);
        sum += part * part / (d * d * (d + edge.ring));
    }
    return std::sqrt(sum * 2.0 * sine / (kPi * k * cosine)) / k;
}

// The distance at which the edge waves have fallen to `level`, or `farthest` if they have not by then.
double quiet_distance(const std::vector<EdgeWave>& edges, double sine, double wavelength, double level,
                      double farthest) {
    double low = 0.0, high = farthest;
    for (int i = 0; i < 12; ++i) {
        const double middle = 0.5 * (low + high);
        (edge_field(edges, sine, wavelength, middle) > level ? low : high) = middle;
    }
    return high;
}

// The smoothed rim must be narrow against the pupil and, where much accuracy is asked for, leave room for the pupil to
// go on beyond its edge before the directions end.
double period_for_rim(int rim, bool strict, double sine, double wavelength) {
    const double narrow = (strict ? 4.75 : 2.0) * rim * wavelength / sine;
    return strict ? std::max(narrow, rim * wavelength / std::max(0.7 * (1.0 - sine), 1e-3)) : narrow;
}

// Rims that serve a tolerance: a narrow one leaves more of the edge waves beyond its window (measured against grids of
// a tight tolerance: tests/test_through_pupil.py).
struct Rims {
    int least, most;
};

Rims rims_for(double tolerance) {
    if (tolerance < 1e-4) return {kWidestRim, kWidestRim};
    return {tolerance >= 2e-2 ? 2 : tolerance >= 5e-3 ? 3 : tolerance >= 2e-3 ? 4 : 6, 6};
}

}  // namespace

GridNeed grid_need(const Reach& reach, const std::vector<EdgeWave>& edges, double sine, double wavelength, double cell,
                   const GridLimits& limits) {
    const bool strict = limits.tolerance < 1e-4;
    GridNeed need;
    // The corners of the field may see the window begin to fall, unless much accuracy is asked for. An error of the
    // field counts twice in the intensity.
    need.quiet = quiet_distance(edges, sine, wavelength, (strict ? 0.25 : 1.0) * limits.tolerance, reach.diagonal);
    const double near = std::min(need.quiet, reach.farthest);
    // Noise reaches across the edge to what the grid repeats, whether particles are there or not.
    const double apart = 2.0 * wavelength / sine;
    const auto period_of = [&](int rim) {
        const double flat = flat_part(rim);
        return std::max({2.0 * reach.cone + reach.field, reach.field + apart, reach.farthest + near,
                         2.0 * need.quiet / (strict ? flat : 0.92), 2.0 * near / flat,
                         period_for_rim(rim, strict, sine, wavelength)});
    };
    const auto directions = [&](int rim) { return sine * period_of(rim) / wavelength + rim; };
    const Rims rims = rims_for(limits.tolerance);
    need.rim = rims.most;
    for (int rim = rims.most - 1; rim >= rims.least; --rim)
        if (directions(rim) < directions(need.rim)) need.rim = rim;
    const double period = period_of(need.rim);
    const bool fits = period < static_cast<double>(limits.largest) * cell;
    need.least = fits ? std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(period / cell))) : limits.largest;
    return need;
}

Grid grid_of(const GridNeed& need, std::int64_t size, const Reach& reach, const std::vector<EdgeWave>& edges,
             double sine, double wavelength, double cell, const GridLimits& limits) {
    const double reached = static_cast<double>(size) * cell;
    Grid grid;
    grid.size = size;
    grid.rim = need.rim;
    grid.step = wavelength / reached;
    // The nearest place where the window over the image is not what it should be.
    const double right = std::min(reached - reach.farthest, 0.5 * flat_part(grid.rim) * reached);
    if (right < std::min(need.quiet, reach.farthest))
        grid.error = edge_field(edges, sine, wavelength, std::max(right, wavelength));
    // Close to grazing light the pupil's smoothed rim has nothing to continue with; measured
    // (tests/test_through_pupil.py).
    if (sine > kGrazing) grid.error = std::max(grid.error, limits.tolerance < 1e-4 ? 4e-4 : 8e-4);
    return grid;
}

Box box_of(const Grid& grid, double sine, double s0x, double s0y) {
    Box box;
    box.radius = sine + grid.rim * grid.step;
    const auto first = [&](double s0) { return static_cast<std::int64_t>(std::ceil((-box.radius - s0) / grid.step)); };
    const auto last = [&](double s0) { return static_cast<std::int64_t>(std::floor((box.radius - s0) / grid.step)); };
    box.first_x = first(s0x);
    box.first_y = first(s0y);
    box.count_x = last(s0x) - box.first_x + 1;
    box.count_y = last(s0y) - box.first_y + 1;
    return box;
}

}  // namespace simcore
