// The field that a sphere scatters into the image, as two functions of the distance from its axis.
//
// With t the polar angle, k the wavenumber in the medium, v = k sin(t_max) r, w = (sin t / sin t_max)^2:
//   A(r) = Int sqrt(cos t) sin t exp(i k z (cos t - 1)) (S1 + S2) / 2 J0(k r sin t) dt
//   B(r) = Int sqrt(cos t) sin t exp(i k z (cos t - 1)) (S1 - S2) / 2 J2(k r sin t) dt
// and sqrt(cos t) sin t dt = sin^2(t_max) / (2 sqrt(cos t)) dw.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <vector>

#include "lanes.hpp"
#include "radial_tables.hpp"

namespace simcore {

// Directions at which the amplitudes are needed, and the angular functions there: constants of one image.
struct Pupil {
    bool grazing = false;
    int count = 0;
    double sine = 0.0;  // sin t_max
    std::int64_t terms = 0;
    std::shared_ptr<const PupilNodes> nodes;
    std::vector<double> one_minus_cos, weight;  // weight: of sin^2(t_max) / (4 sqrt(cos t)) dw
    std::vector<double> sum, difference;        // pi_n + tau_n, pi_n - tau_n: rows of `count`
};

void fill_pupil(RadialTables& tables, bool grazing, int count, double sine, std::int64_t terms, Pupil& pupil);

// Integrands at the nodes, without the Bessel functions; four rows (A, B: real, imaginary) of pupil.count values.
// a, b: `terms` coefficients; depth = k z.
void integrand(const Pupil& pupil, std::int64_t terms, const std::complex<double>* a, const std::complex<double>* b,
               double depth, double* to);

// Memory that the calls for one image share.
template <class T>
struct ProfileScratch {
    std::vector<T> integrand, planes, quads, fraction, weight;
    std::vector<std::int32_t> base;
    std::vector<std::shared_ptr<const Panel<T>>> panels;
    std::vector<const T*> rows;
};

// A and B (real, imaginary, real, imaginary) at `count` points i - before, i = 0 .. count - 1, in units of `spacing`
// in v; both are even functions.
template <class T>
void radial_profile(RadialTables& tables, const Pupil& pupil, const double* integrand, double spacing,
                    std::int64_t before, std::int64_t count, ProfileScratch<T>& scratch, T* quads);

// Cubic pieces (four coefficients of the fraction, one block of `functions` values each) for the intervals between
// points 3, 4, ..., count - 4 of `values`: derivatives by central differences of sixth order.
void cubic_pieces(std::int64_t functions, std::int64_t count, const float* values, float* pieces);
void cubic_pieces(std::int64_t functions, std::int64_t count, const double* values, double* pieces);

}  // namespace simcore
