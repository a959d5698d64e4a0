"""The one crossing into the compiled core: what the rest of simcore calls, with NumPy arrays in and out.

All kernels take blocks, release the GIL and run on the caller's thread. One file for each kernel of ``csrc``.
"""

from simcore.kernels.elementary import elementary, instruction_level, set_instruction_level
from simcore.kernels.geometry import flip_left_right, flip_up_down, transpose
from simcore.kernels.imaging import Spheres, image_spheres
from simcore.kernels.mie import mie_amplitudes, mie_coefficients, mie_terms
from simcore.kernels.noise import illumination_gradient, normalize_minmax, poisson_snr
from simcore.kernels.pixels import integrate_pixels, pixel_cells
from simcore.kernels.through_pupil import (
    LARGEST_GRID,
    Light,
    Particles,
    Pupils,
    add_intensity_through_pupil,
    fill_field_through_pupil,
)
