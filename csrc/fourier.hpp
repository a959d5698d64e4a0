// Discrete Fourier transforms of many columns side by side: one vector lane per column, so that the bytes do not depend
// on the instruction level. Sum over i of in[i] exp(+2 pi i i j / size), not normalised.
//
// Stockham's autosorting algorithm with radices 4, 2, 3, 5 (Van Loan, Computational Frameworks for the Fast Fourier
// Transform, 1992, ch. 1.7).
#pragma once

#include <cstdint>
#include <vector>

namespace simcore {

// Columns that are transformed together.
template <class T>
constexpr int kColumns = 64 / sizeof(T);

// The smallest size >= `least` without prime factors beyond 5, a multiple of 4.
std::int64_t fast_size(double least);

template <class T>
struct FourierPlan {
    explicit FourierPlan(std::int64_t length);
    std::int64_t size;
    std::vector<int> radices;
    std::vector<T> cosine, sine;  // of 2 pi i / size
};

// Planes of real and imaginary parts; rows of `stride` values, `columns` of them in use.
template <class T>
struct Planes {
    T *re, *im;
    std::int64_t stride;
};

// Transforms each column of `in`, whose `rows` rows are the elements first, first + 1, ... (modulo the size, added
// where they meet; the others are zero), and keeps the elements 0 .. wanted - 1 as the rows of `out` or, if
// `transposed`, as its columns. Strides are multiples of kColumns<T> that hold all columns; `work` keeps its memory
// between calls.
template <class T>
void transform_columns(const FourierPlan<T>& plan, std::int64_t columns, Planes<const T> in, std::int64_t first,
                       std::int64_t rows, Planes<T> out, std::int64_t wanted, bool transposed, std::vector<T>& work);

}  // namespace simcore
