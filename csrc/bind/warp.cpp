// Adapters of the warps and of the elastic displacement.
#include "../warp.hpp"

#include "bind.hpp"
#include "edge.hpp"

namespace simcore::bind {
namespace {

std::size_t size(py::ssize_t length) { return static_cast<std::size_t>(length); }

template <class T>
WarpImages<T> images_of(Array<T>& image, const Array<bool>& apply, int order, const std::string& edge,
                        const Array<T>& value) {
    require_shape(image, "image (example, y, x, channel)", {-1, -1, -1, -1});
    require_shape(apply, "apply (example)", {image.shape(0)});
    require_shape(value, "value (example, channel)", {image.shape(0), image.shape(3)});
    return {image.mutable_data(), size(image.shape(0)), size(image.shape(1)),
            size(image.shape(2)), size(image.shape(3)), apply.data(),
            value.data(),         edge_named(edge),     order};
}

template <class T>
void affine(Array<T> image, const Array<double>& matrix, const Array<bool>& apply, int order, const std::string& edge,
            const Array<T>& value) {
    const WarpImages<T> images = images_of(image, apply, order, edge, value);
    require_shape(matrix, "matrix (example, 2, 3)", {image.shape(0), 2, 3});
    const py::gil_scoped_release release;
    warp_affine(images, matrix.data());
}

template <class T>
void displaced(Array<T> image, const Array<float>& displacement, const Array<bool>& apply, int order,
               const std::string& edge, const Array<T>& value) {
    const WarpImages<T> images = images_of(image, apply, order, edge, value);
    require_shape(displacement, "displacement (example, 2, y, x)", {image.shape(0), 2, image.shape(1), image.shape(2)});
    const py::gil_scoped_release release;
    warp_displaced(images, displacement.data());
}

void displaced_points(Array<double> points, const Array<float>& displacement, const Array<bool>& apply) {
    require_shape(points, "points (example, point, 2)", {-1, -1, 2});
    require_shape(displacement, "displacement (example, 2, y, x)", {points.shape(0), 2, -1, -1});
    require_shape(apply, "apply (example)", {points.shape(0)});
    double* data = points.mutable_data();
    const py::gil_scoped_release release;
    move_displaced(data, displacement.data(), apply.data(), size(points.shape(0)), size(points.shape(1)),
                   size(displacement.shape(2)), size(displacement.shape(3)));
}

void elastic(Array<float> out, const Array<bool>& apply, const Array<double>& alpha, const Array<double>& sigma,
             const Array<std::uint64_t>& key, const Array<std::uint64_t>& counter) {
    require_shape(out, "out (example, 2, y, x)", {-1, 2, -1, -1});
    const py::ssize_t examples = out.shape(0);
    require_shape(apply, "apply (example)", {examples});
    require_shape(alpha, "alpha (example)", {examples});
    require_shape(sigma, "sigma (example)", {examples});
    require_shape(key, "key (2)", {2});
    require_shape(counter, "counter (example, 3)", {examples, 3});
    float* data = out.mutable_data();
    const py::gil_scoped_release release;
    elastic_displacement(data, apply.data(), alpha.data(), sigma.data(), key.data(), counter.data(), size(examples),
                         size(out.shape(2)), size(out.shape(3)));
}

template <class T>
void add_warps(py::module_& module) {
    const auto image = py::arg("image").noconvert();
    const auto apply = py::arg("apply").noconvert();
    const auto value = py::arg("value").noconvert();
    module.def("warp_affine", &affine<T>, image, py::arg("matrix").noconvert(), apply, py::arg("order"),
               py::arg("edge"), value,
               "Take each pixel (y, x) of the images with apply from matrix (y, x, 1), in place.");
    module.def("warp_displaced", &displaced<T>, image, py::arg("displacement").noconvert(), apply, py::arg("order"),
               py::arg("edge"), value,
               "Take each pixel of the images with apply from its place + displacement, in place.");
}

}  // namespace

void add_warp(py::module_& module) {
    add_warps<float>(module);
    add_warps<double>(module);
    add_warps<std::uint8_t>(module);
    add_warps<std::uint16_t>(module);
    add_warps<std::uint32_t>(module);
    add_warps<std::uint64_t>(module);
    module.def("move_displaced", &displaced_points, py::arg("points").noconvert(), py::arg("displacement").noconvert(),
               py::arg("apply").noconvert(), "Move points as warp_displaced moves what lies at them, in place.");
    module.def("elastic_displacement", &elastic, py::arg("out").noconvert(), py::arg("apply").noconvert(),
               py::arg("alpha").noconvert(), py::arg("sigma").noconvert(), py::arg("key").noconvert(),
               py::arg("counter").noconvert(), "Fill out with alpha times filtered uniform noise.");
}

}  // namespace simcore::bind
