// Coherent images of particles that scatter with rotational symmetry, by radial integrals: the light they scatter,
// collected by an aplanatic objective, interferes with a reference wave along the axis (Debye-Wolf).
//
// Sources: Bohren & Huffman 1983 ch. 4 (amplitudes); Wiscombe, Appl. Opt. 19, 1505 (1980) (number of terms); Leahy,
// Alexander, Martin, Barkley, Manoharan, Opt. Express 28, 1061 (2020) (imaging as radial integrals); Novotny & Hecht,
// Principles of Nano-Optics, ch. 3 (aplanatic lens, sqrt(cos t)); Taylor & Sandoghdar, Nano Lett. 19, 4827 (2019)
// (backscattered light, scattering.hpp).
//
//   (r, psi)   position in the focal plane about a particle's axis
//   A, B       radial functions (radial_transform.hpp); sums over the particles:
//   P, C, D    r - sum A,  sum B cos 2 psi,  sum B sin 2 psi, with the amplitude r of the reference
// Light of the Jones vector j becomes Ex = (P - C) jx - D jy, Ey = -D jx + (P + C) jy (polarization.hpp).
// One particle, with the form q of the intensity (indices P, C, D):
//   F + G cos 2 psi-like terms, F = q_PP |P|^2 + (q_CC + q_DD) |B|^2 / 2, G = 2 Re[P* B] with Re q_PC, Re q_PD,
//   K = -2 Im[P* B] with Im q_PC, Im q_PD, H = |B|^2 cos 4 psi, sin 4 psi with (q_CC - q_DD) / 2, Re q_CD.
// The stopped part of a pupil with a central stop is subtracted; what it blocks of the reference is all of it.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>

#include "directions.hpp"
#include "polarization.hpp"

namespace simcore {

// How one image is made; lengths in micrometres.
struct Light {
    Objective objective;
    double pixel_size, reflector;  // reflector: z_r of scattering.hpp
    std::int64_t wavelengths;
    const double *wavelength, *weight;
    const std::complex<double>* reference;  // amplitude r at each wavelength
    Polarization polarization;
};

// Particles of one image, x and y in pixels. `source`: below 0 a homogeneous sphere of that radius and index; the rows
// of the multipoles, then of the tables, count from 0. Multipoles are (row, wavelength, term), tables (row, wavelength
// or one for all, angle).
struct Particles {
    std::int64_t count;
    const double *x, *y, *z, *radius;
    const std::complex<double>* index;
    const std::int64_t* source;
    std::int64_t multipole_rows, terms;
    const std::complex<double>*a, *b;
    std::int64_t table_wavelengths, angles;
    const std::complex<double>*s1, *s2;
    std::int64_t row = -1;  // what CoherentImager::scatter found for the first homogeneous sphere; -1: not done yet
};

template <class T>
struct CoherentScratch;

// Draws images one after the other; holds the memory that they share. Throws std::domain_error where an image would
// need more directions than there can be.
template <class T>
class CoherentImager {
  public:
    // `tolerance`: largest error of the intensity or the field, relative to the incident wave.
    CoherentImager(RadialTables& tables, bool backward, double tolerance);
    ~CoherentImager();
    CoherentImager(const CoherentImager&) = delete;
    CoherentImager& operator=(const CoherentImager&) = delete;

    // Finds what the homogeneous spheres of some images scatter, side by side, and writes into their particles where it
    // is kept until the next call; returns of how many of the `count` images, at least one. Images for which it was not
    // called do it for themselves, with the same result.
    std::int64_t scatter(std::int64_t count, const Light* lights, Particles* particles);
    // Intensity averaged over the pixels, (y, x).
    void intensity(const Light& light, const Particles& particles, std::int64_t height, std::int64_t width, T* out);
    // Field averaged over the pixels, (y, x, component): Ex and Ey, or what the analyzer passes; of the first
    // wavelength and state of polarization.
    void field(const Light& light, const Particles& particles, std::int64_t height, std::int64_t width,
               std::complex<T>* out);

  private:
    RadialTables& tables_;
    bool backward_;
    double tolerance_;
    std::unique_ptr<CoherentScratch<T>> scratch_;
};

}  // namespace simcore
