// Adapter of pixels.hpp and radial_mean.hpp.
#include "../pixels.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "../radial_mean.hpp"
#include "bind.hpp"

namespace simcore::bind {
namespace {

PixelRule checked_rule(double frequency, double tolerance) {
    if (!(frequency > 0.0 && frequency < 800.0)) throw std::invalid_argument("frequency: must be > 0 and < 800");
    if (!(tolerance >= 1e-10 && tolerance <= 0.1)) throw std::invalid_argument("tolerance: must be in [1e-10, 0.1]");
    return pixel_rule(frequency, tolerance);
}

py::tuple cells_of(double frequency, double tolerance) {
    const PixelRule rule = checked_rule(frequency, tolerance);
    return py::make_tuple(rule.division, rule.reach);
}

template <class T>
void integrate_pixels(const Array<T>& cells, Array<T>& out, double frequency, double tolerance) {
    const PixelRule rule = checked_rule(frequency, tolerance);
    require_shape(out, "out (image, y, x)", {-1, -1, -1});
    const std::int64_t images = out.shape(0), height = out.shape(1), width = out.shape(2);
    const std::int64_t rows = rule.cells(height), columns = rule.cells(width);
    require_shape(cells, "cells (image, y, x)", {images, rows, columns});
    const T* from = cells.data();
    T* to = out.mutable_data();
    const py::gil_scoped_release release;
    std::vector<T> scratch(static_cast<std::size_t>(columns));
    for (std::int64_t i = 0; i < images * height; ++i) {
        const std::int64_t image = i / height, row = i % height;
        integrate_row(rule, from + (image * rows + row * rule.division) * columns, columns, scratch.data(), width,
                      to + i * width);
    }
}

template <class T>
void radial_means(Array<T>& values, int order, double step) {
    require_shape(values, "values (radius,)", {-1});
    if (values.shape(0) < 3 * kMeanMargin) throw std::invalid_argument("values: must be 12 or more");
    if (order < 0) throw std::invalid_argument("order: must be >= 0");
    if (!(step > 0.0 && std::isfinite(step))) throw std::invalid_argument("step: must be finite and > 0");
    T* to = values.mutable_data();
    const std::int64_t count = values.shape(0);
    const py::gil_scoped_release release;
    std::vector<T> padded(kMeanBefore, T(0)), scratch;
    padded.insert(padded.end(), to, to + count);
    mean_radial(order, step, kMeanBefore, kMeanBefore + count, padded.data(), scratch);
    std::copy(padded.begin() + kMeanBefore, padded.end(), to);
}

template <class T>
void add_for(py::module_& module) {
    module.def(
        "integrate_pixels", &integrate_pixels<T>, py::arg("cells").noconvert(), py::arg("out").noconvert(),
        py::arg("frequency"), py::arg("tolerance"),
        "Means over pixels into out [image, y, x] from values at the centres of cells [image, pixels * division + "
        "2 reach, ...], see pixel_cells.");
    module.def(
        "radial_means", &radial_means<T>, py::arg("values").noconvert(), py::arg("order"), py::arg("step"),
        "The radial function of f(r) cos(order psi) at r = 0, step, ... (pixels) becomes that of its mean over a "
        "pixel, but for the last four values.");
}

}  // namespace

void add_pixels(py::module_& module) {
    module.def(
        "pixel_cells", &cells_of, py::arg("frequency"), py::arg("tolerance"),
        "(division, reach): cells in a pixel along each axis and cells beyond the image, for the highest angular "
        "frequency present (radians per pixel).");
    add_for<float>(module);
    add_for<double>(module);
}

}  // namespace simcore::bind
