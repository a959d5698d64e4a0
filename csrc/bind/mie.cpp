// Adapter of mie.hpp.
#include "../mie.hpp"

#include <algorithm>
#include <cmath>

#include "spheres.hpp"

namespace simcore::bind {
namespace {

using Complex = std::complex<double>;

Array<std::int64_t> terms_of(const Array<double>& x) {
    require_shape(x, "size_parameter", {-1});
    require_size(x);
    Array<std::int64_t> terms(x.size());
    for (py::ssize_t i = 0; i < x.size(); ++i) terms.mutable_data()[i] = mie_terms(x.data()[i]);
    return terms;
}

py::tuple coefficients(const Array<double>& x, const Array<Complex>& m, std::int64_t terms) {
    Array<std::int64_t> own = terms_of(x);
    require_shape(m, "relative_index", {x.size()});
    require_index(m);
    require_terms(terms);
    for (py::ssize_t i = 0; i < x.size(); ++i) own.mutable_data()[i] = std::min(own.data()[i], terms);
    // One piece of memory: of large ones the system gives large pages.
    Array<Complex> both({py::ssize_t{2}, x.size(), static_cast<py::ssize_t>(terms)});
    Complex *a_to = both.mutable_data(), *b_to = a_to + x.size() * terms;
    const double* x_from = x.data();
    const Complex* m_from = m.data();
    const std::int64_t *own_from = own.data(), count = x.size();
    {
        py::gil_scoped_release release;
        mie_coefficients(count, x_from, m_from, own_from, terms, a_to, b_to);
    }
    return py::make_tuple(both[py::int_(0)], both[py::int_(1)]);
}

py::tuple amplitudes(const Array<Complex>& a, const Array<Complex>& b, const Array<double>& cos_theta) {
    require_shape(a, "a", {-1, -1});
    require_shape(b, "b", {a.shape(0), a.shape(1)});
    require_shape(cos_theta, "cos_theta", {-1});
    for (py::ssize_t i = 0; i < cos_theta.size(); ++i)
        if (!(std::abs(cos_theta.data()[i]) <= 1.0)) throw std::invalid_argument("cos_theta: must be in [-1, 1]");
    Array<Complex> s1({a.shape(0), cos_theta.size()}), s2({a.shape(0), cos_theta.size()});
    Complex *s1_to = s1.mutable_data(), *s2_to = s2.mutable_data();
    const Complex *a_from = a.data(), *b_from = b.data();
    const double* cosines = cos_theta.data();
    const std::int64_t count = a.shape(0), terms = a.shape(1), angles = cos_theta.size();
    {
        py::gil_scoped_release release;
        mie_amplitudes(count, terms, a_from, b_from, angles, cosines, s1_to, s2_to);
    }
    return py::make_tuple(s1, s2);
}

}  // namespace

void add_mie(py::module_& module) {
    module.def("mie_terms", &terms_of, py::arg("size_parameter").noconvert(),
               "Number of terms that the coefficients of each sphere need.");
    module.def("mie_coefficients", &coefficients, py::arg("size_parameter").noconvert(),
               py::arg("relative_index").noconvert(), py::arg("terms"),
               "a, b [sphere, term], exp(-i w t); zero past each sphere's own number of terms.");
    module.def("mie_amplitudes", &amplitudes, py::arg("a").noconvert(), py::arg("b").noconvert(),
               py::arg("cos_theta").noconvert(), "S1, S2 [sphere, angle] of Bohren & Huffman.");
}

}  // namespace simcore::bind
