"""Images of Gaussian spots whose positions are known."""

import numpy as np

SIZE = 21


def spots(count, seed, size=SIZE, noise=0.05):
    """Gaussian spots of sigma 2 px anywhere within 4 px of the centre: images, (y, x), signal-to-noise ratio."""
    generator = np.random.default_rng(seed)
    position = (size - 1) / 2 + generator.uniform(-4, 4, (count, 2))
    grid = np.arange(size)
    y = np.exp(-((grid - position[:, :1]) ** 2) / 8)
    x = np.exp(-((grid - position[:, 1:]) ** 2) / 8)
    level = noise * generator.uniform(0.2, 1.0, count)
    image = y[:, :, None] * x[:, None, :] + level[:, None, None] * generator.normal(size=(count, size, size))
    snr = (1 / level).astype(np.float32)
    return {"image": image[..., None].astype(np.float32), "position": position.astype(np.float32), "snr": snr}
