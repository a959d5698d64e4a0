"""Build the compiled half of simcore: the C++ kernels (pybind11) and the property draws (Cython)."""

import os
import sys
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

INCLUDE = np.get_include()  # numpy/_core/include
NUMPY = Path(INCLUDE).parents[1]
# The same bytes whatever instructions the machine has: no -ffast-math, no contraction into fma.
# Wide vectors are passed between functions that are always inlined: whatever the ABI says of them does not matter.
FLAGS = [] if os.name == "nt" else ["-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-Wno-psabi"]
# Adapters only check and hand on: a third less time to compile. They stand last, so that of an inline function that they
# share with the kernels the linker takes the kernels' copy.
ADAPTER_FLAGS = [] if os.name == "nt" else ["-O1"]
# Sanitizers and the like (make sanitize), for the compiler and the linker.
MORE_FLAGS = os.environ.get("SIMCORE_FLAGS", "").split()
LISTED = [] if os.name == "nt" else ["-MMD"]  # the files that an object was made from, in a list beside it
KERNELS, ADAPTERS = (sorted(map(str, Path(folder).glob("*.cpp"))) for folder in ("csrc", "csrc/bind"))


def stale(made, source):
    """Whether an object is older than a file that it was made from, or than this one."""
    try:
        files = Path(made).with_suffix(".d").read_text().replace("\\\n", " ").split(": ", 1)[1].split()
        return max(Path(file).stat().st_mtime for file in [source, __file__, *files]) > Path(made).stat().st_mtime
    except (OSError, IndexError):
        return True


class Build(build_ext):
    """Compiles adapters with flags of their own, and keeps the objects."""

    def finalize_options(self):
        super().finalize_options()
        if not Path(self.build_temp).resolve().is_relative_to(Path.cwd()):  # an editable install would throw them away
            self.build_temp = f"build/temp.{self.plat_name}-{sys.implementation.cache_tag}"

    def build_extensions(self):
        compile_one = self.compiler._compile

        def compile_with(target, source, suffix, arguments, last, macros):
            more = [*LISTED, *(ADAPTER_FLAGS if source in ADAPTERS else [])]
            compile_one(target, source, suffix, arguments, [*last, *more, *MORE_FLAGS], macros)

        self.compiler._compile = compile_with
        super().build_extensions()


core = Pybind11Extension(
    "simcore._core",
    [*KERNELS, *ADAPTERS],
    depends=[str(path) for path in Path("csrc").rglob("*.hpp")],
    include_dirs=["csrc"],
    cxx_std=17,
    extra_compile_args=FLAGS,
    extra_link_args=MORE_FLAGS,
)
draw = Extension(
    "simcore._draw",
    ["simcore/_draw.pyx"],
    depends=["csrc/philox.h"],
    include_dirs=[INCLUDE, "csrc"],
    library_dirs=[str(NUMPY / "random" / "lib"), str(NUMPY / "_core" / "lib")],
    libraries=["npyrandom", "npymath"] + ([] if os.name == "nt" else ["m"]),
    extra_compile_args=FLAGS,
    extra_link_args=MORE_FLAGS,
)

ParallelCompile("SIMCORE_BUILD_JOBS", default=2, needs_recompile=stale).install()
setup(
    ext_modules=[core, *cythonize([draw], build_dir="build/cython", language_level=3)],
    cmdclass={"build_ext": Build},
)
