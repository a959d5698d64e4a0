// Adapter of layered.hpp.
#include "../layered.hpp"

#include <algorithm>

#include "../mie.hpp"
#include "spheres.hpp"

namespace simcore::bind {
namespace {

using Complex = std::complex<double>;

void require_order(const Array<double>& x) {
    const py::ssize_t layers = x.shape(1);
    for (py::ssize_t i = 0; i < x.size(); ++i)
        if (i % layers && x.data()[i] < x.data()[i - 1])
            throw std::invalid_argument("size_parameter: must not decrease from the inner layer to the outer one");
}

py::tuple coefficients(const Array<double>& x, const Array<Complex>& m, std::int64_t terms) {
    require_shape(x, "size_parameter", {-1, -1});
    if (x.shape(1) < 1) throw std::invalid_argument("size_parameter: must have at least one layer");
    require_shape(m, "relative_index", {x.shape(0), x.shape(1)});
    require_size(x);
    require_order(x);
    require_index(m);
    require_terms(terms);
    const std::int64_t count = x.shape(0), layers = x.shape(1);
    Array<std::int64_t> own(count);
    for (std::int64_t i = 0; i < count; ++i)
        own.mutable_data()[i] = std::min(mie_terms(x.data()[i * layers + layers - 1]), terms);
    Array<Complex> a({x.shape(0), static_cast<py::ssize_t>(terms)}), b({x.shape(0), static_cast<py::ssize_t>(terms)});
    Complex *a_to = a.mutable_data(), *b_to = b.mutable_data();
    const double* x_from = x.data();
    const Complex* m_from = m.data();
    const std::int64_t* own_from = own.data();
    {
        py::gil_scoped_release release;
        layered_coefficients(count, layers, x_from, m_from, own_from, terms, a_to, b_to);
    }
    return py::make_tuple(a, b);
}

}  // namespace

void add_layered(py::module_& module) {
    module.def(
        "layered_coefficients", &coefficients, py::arg("size_parameter").noconvert(),
        py::arg("relative_index").noconvert(), py::arg("terms"),
        "a, b [sphere, term] of spheres of layers [sphere, layer], inner to outer; zero past a sphere's own terms.");
}

}  // namespace simcore::bind
