// A few rows that stand for all: f(row, column) ~ sum over p of share_p(row) f(row_p, column), in which rows (depths)
// and columns (frequencies) are chosen one after the other where the remainder is largest (cross approximation:
// Bebendorf, Numer. Math. 86, 565 (2000); the shares are those of empirical interpolation: Barrault et al., C. R. Acad.
// Sci. 339, 667 (2004)).
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace simcore {

struct Skeleton {
    std::vector<std::int64_t> rows;
    std::vector<double> shares;  // (row of f, row chosen)
};

// Whether the remainder (row, column) will do; `error`: of the worst row, the sum over its columns of |remainder|
// weight.
using Enough = std::function<bool(const double* rest, double error)>;

// Rows are added until it is enough, up to `most`.
Skeleton skeleton(const double* values, std::int64_t rows, std::int64_t columns, const double* weight,
                  const Enough& enough, std::int64_t most);

}  // namespace simcore
