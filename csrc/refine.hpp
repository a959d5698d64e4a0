// A band-limited function known on a coarse grid, at the cells of a finer one: `factor` cells to a coarse step, each
// from `taps` coarse values with the weights of least mean square error over the band. Columns and rows are treated one
// after the other; along a row the cells are kept apart by their phase, so that all loops run over neighbours.
#pragma once

#include <cstdint>
#include <vector>

namespace simcore {

struct Refinement {
    int factor = 1, taps = 1;
    std::vector<double> weight;  // [phase][tap]; phase 0 lies on the coarse value `lead`
    int lead() const { return (taps - 1) / 2; }
    std::int64_t coarse(std::int64_t cells) const { return (cells - 1) / factor + taps; }
    std::int64_t phase_length(std::int64_t cells) const { return ((cells - 1) / factor + 32) / 32 * 32; }
    std::int64_t length(std::int64_t cells) const { return factor * phase_length(cells); }
};

// `frequency`: highest angular frequency, radians per cell; `tolerance`: error of what there is at that frequency.
Refinement refinement(double frequency, double tolerance);

// One row of `length` phase-separated values from a row of coarse ones, which is followed by 32 values of any kind.
void refine_row(const Refinement& refinement, std::int64_t phase_length, const float* coarse, float* to);
void refine_row(const Refinement& refinement, std::int64_t phase_length, const double* coarse, double* to);

// Back into the order of the cells.
void interleave(const Refinement& refinement, std::int64_t cells, const float* from, float* to);
void interleave(const Refinement& refinement, std::int64_t cells, const double* from, double* to);

// A weighted sum of rows of components (planes: real and imaginary of each, one after the other) and of a constant for
// each plane.
template <class T>
struct RowSum {
    int taps;
    const T* const* rows;
    const T* weight;
    int components;
    std::int64_t length;  // of a plane, a multiple of 32
    const T* constant;    // 2 * components
};

// Sum of the squares of the components: into `to`, or added to it.
void sum_squares(const RowSum<float>& sum, bool add, float* to);
void sum_squares(const RowSum<double>& sum, bool add, double* to);

// The components themselves, as planes.
void sum_planes(const RowSum<float>& sum, float* to);
void sum_planes(const RowSum<double>& sum, double* to);

}  // namespace simcore
