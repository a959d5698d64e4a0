"""A network applied to prepared images: whole, in batches, or tile by tile."""

from typing import Any

import numpy as np

from dtmodels.backend import require_keras
from dtmodels.configuration import InputSection
from dtmodels.errors import SourceError
from dtmodels.examples import fits
from dtmodels.prediction.sampling import with_dropout
from dtmodels.prediction.tiles import Tiles, padded, planned

Array = np.ndarray[Any, Any]
NUMBERS_BATCH, IMAGES_BATCH = 256, 8
TILES = 64  # that are cut at a time
COPIES = 512  # of images, for several draws, at a time


def predict_in_batches(model: Any, images: Array, batch_size: int) -> Array:
    """Outputs of a network for float32 images."""
    return np.asarray(model.predict(images, batch_size=batch_size, verbose=0))


class Applied:
    """A Keras model that takes prepared images (n, y, x, channel), larger ones in tiles if it gives images.

    ``batch_size`` counts images, or tiles. With ``dropout_draws`` it answers so many times, other units dropped each time.
    """

    def __init__(
        self, model: Any, section: InputSection, batch_size: int | None = None, dropout_draws: int | None = None
    ) -> None:
        self.model, self.section = model if dropout_draws is None else with_dropout(model), section
        self._draws = 1 if dropout_draws is None else dropout_draws
        self.takes, self.gives = (tuple(ends[0].shape[1:]) for ends in (model.inputs, model.outputs))
        self.gives_images = len(self.takes) == len(self.gives) == 3
        self.batch_size = batch_size or (
            NUMBERS_BATCH if len(self.takes) == 3 and not self.gives_images else IMAGES_BATCH
        )
        self._of_size: tuple[tuple[int, ...], Any] | None = None
        self._planned: tuple[tuple[int, ...], Tiles] | None = None

    def answers(self, images: Array) -> list[Array]:
        """The outputs, once for each draw: of copies of the images, since each example of a batch drops other units."""
        if self._draws == 1:
            return [self(images)]
        at_once = max(1, COPIES // len(images))
        answers: list[Array] = []
        while len(answers) < self._draws:
            copies = min(at_once, self._draws - len(answers))
            answers += np.split(self(np.concatenate([images] * copies)), copies)
        return answers

    def __call__(self, images: Array) -> Array:
        """The outputs, (n, ...); SourceError when images do not fit or are not finite."""
        self._check(images)
        if not self.gives_images or images.ndim != 4:
            return self._outputs(images)
        tiles = self._tiles(images.shape[1:3])
        at_once = max(1, TILES // tiles.count)
        parts = [self._in_tiles(images[first : first + at_once], tiles) for first in range(0, len(images), at_once)]
        return np.concatenate(parts)

    def _outputs(self, images: Array) -> Array:
        outputs = predict_in_batches(self._sized(images.shape[1:]), images, self.batch_size)
        if not np.isfinite(outputs).all():
            raise SourceError("the network gives values that are not finite for these frames")
        return outputs

    def _sized(self, shape: tuple[int, ...]) -> Any:
        """The network for one size of image: with sizes left open some layers of Keras cannot be compiled."""
        if not self.gives_images or None not in self.takes:
            return self.model
        if self._of_size is None or self._of_size[0] != shape:
            keras = require_keras()
            inputs = keras.Input(shape)
            self._of_size = (shape, keras.Model(inputs, self.model(inputs)))
        return self._of_size[1]

    def _in_tiles(self, images: Array, tiles: Tiles) -> Array:
        height, width = images.shape[1:3]
        cut = np.concatenate([tiles.cut(padded(image, tiles.shape)) for image in images])
        outputs = self._outputs(cut)
        whole = [tiles.joined(outputs[first : first + tiles.count]) for first in range(0, len(cut), tiles.count)]
        return np.stack(whole)[:, :height, :width]

    def _tiles(self, shape: tuple[int, ...]) -> Tiles:
        if self._planned is None or self._planned[0] != shape:
            self._planned = (shape, planned(self.model, shape, self.section, self._outputs))
        return self._planned[1]

    def _check(self, images: Array) -> None:
        takes = (None, None, self.takes[-1]) if self.gives_images and images.ndim == 4 else self.takes
        if not fits(takes, images.shape[1:]):
            raise SourceError(
                f"frames become {images.shape[1:]} after `input:`, the network takes {self.takes}: set grey, crop, resize"
            )
        if not np.isfinite(images).all():
            raise SourceError("frames hold values that are not finite")
