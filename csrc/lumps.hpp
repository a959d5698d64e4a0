// What an error of transfer functions is in the images of bodies.
//
// A lump stands for a body: an ellipsoid of revolution about z, of radius a and half height h about z0, or a disc (h =
// 0). Its slice at z is a disc of radius R = a sqrt(1 - ((z - z0) / h)^2), so a point at a distance r from its axis
// gets
//   Int dz Int dq 2 pi R J1(2 pi q R) J0(2 pi q r) T(q, z)
// of its light per volume; the same integrals over an error of T are the error of that point.
#pragma once

#include <cstdint>
#include <vector>

#include "emission_volume.hpp"

namespace simcore {

struct Lump {
    double radius, half_height, z;  // um
    double intensity;               // per um^3; of a disc per um^2
};

// Columns of transfer functions (depth, column): the frequencies of one wavelength after those of another.
struct Frequencies {
    std::vector<std::int64_t> start;     // (wavelength + 1,): columns
    std::vector<double> cutoff, weight;  // (wavelength,): of light; cutoff in cycles per um
};

class LumpError {
  public:
    // A few of the lumps stand for all: the brightest, and where they differ from it the smallest of those not much
    // fainter and the farthest from focus.
    LumpError(const std::vector<Lump>& lumps, const Depths& depths, const Frequencies& frequencies,
              const double* values);

    // Largest error at the points that are looked at, relative to the brightest, of transfer functions that err by
    // `rest` (depth, column).
    double operator()(const double* rest) const { return brightest_ > 0.0 ? largest(rest) / brightest_ : 0.0; }

  private:
    // One lump at one wavelength: the frequencies between those known at which the integral over q is taken, and of
    // each what a slice's disc holds of it, (depth, frequency), and what a point sees of it, (point, frequency).
    struct View {
        std::int64_t start, intervals, fine;  // column; frequencies in each interval
        std::vector<double> discs, seen;
    };

    View view(const Lump& lump, std::int64_t start, std::int64_t count, double cutoff) const;
    double largest(const double* values) const;

    Depths depths_;
    std::int64_t columns_;
    std::size_t waves_;
    std::vector<View> views_;  // (lump, wavelength)
    double brightest_ = 0.0;
};

}  // namespace simcore
