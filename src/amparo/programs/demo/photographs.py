"""Ordinary photographs that ship inside the wheels of scikit-image and scikit-learn."""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from amparo.core.errors import Unavailable

_SKIMAGE = ("skimage", "data", "scikit-image")
_SKLEARN = ("sklearn", "datasets/images", "scikit-learn")


@dataclass(frozen=True, slots=True)
class Photograph:
    """A file of another package, who made it and what its licence is."""

    name: str
    file: str
    wheel: tuple[str, str, str]
    credit: str

    def open(self) -> Image.Image:
        """The picture as RGB."""
        with Image.open(self.path) as image:
            return image.convert("RGB")

    @property
    def path(self) -> Path:
        """Where the package keeps it. Raises Unavailable where the package is missing."""
        package, folder, project = self.wheel
        spec = find_spec(package)
        places = spec.submodule_search_locations if spec is not None else None
        if not places:
            raise Unavailable(
                f"The demonstration uses photographs that {project} ships; "
                "install it with: pip install 'amparo[demo]'"
            )
        return Path(places[0]) / folder / self.file


KNOWN = (
    Photograph("astronaut", "astronaut.png", _SKIMAGE, "NASA, public domain"),
    Photograph("cat", "chelsea.png", _SKIMAGE, "Stéfan van der Walt, CC0"),
    Photograph("coffee", "coffee.png", _SKIMAGE, "Rachel Michetti, CC0"),
    Photograph("cameraman", "camera.png", _SKIMAGE, "Lav Varshney, CC0"),
    Photograph("rocket", "rocket.jpg", _SKIMAGE, "SpaceX, public domain"),
    Photograph("temple", "china.jpg", _SKLEARN, "danielbuechele (Flickr), CC BY 2.0"),
)

UNRELATED = (
    Photograph("flower", "flower.jpg", _SKLEARN, "vultilion (Flickr), CC BY 2.0"),
    Photograph("coins", "coins.png", _SKIMAGE, "Brooklyn Museum, no known restrictions"),
    Photograph("clock", "clock_motion.png", _SKIMAGE, "Stéfan van der Walt, public domain"),
    Photograph("deep field", "hubble_deep_field.jpg", _SKIMAGE, "NASA, public domain"),
    Photograph("retina", "retina.jpg", _SKIMAGE, "CC0"),
    Photograph("cell", "cell.png", _SKIMAGE, "CC0"),
    Photograph("tissue", "ihc.png", _SKIMAGE, "CMMI, no known restrictions"),
    Photograph("bricks", "brick.png", _SKIMAGE, "CC0Textures, CC0"),
    Photograph("grass", "grass.png", _SKIMAGE, "CC0"),
    Photograph("gravel", "gravel.png", _SKIMAGE, "CC0Textures, CC0"),
)
