#include "pupil_grid.hpp"

#include <algorithm>
#include <cmath>

#include "elementary.hpp"
#include "fourier.hpp"

namespace simcore {
namespace {

constexpr double kPi = 3.14159265358979323846;

// At the distance d from where its rays land, the edge of the pupil gives a wave of amplitude edge d^(-3/2): the
// integral over the pupil by parts, J1 for large arguments.
double edge_wave(double rim, double sine, double wavelength) {
    const double k = 2.0 * kPi / wavelength;
    const double cosine = std::sqrt(std::max(1.0 - sine * sine, 1e-4));
    return rim * sine / (std::sqrt(cosine) * k) * std::sqrt(2.0 / (kPi * k * sine));
}

// value^(2/3)
double two_thirds(double value) { return value > 0.0 ? elementary::exp(2.0 / 3.0 * elementary::log(value)) : 0.0; }

// The smoothed rim must be narrow against the pupil and, where much accuracy is asked for, leave room for the pupil to go
// on beyond its edge before the directions end.
double period_for_rim(int rim, bool strict, double sine, double wavelength) {
    const double narrow = (strict ? 3.0 : 2.0) * rim * wavelength / sine;
    return strict ? std::max(narrow, rim * wavelength / std::max(0.8 * (1.0 - sine), 1e-3)) : narrow;
}

}  // namespace

Grid choose_grid(const Reach& reach, double rim, double sine, double wavelength, double cell, const GridLimits& limits) {
    const double edge = 2.0 * edge_wave(rim, sine, wavelength);  // twice: in the intensity
    const double quiet = two_thirds(edge / (0.3 * limits.tolerance));
    const double needed = std::min(reach.farthest, quiet);
    const bool strict = limits.tolerance < 1e-4;
    const int rim_width = strict ? kWidestRim : 6;
    double period = std::max(2.0 * reach.cone + reach.field, reach.farthest + needed);
    period = std::max({period, 2.0 * needed / flat_part(rim_width), period_for_rim(rim_width, strict, sine, wavelength)});
    Grid grid;
    grid.rim = rim_width;
    grid.size = period < static_cast<double>(limits.largest) * cell ? fast_size(period / cell) : limits.largest;
    grid.size = std::min(grid.size, limits.largest);
    const double reached = static_cast<double>(grid.size) * cell;
    grid.step = wavelength / reached;
    // Nearest place where the window over the image is not what it should be.
    const double right = std::min(reached - reach.farthest, 0.5 * flat_part(grid.rim) * reached);
    if (right < needed) grid.error = edge / std::sqrt(std::max(right * right * right, wavelength * wavelength * wavelength));
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
