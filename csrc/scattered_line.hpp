// One line of the grid of directions (through_pupil.hpp): geometry of scattering and the sum over the particles.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "far_field.hpp"

namespace simcore {

// s_x fixed, s_y = start + i step; s0 the incident direction. Points beyond `cap` are treated as if they lay there, so
// that the rim's smoothing finds something to continue with.
struct LineGeometry {
    std::int64_t count;
    double sx, start, step, s0x, s0y, s0z, cap;
};

// Memory of one line; columns of `room` values.
template <class T>
struct LineScratch {
    std::int64_t room = 0;
    std::vector<double> numbers;
    std::vector<T> values, sums;
    std::vector<std::int32_t> base;

    void reserve(std::int64_t count);
    double* number(int i) { return numbers.data() + i * room; }
    T* value(int i) { return values.data() + i * room; }
};

// Columns of LineScratch: numbers ...
constexpr int kRadius = 0, kPath = 1, kChord = 2, kPhase = 3, kSpare = 4, kNumbers = 5;
// ... and values: 1 / sqrt(s_z), cosine and sine of b - a and of a + b, pupil, phase factor, interpolation.
constexpr int kWeight = 0, kRotationC = 1, kRotationS = 2, kReflectionC = 3, kReflectionS = 4, kPupilRe = 5,
              kPupilIm = 6, kTurnC = 7, kTurnS = 8, kFraction = 9, kValues = 10;

// Fills kRadius, kPath (s_z - s0_z), kChord (|s - s0|), kWeight and the angles; clears the sums.
template <class T>
void start_line(const LineGeometry& line, LineScratch<T>& scratch);

// Adds one particle: phase = first + i rate + depth (s_z - s0_z).
template <class T>
void add_particle(std::int64_t count, const AmplitudeTable<T>& table, double first, double rate, double depth,
                  LineScratch<T>& scratch);

// q* . M J of the particles added, times weight and pupil: constants of the state in `mix`.
template <class T>
struct StateMix {
    std::complex<T> rotation_c, rotation_s, reflection_c, reflection_s;
    StateMix(const std::complex<double>* jones, const std::complex<double>* analyser);
};

template <class T>
void finish_line(std::int64_t count, const StateMix<T>& mix, const LineScratch<T>& scratch, T* re, T* im);

}  // namespace simcore
