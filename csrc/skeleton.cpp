#include "skeleton.hpp"

#include <algorithm>
#include <cmath>

#include "dispatch.hpp"

namespace simcore {
namespace {

SIMCORE_INLINE void subtract_body(double factor, const double* pivot, std::int64_t count, double* row) {
    for (std::int64_t i = 0; i < count; ++i) row[i] -= factor * pivot[i];
}

SIMCORE_DISPATCH(subtract, subtract_body, (double factor, const double* pivot, std::int64_t count, double* row),
                 (factor, pivot, count, row))

// The columns added up in `kParts` interleaved sums: always in the same order, side by side.
constexpr int kParts = 8;

SIMCORE_INLINE void remainder_body(const double* row, const double* weight, std::int64_t count, double* error) {
    double sum[kParts] = {};
    std::int64_t i = 0;
    for (; i + kParts <= count; i += kParts)
        for (int k = 0; k < kParts; ++k) sum[k] += std::abs(row[i + k]) * weight[i + k];
    for (; i < count; ++i) sum[0] += std::abs(row[i]) * weight[i];
    *error = ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
}

SIMCORE_DISPATCH(remainder_of, remainder_body,
                 (const double* row, const double* weight, std::int64_t count, double* error),
                 (row, weight, count, error))

struct Chosen {
    std::vector<std::int64_t> rows, columns;
};

Chosen choose(const double* values, std::int64_t rows, std::int64_t columns, const double* weight, const Enough& enough,
              std::int64_t most) {
    Chosen found;
    std::vector<double> rest(values, values + rows * columns), pivot(columns);
    const std::int64_t limit = std::min(most, std::min(rows, columns));
    while (true) {
        std::int64_t row = 0;
        double worst = 0.0;
        for (std::int64_t i = 0; i < rows; ++i) {
            double error = 0.0;
            remainder_of(rest.data() + i * columns, weight, columns, &error);
            if (error > worst) row = i, worst = error;
        }
        if (static_cast<std::int64_t>(found.rows.size()) >= limit) return found;
        if (!found.rows.empty() && enough(rest.data(), worst)) return found;
        const double* from = rest.data() + row * columns;
        std::int64_t column = 0;
        for (std::int64_t i = 0; i < columns; ++i)
            if (std::abs(from[i]) * weight[i] > std::abs(from[column]) * weight[column]) column = i;
        if (from[column] == 0.0) return found;
        found.rows.push_back(row);
        found.columns.push_back(column);
        std::copy(from, from + columns, pivot.begin());
        for (std::int64_t i = 0; i < rows; ++i) {
            double* to = rest.data() + i * columns;
            subtract(to[column] / pivot[column], pivot.data(), columns, to);
        }
    }
}

// Solves matrix x = right for the rows of `right` (side, count), by elimination with the largest pivots.
void solve(std::vector<double>& matrix, std::vector<double>& right, std::int64_t side, std::int64_t count) {
    for (std::int64_t k = 0; k < side; ++k) {
        std::int64_t best = k;
        for (std::int64_t i = k + 1; i < side; ++i)
            if (std::abs(matrix[i * side + k]) > std::abs(matrix[best * side + k])) best = i;
        if (best != k) {
            std::swap_ranges(&matrix[k * side], &matrix[k * side] + side, &matrix[best * side]);
            std::swap_ranges(&right[k * count], &right[k * count] + count, &right[best * count]);
        }
        for (std::int64_t i = k + 1; i < side; ++i) {
            const double factor = matrix[i * side + k] / matrix[k * side + k];
            subtract(factor, &matrix[k * side], side, &matrix[i * side]);
            subtract(factor, &right[k * count], count, &right[i * count]);
        }
    }
    for (std::int64_t k = side - 1; k >= 0; --k) {
        for (std::int64_t j = k + 1; j < side; ++j)
            subtract(matrix[k * side + j], &right[j * count], count, &right[k * count]);
        for (std::int64_t i = 0; i < count; ++i) right[k * count + i] /= matrix[k * side + k];
    }
}

}  // namespace

Skeleton skeleton(const double* values, std::int64_t rows, std::int64_t columns, const double* weight,
                  const Enough& enough, std::int64_t most) {
    Chosen chosen = choose(values, rows, columns, weight, enough, most);
    const auto side = static_cast<std::int64_t>(chosen.rows.size());
    std::vector<double> matrix(static_cast<std::size_t>(side * side)), right(static_cast<std::size_t>(side * rows));
    for (std::int64_t k = 0; k < side; ++k) {
        const std::int64_t column = chosen.columns[k];
        for (std::int64_t p = 0; p < side; ++p) matrix[k * side + p] = values[chosen.rows[p] * columns + column];
        for (std::int64_t i = 0; i < rows; ++i) right[k * rows + i] = values[i * columns + column];
    }
    solve(matrix, right, side, rows);
    Skeleton found{chosen.rows, std::vector<double>(static_cast<std::size_t>(rows * side))};
    for (std::int64_t i = 0; i < rows; ++i)
        for (std::int64_t p = 0; p < side; ++p) found.shares[i * side + p] = right[p * rows + i];
    return found;
}

}  // namespace simcore
