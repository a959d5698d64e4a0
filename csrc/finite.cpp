#include "finite.hpp"

#include <cstdint>
#include <stdexcept>
#include <string>

#include "dispatch.hpp"

namespace simcore {
namespace {

template <class T>
SIMCORE_INLINE void finite_body(const T* values, std::size_t count, bool* result) {
    std::uint32_t bad = 0;
    for (std::size_t i = 0; i < count; ++i) bad |= values[i] - values[i] == T(0) ? 0u : 1u;
    *result = bad == 0;
}

SIMCORE_DISPATCH(are_finite, finite_body, (const float* values, std::size_t count, bool* result),
                 (values, count, result))
SIMCORE_DISPATCH(are_finite, finite_body, (const double* values, std::size_t count, bool* result),
                 (values, count, result))

template <class T>
bool finite(const T* values, std::size_t count) {
    bool result;
    are_finite(values, count, &result);
    return result;
}

template <class T>
void require(const char* name, const T* values, std::size_t count) {
    if (!finite(values, count)) throw std::invalid_argument(std::string(name) + ": must be finite");
}

}  // namespace

bool all_finite(const float* values, std::size_t count) { return finite(values, count); }
bool all_finite(const double* values, std::size_t count) { return finite(values, count); }
void require_finite(const char* name, const float* values, std::size_t count) { require(name, values, count); }
void require_finite(const char* name, const double* values, std::size_t count) { require(name, values, count); }

}  // namespace simcore
