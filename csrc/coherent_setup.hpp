// What precedes the drawing of a coherent image: its numbers, what its particles scatter, the radial functions.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "aligned.hpp"
#include "coherent.hpp"
#include "pixels.hpp"
#include "radial_fields.hpp"
#include "refine.hpp"
#include "scattering.hpp"

namespace simcore {

constexpr double kLoose = 5e-3;            // tolerance from which sums may stop early
constexpr std::int64_t kBefore = 3;        // radial points before r = 0, for the derivatives of fields
constexpr std::int64_t kBeforeHalves = 4;  // and for what lies half-way between the points
constexpr std::int64_t kAfter = 4;         // and beyond the intervals in use

// What the accuracy asks for.
struct CoherentDemand {
    double terms;   // multiple of x^(1/3) in the number of coefficients
    double nodes;   // nodes beyond the least number
    double digits;  // natural logarithm of the accuracy of the quadrature
    RadialSteps steps;
};

// Numbers that follow from the request; lengths in micrometres.
struct CoherentSetup {
    CoherentDemand demand;
    bool backward, plain;
    double sine, stopped;          // of the outermost direction, and of the outermost one that is blocked
    double wavelength, frequency;  // shortest wavelength; frequency: 2 pi NA / wavelength
    double spacing;                // of the radial points
    std::int64_t before, after;    // radial points before r = 0, and beyond the intervals in use
    bool round;                    // the radial functions are those of the mean over a pixel: cells are pixels
    std::int64_t height, width, cells;
    std::int64_t terms, stride;  // of the coefficients and of the radial functions
    double order;                // highest order of the scattered light in the angle
    double least;                // amplitude of a particle's light that counts far from it; 0: every
    double error;                // of a particle's light; 0: whatever intervals of `spacing` give
    double quiet;                // intensity of a component that counts; 0: every
};

// Coefficients of the homogeneous spheres of some images: rows of `stride` terms, wavelengths innermost.
struct SphereRows {
    std::vector<double> size;
    std::vector<std::complex<double>> index, a, b;
    std::vector<std::int64_t> terms;
    std::int64_t stride = 0;
};

// Memory that the images share.
template <class T>
struct CoherentScratch {
    PixelRule rule;
    Refinement refinement;
    DirectionSets directions;
    const Directions *open = nullptr, *blocked = nullptr;  // of an image
    ProfileScratch<T> open_profile, blocked_profile;
    SourceScratch source;
    SphereRows spheres;
    std::vector<double> distance, integrands, blocked_integrands;
    std::vector<std::int64_t> intervals;
    std::vector<Wanted> wanted;
    FieldTables<T> fields;
    std::vector<char> quiet, ring_quiet;
    std::vector<Source> sources;
    std::vector<Profile> profiles;
    AlignedVector<T> quads, blocked_quads, halves, functions, pieces, rows, column, line, weight, constant;
    AlignedVector<T> values, sums, coarse, ring, phases;
    std::vector<T> laplacians;
    AlignedVector<double> dx;
    AlignedVector<float> plain_dx;
    std::vector<const T*> row_pointers;
};

// Makes room without clearing what is there.
template <class Vector>
void grow(Vector& values, std::int64_t count) {
    if (static_cast<std::int64_t>(values.size()) < count) values.resize(static_cast<std::size_t>(count));
}

template <class T>
CoherentSetup set_up(const Light& light, bool backward, std::int64_t height, std::int64_t width, double tolerance);

// `highest`: frequency up to which what is drawn must be averaged over the pixels well.
template <class T>
void divide_pixels(const Light& light, double highest, double accuracy, CoherentSetup& setup, CoherentScratch<T>& s);

// Multiple of x^(1/3) in the number of coefficients.
template <class T>
double term_margin(double tolerance);

// As CoherentImager::scatter; `margin`: that multiple.
std::int64_t scatter_spheres(std::int64_t count, const Light* lights, Particles* particles, double margin,
                             SphereRows& rows);

// Sources of the particles, directions and radial points; `margin` in pixels around the cells.
template <class T>
void prepare(RadialTables& tables, const Light& light, const Particles& p, double margin, CoherentSetup& setup,
             CoherentScratch<T>& s);

// How weak light must be to count for nothing, for an image or a field of `count` particles.
void choose_least(const Light& light, std::int64_t count, bool squared, double tolerance, CoherentSetup& setup);

// A and B of a number of fields (particle, wavelength) into s.quads, rows of setup.stride.
template <class T>
void profiles(RadialTables& tables, const Light& light, const Particles& p, const CoherentSetup& setup,
              std::int64_t first, std::int64_t fields, CoherentScratch<T>& s);

// The tables of all fields into s.fields.
template <class T>
void make_tables(RadialTables& tables, const Light& light, const Particles& p, const CoherentSetup& setup,
                 CoherentScratch<T>& s);

// Amplitude of the wave on the axis.
inline std::complex<double> reference(const Light& light, std::int64_t q) {
    return light.objective.stop > 0.0 ? 0.0 : light.reference[q];
}

}  // namespace simcore
