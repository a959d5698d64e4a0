// Checks that the adapters of scattering kernels share.
#pragma once

#include <cmath>

#include "bind.hpp"

namespace simcore::bind {

constexpr double kLargestSphere = 1e6;

inline void require_size(const Array<double>& x) {
    for (py::ssize_t i = 0; i < x.size(); ++i)
        if (!(x.data()[i] > 0.0 && x.data()[i] <= kLargestSphere))
            throw std::invalid_argument("size_parameter: must be > 0 and at most 1e6");
}

inline void require_index(const Array<std::complex<double>>& m) {
    for (py::ssize_t i = 0; i < m.size(); ++i)
        if (!(m.data()[i].real() > 0.0 && m.data()[i].imag() >= 0.0 && std::abs(m.data()[i]) <= 1e3))
            throw std::invalid_argument("relative_index: must be n + i k with n > 0, k >= 0, at most 1e3");
}

inline void require_terms(std::int64_t terms) {
    if (terms < 1 || terms > 2 * static_cast<std::int64_t>(kLargestSphere))
        throw std::invalid_argument("terms: must be > 0 and at most 2e6");
}

}  // namespace simcore::bind
