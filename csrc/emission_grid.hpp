// Images of point emitters through any pupil: the sum over the pupil of emission_pupil.hpp, times exp(2 pi i W /
// wavelength) and an amplitude, done in two steps, first along x and then along y.
//
// Nodes: rows of the unit disc at the points of Gauss and Chebyshev (second kind: the weight sqrt(1 - y^2) is the
// half-width of the row), Gauss and Legendre points along each row. So the hard edge costs nothing, and the error falls
// exponentially with the number of nodes for smooth pupils.
#pragma once

#include <cstdint>
#include <memory>

#include "emission.hpp"

namespace simcore {

// x, y in units of the pupil's radius and weights (their sum is pi), count * count values each, row by row.
void disc_nodes(int count, double* x, double* y, double* weight);

// A pupil at the nodes: W in micrometres and the amplitude, real and imaginary part side by side.
struct GridPupil {
    int count;
    const double *x, *y, *weight;
    const double *wavefront, *amplitude;
};

template <class T>
struct GridScratch;

template <class T>
class AberratedImager {
  public:
    AberratedImager(EmissionModel model, double tolerance);
    ~AberratedImager();
    AberratedImager(const AberratedImager&) = delete;
    AberratedImager& operator=(const AberratedImager&) = delete;

    // Photons in each pixel; `reach` (micrometres): light farther from its emitter, along x or y, may be left out.
    void draw(const EmissionOptics& optics, const RadialWavefront& wavefront, const GridPupil& pupil,
              const Spectrum& light, const EmitterList& emitters, double reach, std::int64_t height, std::int64_t width,
              T* out);

  private:
    EmissionModel model_;
    double tolerance_;
    std::unique_ptr<GridScratch<T>> scratch_;
};

}  // namespace simcore
