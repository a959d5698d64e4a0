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

struct Lens {
    double sine;        // of the largest angle
    double per_cosine;  // n / NA
    double wavelength, numerical_aperture, medium_index;
};

// What passes at one direction, of a pupil with hard edges; the defocus is left out. 0 outside the aperture.
std::complex<double> pupil_at(const PupilFunction& pupil, const Lens& lens, double sx, double sy);

// Largest shift of a ray in the image that the wavefront gives at the rim, in micrometres.
double ray_shift(const PupilFunction& pupil, const Lens& lens);

// Half width of the rim in steps of the grid, and that step.
struct PupilEdge {
    int rim;
    double step;
};

// One line of a grid of directions: s_y fixed, s_x = start + i step.
struct PupilLine {
    std::int64_t count;
    double sy, start, step;
};

// The wavefront's polynomial along a line, in micrometres; `to` has room for a whole number of kLanes.
void wavefront_line(const PupilFunction& pupil, const Lens& lens, const PupilLine& line, double* to);

// The pupil at points, edges smoothed, times `scale` and `factor`; square: s_x^2 + s_y^2; wave: the wavefront, to which
// the layers' path is added. The transmission is left out: it follows line by line.
template <class T>
void pupil_points(const PupilFunction& pupil, const Lens& lens, const PupilEdge& edge, std::complex<double> scale,
                  std::int64_t count, const double* square, double* wave, const T* factor, T* re, T* im);

template <class T>
void transmission_line(const PupilFunction& pupil, const Lens& lens, const PupilLine& line, T* re, T* im);

}  // namespace simcore
