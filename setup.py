"""Build the compiled half of simcore: the C++ kernels (pybind11) and the property draws (Cython)."""

import os
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import Extension, setup

INCLUDE = np.get_include()  # numpy/_core/include
NUMPY = Path(INCLUDE).parents[1]
# The same bytes whatever instructions the machine has: no -ffast-math, no contraction into fma.
FLAGS = [] if os.name == "nt" else ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off"]

core = Pybind11Extension(
    "simcore._core",
    sorted(str(path) for folder in ("csrc", "csrc/bind") for path in Path(folder).glob("*.cpp")),
    depends=[str(path) for path in Path("csrc").rglob("*.hpp")],
    include_dirs=["csrc"],
    cxx_std=17,
    extra_compile_args=FLAGS,
)
draw = Extension(
    "simcore._draw",
    ["simcore/_draw.pyx"],
    depends=["csrc/philox.h"],
    include_dirs=[INCLUDE, "csrc"],
    library_dirs=[str(NUMPY / "random" / "lib"), str(NUMPY / "_core" / "lib")],
    libraries=["npyrandom", "npymath"] + ([] if os.name == "nt" else ["m"]),
    extra_compile_args=FLAGS,
)

ParallelCompile("SIMCORE_BUILD_JOBS", default=2).install()
setup(ext_modules=[core, *cythonize([draw], build_dir="build/cython", language_level=3)])
