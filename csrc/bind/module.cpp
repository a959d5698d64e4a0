// simcore._core: one adapter file per kernel; this file only lists them.
#include <pybind11/pybind11.h>

#include "../dispatch.hpp"

namespace py = pybind11;

namespace simcore::bind {
void add_coherent(py::module_& module);
void add_camera(py::module_& module);
void add_elementary(py::module_& module);
void add_emission(py::module_& module);
void add_emission_planes(py::module_& module);
void add_geometry(py::module_& module);
void add_layered(py::module_& module);
void add_mie(py::module_& module);
void add_multislice(py::module_& module);
void add_noise(py::module_& module);
void add_shapes(py::module_& module);
void add_targets(py::module_& module);
void add_pixels(py::module_& module);
void add_through_pupil(py::module_& module);
void add_warp(py::module_& module);
void add_operations(py::module_& module);
void add_white_noise(py::module_& module);
}  // namespace simcore::bind

PYBIND11_MODULE(_core, module, py::mod_gil_not_used()) {
    module.doc() = "Compiled kernels of simcore: arrays in, results into memory the caller owns.";
    module.def("instruction_level", &simcore::instruction_level,
               "Instruction level in force: 4 (AVX-512), 3 (AVX2) or 0 (baseline).");
    module.def("set_instruction_level", &simcore::set_instruction_level, py::arg("level"),
               "Lower the instruction level; returns the one in force.");
    simcore::bind::add_coherent(module);
    simcore::bind::add_camera(module);
    simcore::bind::add_elementary(module);
    simcore::bind::add_emission(module);
    simcore::bind::add_emission_planes(module);
    simcore::bind::add_geometry(module);
    simcore::bind::add_layered(module);
    simcore::bind::add_mie(module);
    simcore::bind::add_multislice(module);
    simcore::bind::add_noise(module);
    simcore::bind::add_shapes(module);
    simcore::bind::add_targets(module);
    simcore::bind::add_pixels(module);
    simcore::bind::add_through_pupil(module);
    simcore::bind::add_warp(module);
    simcore::bind::add_operations(module);
    simcore::bind::add_white_noise(module);
}
