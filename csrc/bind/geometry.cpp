// Adapters of the flips, the transposition and the windows, for any plain item type.
#include "../geometry.hpp"

#include "bind.hpp"
#include "edge.hpp"

namespace simcore::bind {
namespace {

void require_plain(const py::array& array, const char* name) {
    constexpr int needed = py::array::c_style | py::detail::npy_api::NPY_ARRAY_ALIGNED_;
    if ((array.flags() & needed) != needed)
        throw py::type_error(std::string(name) + ": must be C-contiguous and aligned");
}

ImageBytes image_bytes(py::array& image) {
    if (image.ndim() != 4) throw std::invalid_argument("image (example, y, x, channel): wrong shape");
    require_plain(image, "image");
    const py::ssize_t item = image.itemsize();
    const bool plain = std::string("biufc").find(image.dtype().kind()) != std::string::npos;
    if (!plain || (item != 1 && item != 2 && item != 4 && item != 8 && item != 16))
        throw py::type_error("image: must hold plain numbers of 1, 2, 4, 8 or 16 bytes");
    const auto size = [&image](py::ssize_t axis) { return static_cast<std::size_t>(image.shape(axis)); };
    const auto bytes = static_cast<std::size_t>(item);
    return {static_cast<unsigned char*>(image.mutable_data()),
            size(0),
            size(1),
            size(2),
            size(3) * bytes,
            bytes < 8 ? bytes : 8};
}

template <void (*Move)(const ImageBytes&, const bool*)>
void moved(py::array image, const Array<bool>& apply) {
    const ImageBytes view = image_bytes(image);
    require_shape(apply, "apply (example)", {static_cast<py::ssize_t>(view.examples)});
    const py::gil_scoped_release release;
    Move(view, apply.data());
}

void windows(py::array image, py::array out, const Array<std::int64_t>& first_y, const Array<std::int64_t>& first_x,
             const std::string& edge, const py::array& value) {
    const ImageBytes view = image_bytes(image), other = image_bytes(out);
    require_plain(value, "value");
    if (!out.dtype().equal(image.dtype()) || !value.dtype().equal(image.dtype()))
        throw py::type_error("out, value: must be of the image's type");
    const py::ssize_t examples = image.shape(0);
    if (out.shape(0) != examples || out.shape(3) != image.shape(3))
        throw std::invalid_argument("out (example, y, x, channel): wrong shape");
    if (value.ndim() != 2 || value.shape(0) != examples || value.shape(1) != image.shape(3))
        throw std::invalid_argument("value (example, channel): wrong shape");
    require_shape(first_y, "first_y (example)", {examples});
    require_shape(first_x, "first_x (example)", {examples});
    const WindowBytes task{other.data,      other.height,   other.width,
                           first_y.data(),  first_x.data(), static_cast<const unsigned char*>(value.data()),
                           edge_named(edge)};
    const py::gil_scoped_release release;
    window(view, task);
}

}  // namespace

void add_geometry(py::module_& module) {
    const auto image = py::arg("image").noconvert();
    const auto apply = py::arg("apply").noconvert();
    module.def("flip_left_right", &moved<flip_left_right>, image, apply,
               "Mirror x of the images (example, y, x, channel) with apply, in place.");
    module.def("flip_up_down", &moved<flip_up_down>, image, apply,
               "Mirror y of the images (example, y, x, channel) with apply, in place.");
    module.def("transpose", &moved<transpose>, image, apply,
               "Exchange y and x of the square images (example, y, x, channel) with apply, in place.");
    module.def("window", &windows, image, py::arg("out").noconvert(), py::arg("first_y").noconvert(),
               py::arg("first_x").noconvert(), py::arg("edge"), py::arg("value").noconvert(),
               "Fill out (example, y, x, channel) with the pixels (y + first_y, x + first_x) of the images.");
}

}  // namespace simcore::bind
