"""The pixels of one image file: 0..255, upright, opaque, and what had to be decided for that."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from featureprobe.errors import DataError
from featureprobe.types import ImageShape

# Raster formats that Pillow decodes itself. Others may start programs (PostScript: Ghostscript).
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")
MODES = {1: "L", 3: "RGB", 4: "RGBA"}
_WHITE = 255
_TIFF_BITS, _TIFF_INTERPRETATION, _TIFF_WHITE_IS_ZERO = 258, 262, 0
# Parts of the names of colour profiles whose numbers are those of ordinary images.
_ORDINARY_PROFILES = ("srgb", "61966", "gamma 2.2")

Notes = dict[str, str]
"""What was decided for a file: a sentence about it by the kind of decision."""


def open_picture(path: Path, channels: int, background: int | None) -> tuple[Image.Image, Notes]:
    """Return the picture of a file and what was decided to get it.

    Args:
        path: The file.
        channels: 1, 3 or 4.
        background: Grey value that transparent pixels are laid over; None: white, with a note.

    Returns:
        The picture in one of ``MODES``, or in mode ``"F"`` (one channel, 0..255) where the file has
        more than 8 bits a pixel; and the notes.

    Raises:
        DataError: When the file stores numbers whose range it does not say.
        Exception: Whatever Pillow raises for a broken file.
    """
    _check_sums(path)
    with Image.open(path, formats=FORMATS) as file:
        notes = _notes(file)
        file.load()
        upright = ImageOps.exif_transpose(file)
        picture = _at_255(upright, file)
    if picture.mode == "F":
        return picture, notes
    if not picture.has_transparency_data or channels == 4:
        return picture.convert(MODES[channels]), notes
    clear = picture.convert("RGBA")
    if int(np.asarray(clear)[..., 3].min()) < 255 and background is None:
        notes["transparent"] = (
            f"has transparent pixels, which are laid over white ({_WHITE}). Choose what they are "
            "laid over with ImageFolder(..., background=0..255)"
        )
    grey = _WHITE if background is None else background
    ground = Image.new("RGBA", clear.size, (grey, grey, grey, 255))
    return Image.alpha_composite(ground, clear).convert(MODES[channels]), notes


def as_array(picture: Image.Image, shape: ImageShape) -> npt.NDArray[np.uint8 | np.float32]:
    """Return (H, W, C), bilinearly resized where the size differs: uint8, or float32 of mode F."""
    size = shape[1], shape[0]
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    values = np.asarray(picture)
    if picture.mode != "F":
        return values.reshape(shape)
    image = np.repeat(values[..., None], shape[2], axis=2)
    image[..., 3:] = 255.0  # opaque
    return image


def _check_sums(path: Path) -> None:
    """Raise SyntaxError when a sum of a PNG file is wrong: decoding does not look at all of them."""
    with Image.open(path, formats=FORMATS) as file:
        if file.format == "PNG":
            file.verify()


def _at_255(picture: Image.Image, file: Image.Image) -> Image.Image:
    """Return a picture of 8 bits a value as it is, one of 16 bits grey in 0..255 as mode F.

    Raises:
        DataError: For 32-bit numbers.
    """
    tags = getattr(file, "tag_v2", {})
    sixteen = picture.mode.startswith("I;16") or (picture.mode == "I" and file.format == "PNG")
    if not sixteen:
        if picture.mode in ("I", "F"):
            raise DataError(
                f"It stores numbers of 32 bits (mode {picture.mode!r}), and no file says which of "
                "them is white. Read the images yourself and pass an array in pixel units."
            )
        return picture
    stored = np.asarray(picture).astype(np.float32)
    values = stored * np.float32(255.0 / (2 ** int(tags.get(_TIFF_BITS, (16,))[0]) - 1))
    if tags.get(_TIFF_INTERPRETATION) == _TIFF_WHITE_IS_ZERO:
        values = 255.0 - values
    if "transparency" not in picture.info:
        return Image.fromarray(values)
    opaque = np.where(stored == picture.info["transparency"], 0, 255)
    return Image.fromarray(np.stack([np.rint(values), opaque], axis=-1).astype(np.uint8))


def _notes(file: Image.Image) -> Notes:
    """Return what the pixels leave out of a file that was opened and not yet read."""
    notes: Notes = {}
    count = getattr(file, "n_frames", 1)
    if count > 1 and file.format != "MPO":  # MPO: the JPEG of a camera, with previews behind it
        notes["frames"] = (
            f"holds {count} pictures, of which the first is read. Save the others as files of "
            "their own to have them read"
        )
    if file.mode == "CMYK":
        notes["inks"] = (
            "stores inks (CMYK), converted to RGB without a profile; a viewer may show other "
            "colours. Save it as RGB to decide them"
        )
    elif not _is_ordinary(file.info.get("icc_profile")):
        notes["profile"] = (
            "has a colour profile other than sRGB, which is not applied: pixels are read as the "
            "file stores them. Convert it to sRGB if the model was trained on that"
        )
    return notes


def _is_ordinary(profile: bytes | None) -> bool:
    """Whether a colour profile is none, or one of the numbers that ordinary images have.

    The profile's texts are searched, in both encodings that profiles use.
    """
    if not profile:
        return True
    text = profile.decode("latin-1").replace("\0", "").lower()
    return any(name in text for name in _ORDINARY_PROFILES)
