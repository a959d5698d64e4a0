// Adapters of the target images.
#include "../targets.hpp"

#include <cmath>

#include "bodies.hpp"

namespace simcore::bind {
namespace {

Merge merge_named(const std::string& name) {
    if (name == "add") return Merge::add;
    if (name == "or") return Merge::either;
    if (name == "overwrite") return Merge::overwrite;
    if (name == "max") return Merge::largest;
    throw std::invalid_argument("merge: '" + name + "'; must be add, or, overwrite or max");
}

template <class T>
Raster raster_of(const Array<T>& out) {
    require_shape(out, "out (image, y, x, plane)", {-1, -1, -1, -1});
    const auto size = [&out](py::ssize_t axis) { return static_cast<std::size_t>(out.shape(axis)); };
    if (size(1) > INT32_MAX || size(2) > INT32_MAX) throw std::invalid_argument("out: higher or wider than 2^31 - 1");
    return {size(0), size(1), size(2), size(3)};
}

template <class T>
Raster flat_raster_of(const Array<T>& out) {
    const Raster raster = raster_of(out);
    if (raster.planes != 1) throw std::invalid_argument("out (image, y, x, 1): wrong shape");
    return raster;
}

void require_rising(const Array<std::int64_t>& first, std::size_t images, py::ssize_t count) {
    require_shape(first, "first (image + 1)", {static_cast<py::ssize_t>(images) + 1});
    bool rising = first.data()[0] == 0 && first.data()[images] == count;
    for (std::size_t i = 0; i < images; ++i) rising = rising && first.data()[i] <= first.data()[i + 1];
    if (!rising) throw std::invalid_argument("first: must rise from 0 to the number of particles");
}

void require_finite(const char* name, const Array<double>& values, bool positive = false) {
    for (py::ssize_t i = 0; i < values.size(); ++i) {
        const double value = values.data()[i];
        if (!std::isfinite(value) || (positive && !(value > 0.0)))
            throw std::invalid_argument(std::string(name) +
                                        (positive ? ": must be > 0 and finite" : ": must be finite"));
    }
}

void require_points(const Array<double>& y, const Array<double>& x) {
    require_shape(y, "y (particle)", {-1});
    require_shape(x, "x (particle)", {y.size()});
    require_finite("y", y);
    require_finite("x", x);
}

void require_limit(double limit) {
    if (!(limit > 0.0 && limit <= 1e6)) throw std::invalid_argument("limit: must be > 0 and <= 1e6");
}

using Offsets = Array<std::int64_t>;
using Reals = Array<double>;

template <class T>
void discs_array(Array<T> out, const Offsets& first, const Reals& y, const Reals& x, const Reals& radius,
                 const Array<T>& value, const std::string& merge) {
    const Raster raster = flat_raster_of(out);
    require_points(y, x);
    require_rising(first, raster.images, y.size());
    require_shape(radius, "radius (particle)", {y.size()});
    require_shape(value, "value (particle)", {y.size()});
    require_finite("radius", radius, true);
    const Merge how = merge_named(merge);
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    discs(data, raster, first.data(), y.data(), x.data(), radius.data(), value.data(), how);
}

template <class T>
void ellipsoids_array(Array<T> out, const Offsets& first, const Reals& y, const Reals& x, const Reals& z,
                      const Reals& radius, const Array<T>& value, const std::string& merge) {
    const Raster raster = raster_of(out);
    require_points(y, x);
    require_rising(first, raster.images, y.size());
    require_shape(z, "z (particle)", {y.size()});
    require_shape(radius, "radius (particle, 3)", {y.size(), 3});
    require_shape(value, "value (particle)", {y.size()});
    require_finite("z", z);
    require_finite("radius", radius, true);
    const Merge how = merge_named(merge);
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    ellipsoids(data, raster, first.data(), y.data(), x.data(), z.data(), radius.data(), value.data(), how);
}

void gaussians_array(Array<float> out, const Offsets& first, const Reals& y, const Reals& x, const Reals& sigma,
                     const Reals& weight, const std::string& merge) {
    const Raster raster = flat_raster_of(out);
    require_points(y, x);
    require_rising(first, raster.images, y.size());
    require_shape(sigma, "sigma (particle)", {y.size()});
    require_shape(weight, "weight (particle)", {y.size()});
    require_finite("sigma", sigma, true);
    require_finite("weight", weight);
    const Merge how = merge_named(merge);
    float* data = out.mutable_data();
    const py::gil_scoped_release release;
    gaussians(data, raster, first.data(), y.data(), x.data(), sigma.data(), weight.data(), how);
}

template <class T>
void silhouettes_array(Array<T> out, const BodyArrays& bodies, const Reals& pixel_size, const Array<T>& value,
                       const std::string& merge) {
    const Raster raster = flat_raster_of(out);
    const Bodies view = bodies.view(out.shape(0));
    require_shape(pixel_size, "pixel_size (image)", {out.shape(0)});
    require_finite("pixel_size", pixel_size, true);
    require_shape(value, "value (body)", {bodies.count()});
    const Merge how = merge_named(merge);
    T* data = out.mutable_data();
    const py::gil_scoped_release release;
    check_bodies(view, raster.images, static_cast<std::size_t>(bodies.count()));
    silhouettes(data, raster, view, pixel_size.data(), value.data(), how);
}

void boxes_array(Reals out, const BodyArrays& bodies, const Reals& pixel_size, std::size_t height, std::size_t width) {
    require_shape(out, "out (body, 4)", {bodies.count(), 4});
    const Bodies view = bodies.view(bodies.images());
    require_shape(pixel_size, "pixel_size (image)", {bodies.images()});
    require_finite("pixel_size", pixel_size, true);
    if (height < 1 || width < 1 || height > INT32_MAX || width > INT32_MAX)
        throw std::invalid_argument("height, width: must be from 1 to 2^31 - 1");
    const Raster raster{static_cast<std::size_t>(bodies.images()), height, width, 1};
    double* data = out.mutable_data();
    const py::gil_scoped_release release;
    check_bodies(view, raster.images, static_cast<std::size_t>(bodies.count()));
    silhouette_boxes(data, raster, view, pixel_size.data());
}

void point_distances_array(Array<float> out, const Offsets& first, const Reals& y, const Reals& x, double limit) {
    const Raster raster = flat_raster_of(out);
    require_points(y, x);
    require_rising(first, raster.images, y.size());
    require_limit(limit);
    float* data = out.mutable_data();
    const py::gil_scoped_release release;
    point_distances(data, raster, first.data(), y.data(), x.data(), limit);
}

void mask_distances_array(Array<float> out, const Array<bool>& mask, double limit) {
    const Raster raster = flat_raster_of(out);
    require_shape(mask, "mask (image, y, x, 1)", {out.shape(0), out.shape(1), out.shape(2), 1});
    require_limit(limit);
    float* data = out.mutable_data();
    const py::gil_scoped_release release;
    mask_distances(data, raster, mask.data(), limit);
}

template <class T>
void add_for(py::module_& module) {
    const auto out = py::arg("out").noconvert();
    const auto first = py::arg("first").noconvert();
    const auto y = py::arg("y").noconvert();
    const auto x = py::arg("x").noconvert();
    const auto radius = py::arg("radius").noconvert();
    const auto value = py::arg("value").noconvert();
    module.def("discs", &discs_array<T>, out, first, y, x, radius, value, py::arg("merge"),
               "Values on discs, out (image, y, x, 1) bool, int32 or float32.");
    module.def("ellipsoids", &ellipsoids_array<T>, out, first, y, x, py::arg("z").noconvert(), radius, value,
               py::arg("merge"), "Values in ellipsoids (radius (particle, 3): y, x, plane), out (image, y, x, plane).");
    module.def("silhouettes", &silhouettes_array<T>, out, py::arg("bodies"), py::arg("pixel_size").noconvert(), value,
               py::arg("merge"), "Values where bodies are seen, out (image, y, x, 1).");
}

}  // namespace

void add_targets(py::module_& module) {
    add_for<bool>(module);
    add_for<std::int32_t>(module);
    add_for<float>(module);
    module.def("gaussians", &gaussians_array, py::arg("out").noconvert(), py::arg("first").noconvert(),
               py::arg("y").noconvert(), py::arg("x").noconvert(), py::arg("sigma").noconvert(),
               py::arg("weight").noconvert(), py::arg("merge"),
               "Normal densities integrated over pixels, out (image, y, x, 1) float32.");
    module.def("silhouette_boxes", &boxes_array, py::arg("out").noconvert(), py::arg("bodies"),
               py::arg("pixel_size").noconvert(), py::arg("height"), py::arg("width"),
               "y0, x0, y1, x1 of each body's silhouette into out (body, 4) float64.");
    module.def("point_distances", &point_distances_array, py::arg("out").noconvert(), py::arg("first").noconvert(),
               py::arg("y").noconvert(), py::arg("x").noconvert(), py::arg("limit"),
               "Distance to the nearest particle, out (image, y, x, 1) float32.");
    module.def("mask_distances", &mask_distances_array, py::arg("out").noconvert(), py::arg("mask").noconvert(),
               py::arg("limit"), "Distance to the nearest pixel outside the mask, out (image, y, x, 1) float32.");
}

}  // namespace simcore::bind
