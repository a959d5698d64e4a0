// Directions of the grid (through_pupil.hpp), line after line: geometry of scattering and the sum over the particles.
//
// Phases and differences of nearly equal numbers are computed in double precision, the rest in the image's own.
#pragma once

#include <complex>
#include <cstdint>
#include <vector>

#include "far_field.hpp"

namespace simcore {

// Directions s0 + m step. Those beyond `cap` are treated as if they lay there, so that the rim's smoothing finds
// something to continue with.
struct Frame {
    double x, y, z, step, cap;  // x, y, z: s0
    bool tilted() const { return x != 0.0 || y != 0.0; }
};

// Columns of `room` values, `count` of them in use, a whole number of vectors.
template <class T>
struct PupilPoints {
    std::int64_t room = 0, count = 0;
    std::vector<double> numbers;
    std::vector<T> values, quads;
    std::vector<std::int32_t> base;

    void reserve(std::int64_t points);
    double* number(int i) { return numbers.data() + i * room; }
    const double* number(int i) const { return numbers.data() + i * room; }
    T* value(int i) { return values.data() + i * room; }
    const T* value(int i) const { return values.data() + i * room; }
};

// Columns of numbers: m_x, m_y, s_x^2 + s_y^2, s_z - s0_z, wavefront in micrometres ...
constexpr int kAlong = 0, kAcross = 1, kSquare = 2, kPath = 3, kWave = 4, kNumbers = 5;
// ... and of values: |s - s0|, 1 / sqrt(s_z), cosine and sine of b - a (tilted light only) and of a + b, a factor
// of the pupil, the pupil, sums of A and D over the particles, and what one particle needs.
constexpr int kChord = 0, kWeight = 1, kRotationC = 2, kRotationS = 3, kReflectionC = 4, kReflectionS = 5, kFactor = 6,
              kPupilRe = 7, kPupilIm = 8, kSums = 9, kFraction = 13, kTurnC = 14, kTurnS = 15, kValues = 16;

// From m_x and m_y: all that does not depend on the particles; clears the sums.
template <class T>
void start_points(const Frame& frame, PupilPoints<T>& points);

// Adds one particle: phase = first + along m_x + across m_y + depth (s_z - s0_z), in turns.
struct ParticlePhase {
    double first, along, across, depth;
};

template <class T>
void add_particle(const AmplitudeTable<T>& table, const ParticlePhase& phase, PupilPoints<T>& points);

// q* . M J of the particles added, times weight and pupil: constants of the state in `mix`.
template <class T>
struct StateMix {
    std::complex<T> rotation_c, rotation_s, reflection_c, reflection_s;
    StateMix(const std::complex<double>* jones, const std::complex<double>* analyser);
};

template <class T>
void finish_points(const Frame& frame, const StateMix<T>& mix, const PupilPoints<T>& points, T* re, T* im);

}  // namespace simcore
