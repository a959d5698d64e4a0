// Adapters of the bodies: voxels, silhouettes' outlines.
#include "../shapes.hpp"

#include <cmath>

#include "../columns.hpp"
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

void columns_array(Array<float> out, const BodyArrays& bodies, py::ssize_t image, const Array<double>& value,
                   double pixel_size, std::int64_t division, std::int64_t margin, double z_first, double z_step,
                   const Array<double>& share, double layers) {
    require_shape(share, "share (depth, plane)", {-1, -1});
    require_shape(out, "out (plane, y, x)", {share.shape(1), -1, -1});
    require_shape(value, "value (body)", {bodies.count()});
    const auto bad = [](double number) { return !(std::isfinite(number) && number > 0.0); };
    if (share.shape(0) < 4) throw std::invalid_argument("share (depth, plane): at least 4 depths are needed");
    if (image < 0 || image >= bodies.images()) throw std::invalid_argument("image: must be one of the bodies'");
    if (bad(pixel_size) || bad(z_step) || bad(layers))
        throw std::invalid_argument("pixel_size, z_step, layers: must be > 0 and finite");
    if (!std::isfinite(z_first)) throw std::invalid_argument("z_first: must be finite");
    if (division < 1 || division > 64 || margin < 0 || margin > 1 << 20)
        throw std::invalid_argument("division, margin: must be in [1, 64] and in [0, 2^20]");
    if (out.shape(1) % division != 0 || out.shape(2) % division != 0)
        throw std::invalid_argument("out (plane, y, x): must be of whole pixels");
    for (py::ssize_t i = 0; i < value.size(); ++i)
        if (!(std::abs(value.data()[i]) < 1e30)) throw std::invalid_argument("value: must be finite");
    for (py::ssize_t i = 0; i < share.size(); ++i)
        if (!(std::abs(share.data()[i]) < 1e30)) throw std::invalid_argument("share: must be finite");
    const Bodies view = bodies.view(bodies.images());
    const CellGrid grid{static_cast<std::size_t>(out.shape(1)), static_cast<std::size_t>(out.shape(2)), pixel_size,
                        division, margin};
    const DepthShares shares{z_first, z_step, share.shape(0), share.shape(1), share.data()};
    float* data = out.mutable_data();
    const py::gil_scoped_release release;
    check_bodies(view, static_cast<std::size_t>(bodies.images()), static_cast<std::size_t>(bodies.count()));
    add_columns(view, static_cast<std::size_t>(view.first[image]), static_cast<std::size_t>(view.first[image + 1]),
                value.data(), grid, shares, layers, data);
}

void extents_array(const BodyArrays& bodies, Array<double> out) {
    require_shape(out, "out (body, 5)", {bodies.count(), 5});
    const Bodies view = bodies.view(bodies.images());
    double* data = out.mutable_data();
    const py::gil_scoped_release release;
    check_bodies(view, static_cast<std::size_t>(bodies.images()), static_cast<std::size_t>(bodies.count()));
    body_extents(view, static_cast<std::size_t>(bodies.count()), data);
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
    module.def("columns", &columns_array, py::arg("out").noconvert(), py::arg("bodies"), py::arg("image"),
               py::arg("value").noconvert(), py::arg("pixel_size"), py::arg("division"), py::arg("margin"),
               py::arg("z_first"), py::arg("z_step"), py::arg("share").noconvert(), py::arg("layers"),
               "Add the light of the bodies of one image to out (plane, y, x), float32, shared between the planes by "
               "share (depth, plane).");
    module.def(
        "body_extents", &extents_array, py::arg("bodies"), py::arg("out").noconvert(),
        "Half sides of the bodies' boxes, the smaller radius seen along z and the thickness, um, into out (body, 5).");
    module.def("outlines", &outlines_array, py::arg("bodies"), py::arg("direction").noconvert(),
               py::arg("out").noconvert(),
               "Relative radius of each body in directions (body, direction, 3) of its own axes, into out.");
}

}  // namespace simcore::bind
