"""Batches of a dataset as other frameworks take them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from dtmodels.errors import MissingPackageError

if TYPE_CHECKING:
    from dtmodels.batches import Batch, ExampleBatches


def tensorflow_dataset(batches: ExampleBatches) -> Any:
    """A ``tf.data.Dataset`` whose every iteration is the next epoch, read ahead while the batch before is worked on."""
    try:
        import tensorflow as tf  # noqa: PLC0415
    except ImportError as error:
        raise MissingPackageError(
            f"a tf.data view needs TensorFlow: pip install 'tensorflow>=2.18' ({error})"
        ) from None
    first = batches[0]
    signature = tuple(tf.TensorSpec((None, *part.shape[1:]), part.dtype) for part in first)
    made = tf.data.Dataset.from_generator(lambda: epoch_of(batches), output_signature=signature)
    return made.apply(tf.data.experimental.assert_cardinality(len(batches))).prefetch(2)


def torch_dataset(batches: ExampleBatches) -> Any:
    """A torch ``IterableDataset`` of batches: images (example, channel, y, x), targets and weights as they are."""
    try:
        import torch  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415
    except ImportError as error:
        raise MissingPackageError(f"a torch view needs PyTorch: pip install torch ({error})") from None

    class Batches(torch.utils.data.IterableDataset):  # type: ignore[misc, name-defined, unused-ignore]
        def __len__(self) -> int:
            return len(batches)

        def __iter__(self) -> Iterator[tuple[Any, ...]]:
            for images, *rest in epoch_of(batches):
                yield torch.from_numpy(_channels_first(images)), *(torch.from_numpy(part) for part in rest)

    return Batches()


def epoch_of(batches: ExampleBatches) -> Iterator[Batch]:
    """The batches of the next epoch."""
    batches.on_epoch_begin()
    for index in range(len(batches)):
        yield batches[index]


def _channels_first(images: Any) -> Any:
    return np.ascontiguousarray(np.moveaxis(images, -1, 1)) if images.ndim > 2 else images
