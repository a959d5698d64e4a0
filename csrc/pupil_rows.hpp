// Rows of an image from the light that transforms have made of its directions (through_pupil.hpp).
#pragma once

#include <complex>
#include <cstdint>

#include "pupil_fill.hpp"

namespace simcore {

// Gives row y of the cells of a state, as two columns.
template <class T>
struct RowSource {
    virtual ~RowSource() = default;
    virtual void row(std::int64_t state, std::int64_t y, T* re, T* im) = 0;
};

// Along one axis: twice the direction that the transform counts as 0, and twice the first of its places.
struct Start {
    std::int64_t direction, place;
};

// What light without obstacles brings into a state.
std::complex<double> analysed(const State& state);

// The irradiance of the waves with nothing in their way; through: behind the pupil.
double empty_irradiance(const PupilView& view, const Lens& lens, bool through);

// Adds the intensity of the wave in hand to the cells.
template <class T>
void add_intensities(const Start& x, const Start& y, RowSource<T>& source, PupilWork<T>& work);

// out (y, x, state).
template <class T>
void write_fields(const Start& x, const Start& y, RowSource<T>& source, PupilWork<T>& work, std::complex<T>* out);

}  // namespace simcore
