// What every adapter shares: views that refuse copies, and shape checks that speak the caller's words.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <complex>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace py = pybind11;

namespace simcore::bind {

// A C-contiguous array of exactly this type; anything else is refused (use with py::arg().noconvert()).
template <class T>
using Array = py::array_t<T, py::array::c_style>;

template <class T>
void require_shape(const Array<T>& array, const char* name, std::initializer_list<py::ssize_t> shape) {
    bool same = array.ndim() == static_cast<py::ssize_t>(shape.size());
    py::ssize_t axis = 0;
    for (const py::ssize_t length : shape) {
        same = same && (length < 0 || array.shape(axis) == length);
        ++axis;
    }
    if (!same) throw std::invalid_argument(std::string(name) + ": wrong shape");
}

}  // namespace simcore::bind
