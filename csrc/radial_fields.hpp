// The radial functions A and B of radial_transform.hpp as tables of cubic pieces, with intervals no finer than an error
// asks for: wide ones far from the axis, where the light is weak.
#pragma once

#include <cstdint>
#include <vector>

#include "radial_profile.hpp"

namespace simcore {

// Cubic pieces of A and B, and the number of intervals in which they count, B's no larger than A's. The first `near`
// intervals are 1 wide, those behind them 1 / far. Eight values are a piece: real and imaginary part of each
// coefficient of the fraction in turn. Up to the interval `odd` one of A and one of B take turns, then come those of A;
// at `odd` that of B is zero and at `even` that of A.
template <class T>
struct FieldPieces {
    std::int64_t even, odd, near;
    double far;
    const T* values;

    // Distance up to which so many intervals reach.
    double radius(std::int64_t intervals) const {
        if (intervals <= near) return static_cast<double>(intervals);
        return static_cast<double>(near) + static_cast<double>(intervals - near) / far;
    }
};

constexpr std::int64_t kNoFar = std::int64_t{1} << 30;  // intervals of one width only

// Where the tables of an image are made.
template <class T>
struct FieldTables {
    std::vector<FieldPieces<T>> pieces;
    std::vector<double> step;  // in v, of an interval that is 1 wide
    AlignedVector<T> values, quads;
    std::vector<std::int64_t> begin;

    void clear() {
        pieces.clear();
        step.clear();
        begin.clear();
    }
    // Once all are there; until then the values may move.
    void connect() {
        for (std::size_t i = 0; i < pieces.size(); ++i) pieces[i].values = values.data() + begin[i];
    }
};

// A field from its quads (radial_profiles) from the third point before r = 0 on, with intervals of one width.
template <class T>
void add_table(std::int64_t intervals, double step, const T* quads, FieldTables<T>& to);

// Fields of which each is off by at most `error`.
template <class T>
void add_tables(RadialTables& tables, const Directions& directions, std::int64_t fields, const double* integrands,
                const Wanted* wanted, double error, ProfileScratch<T>& scratch, FieldTables<T>& to);

}  // namespace simcore
