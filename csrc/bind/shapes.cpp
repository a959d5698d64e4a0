// Adapters of the bodies: voxels, silhouettes' outlines.
#include "../shapes.hpp"

#include <cmath>

#include "bodies.hpp"

namespace simcore::bind {
namespace {

void require_positive(const char* name, const Array<double>& values) {
    for (py::ssize_t i = 0; i < values.size(); ++i)
        if (!(std::isfinite(values.data()[i]) && values.data()[i] > 0.0))
            throw std::invalid_argument(std::string(name) + ": must be > 0 and finite");
}

template <class T, class V>
void voxelise_array(Array<T> out, const BodyArrays& bodies, const Array<V>& value, const Array<double>& pixel_size,
                    const Array<double>& z_first, const Array<double>& z_step, bool replace) {
    require_shape(out, "out (image, plane, y, x)", {-1, -1, -1, -1});
    const py::ssize_t images = out.shape(0);
    const Bodies view = bodies.view(images);
    require_shape(value, "value (body)", {bodies.count()});
    require_shape(pixel_size, "pixel_size (image)", {images});
    require_shape(z_first, "z_first (image)", {images});
    require_shape(z_step, "z_step (image)", {images});
    require_positive("pixel_size", pixel_size);
    require_positive("z_step", z_step);
    for (py::ssize_t i = 0; i < images; ++i)
        if (!std::isfinite(z_first.data()[i])) throw std::invalid_argument("z_first: must be finite");
    for (py::ssize_t i = 0; i < value.size(); ++i)
        if (!(std::abs(value.data()[i]) < 1e30)) throw std::invalid_argument("value: must be finite");
    const auto size = [&out](py::ssize_t axis) { return static_cast<std::size_t>(out.shape(axis)); };
    const VoxelGrid grid{size(0), size(1), size(2), size(3), pixel_size.data(), z_first.data(), z_step.data()};
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    check_bodies(view, size(0), static_cast<std::size_t>(bodies.count()));
    voxelise(view, value.data(), grid, replace ? Overlap::replace : Overlap::add, data);
}

void outlines_array(const BodyArrays& bodies, const Array<double>& direction, Array<double> out) {
    require_shape(direction, "direction (body, direction, 3)", {bodies.count(), -1, 3});
    require_shape(out, "out (body, direction)", {bodies.count(), direction.shape(1)});
    const Bodies view = bodies.view(bodies.images());
    const auto count = static_cast<std::size_t>(bodies.count());
    double* data = out.mutable_data();
    const py::gil_scoped_release release;
    check_bodies(view, static_cast<std::size_t>(bodies.images()), count);
    outlines(view, count, direction.data(), static_cast<std::size_t>(direction.shape(1)), data);
}

template <class T, class V>
void add_voxelise(py::module_& module) {
    module.def(
        "voxelise", &voxelise_array<T, V>, py::arg("out").noconvert(), py::arg("bodies"), py::arg("value").noconvert(),
        py::arg("pixel_size").noconvert(), py::arg("z_first").noconvert(), py::arg("z_step").noconvert(),
        py::arg("replace"),
        "Add bodies to out (image, plane, y, x), float32 with float64 values or complex64 with complex128 values.");
}

}  // namespace

void add_shapes(py::module_& module) {
    py::class_<BodyArrays>(module, "Bodies", "Ellipsoids and discs of a block of images, by reference.")
        .def(py::init<Array<std::int64_t>, Array<double>, Array<double>, Array<double>, Array<double>, Array<double>,
                      Array<double>, Array<double>, Array<double>, Array<std::uint64_t>, Array<std::uint64_t>>(),
             py::arg("first").noconvert(), py::arg("x").noconvert(), py::arg("y").noconvert(), py::arg("z").noconvert(),
             py::arg("radius").noconvert(), py::arg("rotation").noconvert(), py::arg("deformation").noconvert(),
             py::arg("texture").noconvert(), py::arg("texture_scale").noconvert(), py::arg("key").noconvert(),
             py::arg("counter").noconvert());
    add_voxelise<float, double>(module);
    add_voxelise<std::complex<float>, std::complex<double>>(module);
    module.def("outlines", &outlines_array, py::arg("bodies"), py::arg("direction").noconvert(),
               py::arg("out").noconvert(),
               "Relative radius of each body in directions (body, direction, 3) of its own axes, into out.");
}

}  // namespace simcore::bind
