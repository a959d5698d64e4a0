// The fields that particles scatter into the image, as two functions of the distance from their axes.
//
// With t the polar angle, k the wavenumber in the medium, v = k sin(t_max) r, w = (sin t / sin t_max)^2 and the
// integrands of scattering.hpp:
//   A(r) = Int sqrt(cos t) sin t ... (S1 + S2) / 2 J0(k r sin t) dt
//   B(r) = Int sqrt(cos t) sin t ... (S1 - S2) / 2 J2(k r sin t) dt
// and sqrt(cos t) sin t dt = sin^2(t_max) / (2 sqrt(cos t)) dw. They are made panel by panel of the grid of
// radial_tables.hpp; as they fall off where no ray of the particle goes, one can stop where they are too weak to count.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "aligned.hpp"
#include "directions.hpp"
#include "radial_tables.hpp"

namespace simcore {

// A field asked for up to v = `last`. Amplitudes of up to `least` count for nothing; beyond v = `cone` both functions
// fall off, so that what follows a panel without larger ones is not made.
struct Wanted {
    double last, cone, least;
};

// The points of the radial grid that are taken, every one or every `stride`th, and the taps that interpolate between
// them.
struct RadialSteps {
    int stride, taps;
};

// What is known of a field while its panels are made.
struct FieldState {
    std::int64_t field;      // its place among those asked for
    std::int64_t needed;     // panels, at most
    std::int64_t made;       // panels of A; those of B that are not made are zero
    std::int64_t even, odd;  // panels of A and of B up to the last one that counts
    bool even_open, odd_open;
};

// Memory that the calls for one image share, and the tables of its directions: `forget` them before other directions.
template <class T>
struct TransformScratch {
    AlignedVector<T> integrands;
    AlignedVector<T> planes;         // of each state four rows of `row` values: A and B, real and imaginary
    std::vector<T> largest;          // of each state the largest |A|^2 + |B|^2 of every panel, `row` / kPanel of them
    std::vector<FieldState> states;  // in the order in which the fields are worked on
    std::int64_t row = 0;
    std::vector<std::shared_ptr<const Panel<T>>> kept;
    RadialSteps steps{1, RadialGrid<T>::taps};

    double step() const { return steps.stride * RadialGrid<T>::step; }
    void forget(const RadialSteps& chosen) {
        steps = chosen;
        kept.clear();
    }
};

constexpr std::int64_t kTogether = 16;  // fields for which a panel is read once, at most

// `integrands`: four rows of directions.count values for each field; `beyond`: as far in v behind the last point wanted
// the functions are known.
template <class T>
void transform_fields(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                      const Wanted* wanted, double beyond, TransformScratch<T>& scratch);

}  // namespace simcore
