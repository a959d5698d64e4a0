// Images of point emitters through a pupil with rotational symmetry, by radial integrals.
//
// With (r, psi) about the emitter's axis and kappa = k0 s, the pupil of emission_pupil.hpp gives
//   I0 = Int U J0(kappa r) kappa dkappa,  K1 = Int K J1(kappa r) kappa dkappa,  I2 = Int V J2(kappa r) kappa dkappa
// (Richards & Wolf, Proc. R. Soc. A 253, 358 (1959)), and the intensity F0 + F1 cos(psi - azimuth) + F2 cos 2 (psi -
// azimuth):
//   scalar            F0 = |I0|^2
//   freely rotating   F0 = 2 |I0|^2 + 2 |I2|^2 + |K1|^2
//   fixed, polar t    F0 = sin^2 t (|I0|^2 + |I2|^2) + cos^2 t |K1|^2,  F1 = 2 sin t cos t Re[(I0 + I2)* i K1],
//                     F2 = 2 sin^2 t Re[I0* I2]
// Divided by its integral over the plane for an emitter at z = 0, which is that of the pupil (Parseval).
#pragma once

#include <cstdint>
#include <memory>

#include "emission_pupil.hpp"
#include "radial_tables.hpp"

namespace simcore {

struct Spectrum {
    std::int64_t count;
    const double *wavelength, *weight;
};

// Positions in pixels, z in micrometres; polar nan: freely rotating.
struct EmitterList {
    std::int64_t count;
    const double *x, *y, *z, *intensity, *polar, *azimuth;
};

// Distance from an emitter at depths low .. high beyond which its light is left out: at most a tenth of the tolerance,
// relative to its brightest point; micrometres.
double emission_reach(const EmissionOptics& optics, const RadialWavefront& wavefront, double wavelength, double low,
                      double high, double tolerance);

template <class T>
struct EmissionScratch;

// Draws images one after the other; holds the memory that they share. Throws std::domain_error where an image would
// need more directions than there can be.
template <class T>
class EmitterImager {
  public:
    // `tolerance`: largest error of a pixel relative to the emitter's brightest point.
    EmitterImager(RadialTables& tables, EmissionModel model, double tolerance);
    ~EmitterImager();
    EmitterImager(const EmitterImager&) = delete;
    EmitterImager& operator=(const EmitterImager&) = delete;

    // Photons in each pixel.
    void draw(const EmissionOptics& optics, const RadialWavefront& wavefront, const Spectrum& light,
              const EmitterList& emitters, std::int64_t height, std::int64_t width, T* out);
    // The same of one emitter in each image, all of them in the same place x, y and freely rotating: the distances of
    // the pixels are found once for some images.
    void draw_stack(const EmissionOptics& optics, const RadialWavefront& wavefront, const Spectrum& light,
                    const EmitterList& emitters, std::int64_t height, std::int64_t width, T* out);

  private:
    bool draw_together(const EmissionOptics& optics, const RadialWavefront& wavefront, const Spectrum& light,
                       const EmitterList& emitters, std::int64_t count, std::int64_t height, std::int64_t width,
                       T* out);
    RadialTables& tables_;
    EmissionModel model_;
    double tolerance_;
    std::unique_ptr<EmissionScratch<T>> scratch_;
};

}  // namespace simcore
