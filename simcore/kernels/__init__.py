"""The one crossing into the compiled core: what the rest of simcore calls, with NumPy arrays in and out.

All kernels take blocks, release the GIL and run on the caller's thread. One file for each kernel of ``csrc``.
"""

from simcore.kernels.coherent import (
    CoherentOptics,
    Particles,
    coherent_field,
    coherent_intensity,
)
from simcore.kernels.elementary import elementary, instruction_level, set_instruction_level
from simcore.kernels.geometry import flip_left_right, flip_up_down, transpose
from simcore.kernels.mie import mie_amplitudes, mie_coefficients, mie_terms
from simcore.kernels.multislice import (
    advance,
    aplanatic_pupil,
    obliquity_phases,
    plane_wave_phases,
    plane_waves,
    thin_slice,
)
from simcore.kernels.noise import illumination_gradient, normalize_minmax, poisson_snr
from simcore.kernels.shapes import Bodies, outlines, voxelise
from simcore.kernels.targets import (
    discs,
    ellipsoids,
    gaussians,
    mask_distances,
    point_distances,
    silhouette_boxes,
    silhouettes,
)
