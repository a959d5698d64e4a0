"""The one crossing into the compiled core: what the rest of simcore calls, with NumPy arrays in and out.

All kernels take blocks, release the GIL and run on the caller's thread. One file for each kernel of ``csrc``.
"""

from simcore.kernels.camera import PixelMaps, camera
from simcore.kernels.coherent import (
    CoherentOptics,
    Particles,
    coherent_field,
    coherent_intensity,
)
from simcore.kernels.elementary import elementary, instruction_level, set_instruction_level
from simcore.kernels.emission import (
    NO_LUMPS,
    EmissionOptics,
    EmissionPlanes,
    Emitters,
    emission_reach,
    image_aberrated,
    image_emitters,
    pupil_nodes,
)
from simcore.kernels.geometry import flip_left_right, flip_up_down, transpose, window
from simcore.kernels.mie import layered_coefficients, mie_amplitudes, mie_coefficients, mie_terms
from simcore.kernels.multislice import (
    advance,
    aplanatic_pupil,
    obliquity_phases,
    plane_wave_phases,
    plane_waves,
    thin_slice,
)
from simcore.kernels.noise import (
    gaussian_noise,
    normal,
    photon_noise,
    poisson_snr,
    speckle,
)
from simcore.kernels.normalization import (
    illumination_gradient,
    normalize_minmax,
    normalize_quantile,
    normalize_standard,
)
from simcore.kernels.operations import (
    AxisWeights,
    angle,
    gaussian_blur,
    mean_blur,
    median_blur,
    pool,
    resample,
)
from simcore.kernels.pixels import integrate_pixels, pixel_cells, radial_means
from simcore.kernels.shapes import Bodies, body_extents, columns, outlines, voxelise
from simcore.kernels.targets import (
    discs,
    ellipsoids,
    gaussians,
    mask_distances,
    point_distances,
    silhouette_boxes,
    silhouettes,
)
from simcore.kernels.through_pupil import (
    LARGEST_GRID,
    Pupils,
    add_intensity_through_pupil,
    fill_field_through_pupil,
)
from simcore.kernels.warp import elastic_displacement, move_displaced, warp_affine, warp_displaced
