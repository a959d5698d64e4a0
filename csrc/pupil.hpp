// The pupil: what the objective does to each direction of light besides the aplanatic projection.
//
//   s       direction cosines (s_x, s_y) of a direction in the medium, s_z = cos t; n its index
//   rho     n (s_x, s_y) / NA
//   W       wavefront in micrometres, a polynomial in rho_x, rho_y; the light has the factor exp(+2 pi i W /
//   wavelength) M       half the width of the rim, in steps of the grid
//
// The rim of a hard pupil is smoothed over a few steps of the grid such that, on a grid of period L, the image is right
// within about L / 2 (1 - 1 / M) of each particle and its repetitions do not reach there: the step function convolved
// with sinc(t) times a Kaiser window, whose transform is a window over the image (flat, then nothing).
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

namespace simcore {

struct PupilFunction {
    std::int64_t order = 0;             // coefficients of rho_x^i rho_y^j at [i * order + j], i, j < order
    const double* wavefront = nullptr;  // micrometres
    double apodization = 0.0;           // amplitude exp(-apodization rho^2)
    double stop = 0.0;                  // rho within which nothing passes
    double refocus = 0.0;               // micrometres that the focal plane has moved away from the objective
    double immersion_index = 1.0, focus_depth = 0.0;  // n_i, D
    std::int64_t side = 0;                            // transmission on side x side points (rho_y, rho_x) from -1 to 1
    const std::complex<double>* transmission = nullptr;
};

// Half widths of the rim that exist.
constexpr int kNarrowestRim = 2, kWidestRim = 8;

// How far the window is flat, in units of half the period.
double flat_part(int rim);

// Part of the light that passes at `distance` steps inside the edge: table of 2 * rim * kRimSteps + 2 values from -rim.
constexpr int kRimSteps = 512;
const double* rim_table(int rim);

struct Lens {
    double sine;        // of the largest angle
    double per_cosine;  // n / NA
    double wavelength, numerical_aperture, medium_index;
};

// What passes at one direction, of a pupil with hard edges; the defocus is left out. 0 outside the aperture.
std::complex<double> pupil_at(const PupilFunction& pupil, const Lens& lens, double sx, double sy);

// Largest shift of a ray in the image that the wavefront gives at the rim, in micrometres.
double ray_shift(const PupilFunction& pupil, const Lens& lens);

// One line of a grid of directions: s_x fixed, s_y = start + i step.
struct PupilLine {
    std::int64_t count;
    double sx, start, step;
    int rim;
};

// The pupil along a line, edges smoothed, times `scale`; radius: sqrt(s_x^2 + s_y^2) of each point; scratch: two
// columns.
template <class T>
void pupil_line(const PupilFunction& pupil, const Lens& lens, const PupilLine& line, const double* radius,
                std::complex<double> scale, double* scratch, T* re, T* im);

}  // namespace simcore
