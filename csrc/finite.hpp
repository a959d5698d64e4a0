// Whether all values are finite: what kernels ask before they change anything.
#pragma once

#include <cstddef>

namespace simcore {

bool all_finite(const float* values, std::size_t count);
bool all_finite(const double* values, std::size_t count);

// Throws std::invalid_argument, "<name>: must be finite".
void require_finite(const char* name, const float* values, std::size_t count);
void require_finite(const char* name, const double* values, std::size_t count);

}  // namespace simcore
