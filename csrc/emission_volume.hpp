// Images of volumes that emit: each plane of voxels convolved with the intensity of a freely rotating emitter at its
// depth.
//
// The transfer function of a depth is the overlap of the pupil with itself (Goodman, Introduction to Fourier Optics,
// ch. 6),
//   T(q) = Int P(s + q / 2) P*(s - q / 2) d^2 s / Int |P at z = 0|^2 d^2 s,
// P P* = 2 U U* + 2 V V* cos 2 d + K K* cos d for a rotating dipole (U, V, K of emission_pupil.hpp, d the angle between
// the two points), or U U*. It depends on |q| alone, so it is computed on a line; Gauss points over a quarter of the
// overlap, which is symmetric.
#pragma once

#include <cstdint>
#include <vector>

#include "emission.hpp"

namespace simcore {

constexpr int kPlanes = 8;  // planes that are treated side by side

struct Depths {
    double first, step;  // um
    std::int64_t count;
};

// The frequencies, in units of a / wavelength, at which T is computed: dense towards the edge at 2, which makes it
// smooth.
inline double transfer_frequency(std::int64_t point, std::int64_t points) {
    const double rest = 1.0 - static_cast<double>(point) / static_cast<double>(points - 1);
    return 2.0 * (1.0 - rest * rest);
}

// How many frequencies T needs between the depths low and high. Throws std::domain_error for a pupil with a stop, or
// where too many would be needed.
std::int64_t transfer_points(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength,
                             double low, double high, double tolerance);

// T at `points` frequencies of equally spaced depths, out (depth, point).
void transfer_values(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                     double wavelength, const Depths& depths, double tolerance, std::int64_t points, double* out);

// What an error of T at a point is in the image of an edge, relative to its plateau: Int |dT| |sinc| / (pi q) dq; at q
// = 0 the plateau itself. cutoff: cycles per pixel.
double edge_share(std::int64_t point, std::int64_t points, double cutoff);

// T of several planes as cubic pieces in the number of the point.
struct TransferTable {
    double cutoff = 0.0;                     // 2 a / wavelength, cycles per cell
    std::int64_t planes = 0, intervals = 0;  // planes: padded to a multiple of kPlanes
    std::vector<float> pieces;               // (interval, 4, plane)
};

// values (plane, point), times `weight`.
TransferTable transfer_table(const double* values, std::int64_t points, std::int64_t planes, double cutoff,
                             double weight);

}  // namespace simcore
