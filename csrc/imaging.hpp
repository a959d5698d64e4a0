// In-line images of spheres: the light they scatter, collected by an aplanatic objective, interferes with the plane
// wave along the axis that passes the same objective (Debye-Wolf, no aberrations).
//
// Sources: Bohren & Huffman 1983 ch. 4 (amplitudes); Wiscombe, Appl. Opt. 19, 1505 (1980) (number of terms); Leahy,
// Alexander, Martin, Barkley, Manoharan, Opt. Express 28, 1061 (2020) (imaging as radial integrals); Novotny & Hecht,
// Principles of Nano-Optics, ch. 3 (aplanatic lens, sqrt(cos t)).
//
//   t, t_max   angle to the axis; sin t_max = min(1, NA / n), n the index of the medium
//   k          2 pi n / wavelength
//   (r, psi)   position in the focal plane about the sphere's axis; alpha the angle of polarisation
//   z          > 0 farther from the objective; phase exp(i k z (cos t - 1)) relative to the empty field
//   S1, S2     amplitudes across and along the plane of scattering
//   A, B       radial functions (radial_profile.hpp)
// For light polarised along x:  Ex = 1 - A - B cos 2 psi,  Ey = -B sin 2 psi.
// One sphere:  |Ex|^2 + |Ey|^2 = F + G cos 2 (psi - alpha),  F = |1 - A|^2 + |B|^2,  G = -2 Re[(1 - A)* B].
// Several: P = 1 - sum A, C = sum B cos 2 psi, D = sum B sin 2 psi give
//   |P|^2 + |C|^2 + |D|^2 - 2 Re[P* (C cos 2 alpha + D sin 2 alpha)]; unpolarised light has only the squares.
#pragma once

#include <complex>
#include <cstdint>

#include "radial_tables.hpp"

namespace simcore {

struct Illumination {
    double numerical_aperture, pixel_size, medium_index;
    double polarisation_angle;  // nan: unpolarised
    std::int64_t wavelengths;
    const double *wavelength, *weight;
};

struct SphereList {
    std::int64_t count;
    const double *x, *y, *z, *radius;
    const std::complex<double>* index;
};

template <class T>
struct Scratch;

// Draws images one after the other; holds the memory that they share. Throws std::domain_error where an image would
// need more directions than there can be.
template <class T>
class SphereImager {
  public:
    SphereImager(RadialTables& tables, double tolerance);
    ~SphereImager();
    SphereImager(const SphereImager&) = delete;
    SphereImager& operator=(const SphereImager&) = delete;

    // Intensity relative to the empty field, averaged over the pixels.
    void draw(const Illumination& light, const SphereList& spheres, std::int64_t height, std::int64_t width, T* out);

  private:
    RadialTables& tables_;
    double tolerance_;
    std::unique_ptr<Scratch<T>> scratch_;
};

}  // namespace simcore
