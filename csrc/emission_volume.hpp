// Images of volumes that emit: each plane of voxels convolved with the intensity of a freely rotating emitter at its
// depth.
//
// The transfer function of a depth is the overlap of the pupil with itself (Goodman, Introduction to Fourier Optics,
// ch. 6),
//   T(q) = Int P(s + q / 2) P*(s - q / 2) d^2 s / Int |P at z = 0|^2 d^2 s,
// P P* = 2 U U* + 2 V V* cos 2 d + K K* cos d for a rotating dipole (U, V, K of emission_pupil.hpp, d the angle between
// the two points), or U U*. It depends on |q| alone, so it is computed on a line; Gauss points over a quarter of the
// overlap, which is symmetric. Voxels and pixels are boxes of one size: on a grid of pixels the transfer function is
// the sum over its aliases of T sinc^2 sinc^2.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "emission.hpp"

namespace simcore {

constexpr int kPlanes = 8;  // planes that are treated side by side

// T of several depths on [0, 2 a], as cubic pieces of t = 1 - sqrt(1 - q / (2 a)), which makes the edge smooth.
struct TransferTable {
    double cutoff = 0.0;                     // 2 a / wavelength, cycles per pixel
    std::int64_t planes = 0, intervals = 0;  // planes: padded to a multiple of kPlanes
    std::vector<float> pieces;               // (interval, 4, plane)
};

// Throws std::domain_error for a pupil with a stop, or where too many points would be needed.
void transfer_table(const EmissionOptics& optics, const EmissionModel& model, const RadialWavefront& wavefront,
                    double wavelength, double weight, std::int64_t planes, const double* z, double tolerance,
                    TransferTable& table);

// Spectra of the planes (plane, height, width / 2 + 1), as a real transform of (height, width) gives them, times their
// transfer functions, added up over the planes and the tables.
void add_planes(const std::vector<TransferTable>& tables, std::int64_t planes, std::int64_t height, std::int64_t width,
                const std::complex<float>* spectra, std::complex<float>* sum);

}  // namespace simcore
