// Adapter of the pinned elementary functions; for tests and for whoever needs their bytes from Python.
#include "../elementary.hpp"

#include "../erf.hpp"
#include "../turns.hpp"
#include "bind.hpp"

namespace simcore::bind {
namespace {

SIMCORE_INLINE void sin_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = elementary::sin(x[i]);
}

SIMCORE_INLINE void cos_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = elementary::cos(x[i]);
}

SIMCORE_INLINE void exp_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = elementary::exp(x[i]);
}

SIMCORE_INLINE void log_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = elementary::log(x[i]);
}

SIMCORE_INLINE void erf_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = elementary::erf(x[i]);
}

SIMCORE_INLINE void cos_turns_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = turns::phase_of<float>(x[i]).cos;
}

SIMCORE_INLINE void sin_turns_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = turns::phase_of<float>(x[i]).sin;
}

SIMCORE_INLINE void log_uniform_body(const double* x, double* out, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out[i] = turns::log_of<float>(x[i]);
}

SIMCORE_DISPATCH(sin_array, sin_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(cos_array, cos_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(exp_array, exp_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(log_array, log_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(erf_array, erf_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(cos_turns_array, cos_turns_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(sin_turns_array, sin_turns_body, (const double* x, double* out, std::size_t count), (x, out, count))
SIMCORE_DISPATCH(log_uniform_array, log_uniform_body, (const double* x, double* out, std::size_t count),
                 (x, out, count))

using Function = void (*)(const double*, double*, std::size_t);

Function function_named(const std::string& name) {
    if (name == "sin") return sin_array;
    if (name == "cos") return cos_array;
    if (name == "exp") return exp_array;
    if (name == "log") return log_array;
    if (name == "erf") return erf_array;
    if (name == "single cos of turns") return cos_turns_array;
    if (name == "single sin of turns") return sin_turns_array;
    if (name == "single log of uniform") return log_uniform_array;
    throw std::invalid_argument("name: '" + name + "'; must be sin, cos, exp, log or erf");
}

py::array elementary_array(const std::string& name, const Array<double>& array) {
    const Function function = function_named(name);
    py::array_t<double> out(std::vector<py::ssize_t>(array.shape(), array.shape() + array.ndim()));
    const double* source = array.data();
    double* target = out.mutable_data();
    const auto count = static_cast<std::size_t>(array.size());
    {
        const py::gil_scoped_release release;
        function(source, target, count);
    }
    return out;
}

}  // namespace

void add_elementary(py::module_& module) {
    module.def("elementary", &elementary_array, py::arg("name"), py::arg("array").noconvert(),
               "sin, cos, exp, log or erf of a float64 array, with the same bytes on every machine; a new array.");
}

}  // namespace simcore::bind
