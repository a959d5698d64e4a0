// Bessel functions J0, J1 and J2 of real arguments >= 0, absolute error below 1e-15, the same bytes on every machine.
//
// Below 32: Taylor series about the centres of a table, its values by Miller's downward recurrence (Abramowitz &
// Stegun 9.12) and their derivatives by 9.1.31; above: Hankel's asymptotic series (9.2.5).
#pragma once

#include <cstdint>

namespace simcore {

void bessel_j0_j2(std::int64_t count, const double* argument, double* j0, double* j2);
void bessel_j1(std::int64_t count, const double* argument, double* j1);

// Nodes and weights of Gauss-Legendre quadrature on [0, 1], in increasing order.
void gauss_legendre(int count, double* node, double* weight);

}  // namespace simcore
