// Light on a grid that is transformed by the caller (through_pupil.hpp), and what comes back.
#pragma once

#include <algorithm>
#include <complex>
#include <cstdint>

#include "dispatch.hpp"
#include "pupil_fill.hpp"
#include "pupil_rows.hpp"

namespace simcore {

// Calls use(place, i, n) for the runs of the elements first .. first + count - 1 of a line that is repeated.
template <class Use>
SIMCORE_INLINE void for_runs(std::int64_t size, std::int64_t first, std::int64_t count, Use use) {
    std::int64_t place = (first % size + size) % size;
    for (std::int64_t i = 0; i < count;) {
        const std::int64_t n = std::min(count - i, size - place);
        use(place, i, n);
        i += n;
        place = 0;
    }
}

// Puts the points of a line where they belong: what falls on the same place is added, elsewhere the line becomes 0.
template <class T>
void store_line(std::int64_t size, std::int64_t low, std::int64_t count, const T* re, const T* im, bool fresh,
                std::complex<T>* to) {
    const std::int64_t alone = fresh ? std::min(count, size) : 0;
    T* values = reinterpret_cast<T*>(to);
    for_runs(size, low, alone, [=](std::int64_t place, std::int64_t i, std::int64_t n) {
        T* at = values + 2 * place;
        for (std::int64_t k = 0; k < n; ++k) {
            at[2 * k] = re[i + k];
            at[2 * k + 1] = im[i + k];
        }
    });
    for_runs(size, low + alone, count - alone, [=](std::int64_t place, std::int64_t i, std::int64_t n) {
        for (std::int64_t k = 0; k < n; ++k) to[place + k] += std::complex<T>(re[alone + i + k], im[alone + i + k]);
    });
    if (fresh)
        for_runs(size, low + alone, size - alone, [=](std::int64_t place, std::int64_t, std::int64_t n) {
            std::fill(to + place, to + place + n, std::complex<T>());
        });
}

// Lines beyond the size of the grid fall on the first ones.
template <class T>
struct GridLines final : LineSink<T> {
    std::int64_t size, stride, first_x;
    std::complex<T>* grid;

    GridLines(const Grid& of, const Box& box, std::int64_t step, std::complex<T>* to)
        : size(of.size), stride(step), first_x(box.first_x), grid(to) {}

    void line(std::int64_t state, std::int64_t row, std::int64_t low, std::int64_t count, const T* re,
              const T* im) override {
        store_line(size, first_x + low, count, re, im, row < size, grid + (state * size + row % size) * stride);
    }
};

// Planes that have been transformed; they repeat beyond their size.
template <class T>
struct GridRows final : RowSource<T> {
    std::int64_t size, count, stride;
    const std::complex<T>* grid;

    GridRows(const Grid& of, std::int64_t cells, std::int64_t step, const std::complex<T>* from)
        : size(of.size), count(cells), stride(step), grid(from) {}

    void row(std::int64_t state, std::int64_t y, T* re, T* im) override {
        const T* line = reinterpret_cast<const T*>(grid + (state * size + y % size) * stride);
        for_runs(size, 0, count, [=](std::int64_t place, std::int64_t x, std::int64_t n) {
            for (std::int64_t k = 0; k < n; ++k) {
                re[x + k] = line[2 * (place + k)];
                im[x + k] = line[2 * (place + k) + 1];
            }
        });
    }
};

}  // namespace simcore
