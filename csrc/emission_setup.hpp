// What precedes the drawing of emitters: the numbers of an image, the radial functions of each emitter.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "emission.hpp"
#include "emission_stack.hpp"
#include "pixels.hpp"

namespace simcore {

constexpr std::int64_t kEmissionBefore = 3;  // radial points before r = 0, for the derivatives
constexpr std::int64_t kEmissionMargin = 7;  // points beyond the intervals in use

// Numbers that follow from the request; lengths in micrometres.
struct EmissionSetup {
    double wavelength, frequency;  // shortest wavelength; frequency: 2 pi aperture / wavelength
    double spacing, scale;         // of the radial points; scale: of them in a pixel
    double reach;                  // beyond which an emitter's light is left out
    std::int64_t height, width, rows, cells, intervals, points;
    // Intervals that the light reaches.
    std::int64_t end() const { return intervals - 1; }
    int orders;
    bool round;    // the radial functions are those of the mean over a pixel: cells are pixels
    bool special;  // nodes of the image's own
    bool grazing;
    int count;
};

// Memory that the images share.
template <class T>
struct EmissionScratch {
    PixelRule rule;
    double bandwidth = -1.0;  // that the rule is made for
    int nodes = 0;            // of the pupil and the tables that are kept
    EmissionPupil pupil;
    std::vector<double> w, root, weight;                  // nodes of the pupil
    std::vector<std::shared_ptr<const Panel<T>>> panels;  // of the tables; made here where the nodes are special
    std::vector<const T*> tables;
    std::vector<T> integrand, planes, padded, lagrange, fields, even, odd, twice, laplacians;
    std::vector<T> even_pieces, odd_pieces, twice_pieces, dx, cells, column, fraction;
    std::vector<double> turn, steps;
    std::vector<std::int32_t> radial_base, base;
    AlignedVector<float> stack;
    std::vector<T> stack_pieces[kStack];
};

struct Emitter {
    double depth, focus, sine, cosine;  // depth and that at z = 0
    bool fixed;
};

// The image's numbers, and s made ready for its emitters. `again`: the optics and the light are those of the call
// before, whose pupil and tables serve again if the image needs as many nodes.
template <class T>
EmissionSetup set_up_emission(const EmissionOptics& optics, const EmissionModel& model,
                              const RadialWavefront& wavefront, const Spectrum& light, const EmitterList& emitters,
                              double tolerance, std::int64_t height, std::int64_t width, bool again,
                              EmissionScratch<T>& s, RadialTables& tables);

// F0, F1, F2 of one emitter, photons per pixel area for intensity 1, into s.even, s.odd and s.twice.
template <class T>
void emission_profile(RadialTables& tables, const EmissionOptics& optics, const EmissionModel& model,
                      const RadialWavefront& wavefront, const Spectrum& light, const EmissionSetup& setup,
                      const Emitter& emitter, EmissionScratch<T>& s);

}  // namespace simcore
