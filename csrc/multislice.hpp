// The pointwise steps of multi-slice propagation; the transforms between them are the caller's. See
// optics/multislice.py.
//
// Fields are v = u / (incident plane wave): 1 where nothing is. Frequencies in the order of a discrete Fourier
// transform.
#pragma once

#include <complex>
#include <cstddef>

namespace simcore {

struct PlaneWaves {
    double wavenumber;          // in the medium, rad / um
    double tilt_x, tilt_y;      // incident wave's direction: transverse part of its unit vector
    double pixel_size;          // um
    std::size_t height, width;  // pixels
    double least_cosine;        // plane waves more inclined than that are left out
};

// factor (y, x): exp(i (k_z - k_z0) distance), 0 for waves left out.
template <class T>
void plane_wave_phases(const PlaneWaves& waves, double distance, std::complex<T>* factor);

// factor (y, x): k_z0 / k_z times exp(i (k_z - k_z0) distance), 0 for waves left out: a plane source radiates waves of
// an inclination in proportion to 1 / k_z, and the phase of a slice is already that of the incident wave.
template <class T>
void obliquity_phases(const PlaneWaves& waves, double distance, std::complex<T>* factor);

// factor (y, x): pupil of an aplanatic objective, sqrt(k_z / k_z0) inside `aperture` (rad / um), its edge spread over
// one frequency step, 0 outside.
template <class T>
void aplanatic_pupil(const PlaneWaves& waves, double aperture, std::complex<T>* factor);

// In place, v -> (t - 1) v + (window - 1) (v - 1), with t = exp(i thickness (sqrt(k0^2 n^2 - k_perp^2) - k_z0)) and n
// the medium's index plus the contrast: what a slice adds to the field. vacuum: k0; window (y, x).
template <class T>
void thin_slice(const PlaneWaves& waves, double vacuum, double medium, double thickness,
                const std::complex<float>* contrast, const double* window, std::complex<T>* field);

// spectrum = spectrum * straight + added * oblique.
template <class T>
void advance(std::size_t count, const std::complex<T>* straight, const std::complex<T>* oblique,
             const std::complex<T>* added, std::complex<T>* spectrum);

}  // namespace simcore
