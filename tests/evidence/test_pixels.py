"""Pixels of image files: every encoding gives the pixels that it shows, or says what is left out."""

import struct
import warnings
import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

import featureprobe as fp

ROWS, COLS = 6, 8
RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (ROWS, COLS), dtype=np.uint8)
RGB = RNG.integers(0, 256, (ROWS, COLS, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (ROWS, COLS), dtype=np.uint8)
OPAQUE = np.full((ROWS, COLS), 255, np.uint8)
DEEP = (GREY.astype(np.uint16) << 8) + 200
BLOCKS = np.kron(
    RNG.integers(0, 256, (1, 1, 3), dtype=np.uint8), np.ones((ROWS, COLS, 1), np.uint8)
)
LUMA = np.array([0.299, 0.587, 0.114])


def read(folder: Path, channels: int = 3, **options: Any) -> tuple[np.ndarray, list[str]]:
    """Return the pixels of the only file of a folder, and the warnings."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        [(_, image)] = fp.ImageFolder(folder, **options).read((ROWS, COLS, channels))
    return image, [str(w.message) for w in told]


def over(values: np.ndarray, alpha: np.ndarray, ground: float = 255) -> np.ndarray:
    """Return what is seen of pixels over a background."""
    share = alpha[..., None] / 255
    return values * share + ground * (1 - share)


def png(
    values: np.ndarray,
    colour: int,
    depth: int,
    size: tuple[int, int] | None = None,
    **chunks: bytes,
) -> bytes:
    """Return a PNG file, written by hand: (H, W, C) values of ``depth`` bits, 8 or 16.

    Args:
        values: The pixels.
        colour: PNG's number of the colour type.
        depth: Bits a value.
        size: (columns, rows) that the head claims; None: the true ones.
        **chunks: Further chunks by name.
    """
    cols, rows = size or (values.shape[1], values.shape[0])
    lines = b"".join(b"\0" + row.astype(f">u{depth // 8}").tobytes() for row in values)
    head = struct.pack(">IIBBBBB", cols, rows, depth, colour, 0, 0, 0)
    parts = [("IHDR", head), *chunks.items(), ("IDAT", zlib.compress(lines)), ("IEND", b"")]
    made = b"\x89PNG\r\n\x1a\n"
    for name, data in parts:
        kind = name.encode() + data
        made += struct.pack(">I", len(data)) + kind + struct.pack(">I", zlib.crc32(kind))
    return made


def tiff(values: np.ndarray, bits: int, interpretation: int) -> bytes:
    """Return an uncompressed TIFF file, written by hand; ``values`` are (H, W, C) bytes."""
    rows, cols, count = values.shape
    data = values.tobytes() if bits != 12 else packed(values)
    kinds = [(256, cols), (257, rows), (259, 1), (262, interpretation), (277, count), (278, rows)]
    after = 8 + 2 + 12 * (len(kinds) + 3) + 4
    entries = [(tag, 4, 1, value) for tag, value in kinds]
    entries.append((258, 3, count, bits if count == 1 else after))
    extra = struct.pack(f"<{count}H", *[bits] * count) if count > 1 else b""
    entries += [(273, 4, 1, after + len(extra)), (279, 4, 1, len(data))]
    table = b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
    return struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + table + b"\0" * 4 + extra + data


def packed(values: np.ndarray) -> bytes:
    """Return 12-bit numbers, two in three bytes."""
    pairs = values.reshape(-1, 2).astype(int)
    both = pairs[:, 0] << 12 | pairs[:, 1]
    return b"".join(int(n).to_bytes(3, "big") for n in both)


def saved(values: Any, suffix: str, mode: str | None = None, **options: Any) -> bytes:
    """Return a file that Pillow writes."""
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image = image if mode is None else image.convert(mode)
    buffer = BytesIO()
    image.save(buffer, suffix, **options)
    return buffer.getvalue()


def with_alpha(values: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """Return (H, W, C + 1) values."""
    return np.dstack([values, alpha])


def in_palette(**options: Any) -> bytes:
    """Return a PNG file of four colours, the last of them perhaps transparent."""
    image = Image.fromarray(GREY // 64, "P")
    image.putpalette([10, 20, 30, 200, 100, 50, 0, 255, 0, 255, 0, 255])
    return saved(image, "PNG", **options)


PALETTE = np.array([[10, 20, 30], [200, 100, 50], [0, 255, 0], [255, 0, 255]])[GREY // 64]
HOLES = np.where(GREY // 64 == 3, 0, 255)
ONE_BIT = np.where(GREY > 127, 255, 0).astype(np.uint8)
DEEP_RGB = (RGB.astype(np.uint16) << 8) + 77
TWELVE = (GREY.astype(np.uint16) << 4) + 5

# name: (file, pixels (H, W) or (H, W, 3) that it shows, tolerance in grey levels, what is told)
FILES: dict[str, tuple[bytes, np.ndarray, float, str]] = {
    "1-bit.png": (saved(ONE_BIT, "PNG", "1"), ONE_BIT, 0, ""),
    "1-bit.tif": (saved(ONE_BIT, "TIFF", "1"), ONE_BIT, 0, ""),
    "1-bit.bmp": (saved(ONE_BIT, "BMP", "1"), ONE_BIT, 0, ""),
    "grey.png": (saved(GREY, "PNG"), GREY, 0, ""),
    "grey.tif": (saved(GREY, "TIFF"), GREY, 0, ""),
    "grey white is zero.tif": (tiff(255 - GREY[..., None], 8, 0), GREY, 0, ""),
    "grey.gif": (saved(GREY, "GIF"), GREY, 0, ""),
    "grey.jpg": (saved(np.full_like(GREY, 77), "JPEG"), np.full_like(GREY, 77), 1, ""),
    "grey, its name says jpg.jpg": (saved(GREY, "PNG"), GREY, 0, ""),
    "grey clear.png": (saved(with_alpha(GREY, ALPHA), "PNG"), over(GREY[..., None], ALPHA)[..., 0], 1, "transparent"),
    "grey opaque.png": (saved(with_alpha(GREY, OPAQUE), "PNG"), GREY, 0, ""),
    "grey with a clear value.png": (png(GREY[..., None], 0, 8, tRNS=struct.pack(">H", int(GREY[2, 3]))), np.where(GREY[2, 3] == GREY, 255, GREY), 0, "transparent"),
    "16 bits.png": (saved(DEEP, "PNG"), DEEP / 257, 1e-3, ""),
    "16 bits.tif": (saved(DEEP, "TIFF"), DEEP / 257, 1e-3, ""),
    "16 bits big-endian.tif": (saved(Image.frombytes("I;16B", (COLS, ROWS), DEEP.astype(">u2").tobytes()), "TIFF"), DEEP / 257, 1e-3, ""),
    "16 bits white is zero.tif": (tiff(65535 - DEEP[..., None], 16, 0), DEEP / 257, 1e-3, ""),
    "12 bits.tif": (tiff(TWELVE[..., None], 12, 1), TWELVE / 4095 * 255, 1e-3, ""),
    "16 bits with a clear value.png": (png(DEEP[..., None], 0, 16, tRNS=struct.pack(">H", int(DEEP[2, 3]))), np.where(DEEP[2, 3] == DEEP, 255, DEEP / 257), 1, "transparent"),
    "16 bits grey clear.png": (png(with_alpha(DEEP, ALPHA.astype(np.uint16) * 257), 4, 16), over(DEEP[..., None] / 257, ALPHA)[..., 0], 2, "transparent"),
    "rgb.png": (saved(RGB, "PNG"), RGB, 0, ""),
    "rgb.bmp": (saved(RGB, "BMP"), RGB, 0, ""),
    "rgb.tiff": (saved(RGB, "TIFF", compression="tiff_lzw"), RGB, 0, ""),
    "rgb.webp": (saved(RGB, "WEBP", lossless=True), RGB, 0, ""),
    "rgb.jpeg": (saved(BLOCKS, "JPEG", quality=100), BLOCKS, 2, ""),
    "16 bits rgb.png": (png(DEEP_RGB, 2, 16), DEEP_RGB / 257, 1, ""),
    "16 bits rgb.tif": (tiff(DEEP_RGB, 16, 2), DEEP_RGB / 257, 1, ""),
    "16 bits rgb clear.png": (png(with_alpha(DEEP_RGB, ALPHA.astype(np.uint16) * 257), 6, 16), over(DEEP_RGB / 257, ALPHA), 2, "transparent"),
    "clear.png": (saved(with_alpha(RGB, ALPHA), "PNG"), over(RGB, ALPHA), 1, "transparent"),
    "clear.webp": (saved(with_alpha(RGB, ALPHA), "WEBP", lossless=True, exact=True), over(RGB, ALPHA), 1, "transparent"),
    "clear.tif": (saved(with_alpha(RGB, ALPHA), "TIFF"), over(RGB, ALPHA), 1, "transparent"),
    "opaque.png": (saved(with_alpha(RGB, OPAQUE), "PNG"), RGB, 0, ""),
    "a clear colour.png": (png(RGB, 2, 8, tRNS=struct.pack(">3H", *map(int, RGB[2, 3]))), over(RGB, np.where((RGB[2, 3] == RGB).all(-1), 0, 255)), 0, "transparent"),
    "palette.png": (in_palette(), PALETTE, 0, ""),
    "palette clear.png": (in_palette(transparency=3), over(PALETTE, HOLES), 0, "transparent"),
    "palette half clear.png": (in_palette(transparency=bytes([255, 255, 255, 0])), over(PALETTE, HOLES), 0, "transparent"),
    "inks.jpg": (saved(BLOCKS, "JPEG", "CMYK", quality=100), BLOCKS, 3, "CMYK"),
    "inks.tif": (saved(RGB, "TIFF", "CMYK"), RGB, 1, "CMYK"),
    "srgb.png": (saved(RGB, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()), RGB, 0, ""),
    "other profile.png": (saved(RGB, "PNG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()), RGB, 0, "colour profile"),
    **{
        f"{n} frames{suffix}": (
            saved(BLOCKS, form, save_all=True, append_images=[Image.fromarray(BLOCKS // k) for k in range(2, n + 1)], **options),
            BLOCKS, 0, f"{n} pictures" if n > 1 else "",
        )
        for n in (1, 3)
        for suffix, form, options in ((".png", "PNG", {}), (".webp", "WEBP", {"lossless": True}), (".gif", "GIF", {}), (".tif", "TIFF", {}))
    },
}  # fmt: skip


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", FILES)
def test_a_file_gives_the_pixels_that_it_shows(tmp_path: Path, name: str, channels: int) -> None:
    """Of 0..255, for models of 1, 3 and 4 channels; what is left out is told, and nothing else is."""
    content, shown, tolerance, told = FILES[name]
    (tmp_path / name).write_bytes(content)
    image, warned = read(tmp_path, channels)
    if channels == 4 and told == "transparent":  # it is kept
        image, told = with_alpha(over(image[..., :3], image[..., 3]), OPAQUE), ""
    wanted = shown[..., None] if shown.ndim == 2 else shown
    if channels == 1 and wanted.shape[2] == 3:
        wanted, tolerance = (wanted @ LUMA)[..., None], tolerance + 1
    assert image.shape == (ROWS, COLS, channels)
    np.testing.assert_allclose(
        image[..., :3].astype(float),
        np.broadcast_to(wanted, image[..., :3].shape),
        atol=tolerance + 1e-4,
        rtol=0,
    )
    assert channels < 4 or image[..., 3].min() == 255
    assert len(warned) == (1 if told else 0), warned
    assert all(name in text and told in text for text in warned)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "WEBP", "TIFF", "deep PNG"])
def test_pictures_stand_upright(tmp_path: Path, orientation: int, suffix: str) -> None:
    """Whatever the camera was held like: the same square scene comes out."""
    scene = np.zeros((COLS, COLS), np.uint8)
    scene[:4], scene[:4, :4] = 80, 240
    stored = {
        1: scene, 2: scene[:, ::-1], 3: scene[::-1, ::-1], 4: scene[::-1], 5: scene.T,
        6: np.rot90(scene, 1), 7: scene[::-1, ::-1].T, 8: np.rot90(scene, -1),
    }[orientation]  # fmt: skip
    pixels = np.ascontiguousarray(stored)
    deep = suffix.startswith("deep")
    exif = Image.Exif()
    exif[0x0112] = orientation
    kind = suffix.rsplit(maxsplit=1)[-1]
    options = {"quality": 100} if kind in ("JPEG", "WEBP") else {}
    file = saved(pixels.astype(np.uint16) * 257 if deep else pixels, kind, exif=exif, **options)
    (tmp_path / f"scene.{kind.lower()}").write_bytes(file)
    [(_, image)] = fp.ImageFolder(tmp_path).read((COLS, COLS, 1))
    assert np.abs(image[..., 0].astype(int) - scene).max() <= 12


def test_a_turned_picture_has_the_size_that_is_seen(tmp_path: Path) -> None:
    """Rows and columns are those of the upright picture."""
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(saved(GREY, "JPEG", exif=exif))
    [(_, image)] = fp.ImageFolder(tmp_path).read((COLS, ROWS, 1))
    assert image.shape == (COLS, ROWS, 1)
    with pytest.raises(fp.ShapeError, match=f"{COLS} x {ROWS} pixels"):
        next(fp.ImageFolder(tmp_path).read((ROWS, COLS, 1)))


def test_four_channels_keep_the_transparency(tmp_path: Path) -> None:
    """A model of four channels sees what is stored, without a warning."""
    (tmp_path / "a.png").write_bytes(saved(with_alpha(RGB, ALPHA), "PNG"))
    image, warned = read(tmp_path, 4)
    np.testing.assert_array_equal(image, with_alpha(RGB, ALPHA))
    assert not warned


@pytest.mark.parametrize("background", [0, 128, 255])
def test_the_background_is_chosen(tmp_path: Path, background: int) -> None:
    """Then nothing is told."""
    (tmp_path / "a.png").write_bytes(saved(with_alpha(RGB, ALPHA), "PNG"))
    image, warned = read(tmp_path, background=background)
    np.testing.assert_allclose(image, over(RGB, ALPHA, background), atol=1)
    assert not warned


@pytest.mark.parametrize("background", [-1, 256, 0.5, "white", True])
def test_a_background_that_is_none(tmp_path: Path, background: Any) -> None:
    """Other values than 0..255 are refused."""
    with pytest.raises(fp.RangeError, match="background"):
        fp.ImageFolder(tmp_path, background=background)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_numbers_of_an_unknown_range_are_refused(tmp_path: Path, mode: str) -> None:
    """32 bits: no file says which number is white."""
    (tmp_path / "a.tif").write_bytes(saved(GREY, "TIFF", mode))
    (tmp_path / "b.png").write_bytes(saved(GREY, "PNG"))
    with pytest.raises(fp.DataError, match=r"a\.tif.*32 bits.*pass an array"):
        next(fp.ImageFolder(tmp_path).read((ROWS, COLS, 3)))
    folder = fp.ImageFolder(tmp_path, broken="skip")
    assert [name for name, _ in folder.read((ROWS, COLS, 1))] == ["b.png"]
    assert "32 bits" in folder.skipped["a.tif"]


def test_deep_pictures_are_resized(tmp_path: Path) -> None:
    """Bilinearly, in 0..255, with their fractions."""
    ramp = np.tile(np.arange(0, 65536, 2048, dtype=np.uint16), (32, 1))
    (tmp_path / "a.png").write_bytes(saved(ramp, "PNG"))
    [(_, image)] = fp.ImageFolder(tmp_path, resize=True).read((8, 8, 3))
    wanted = ramp.reshape(32, 8, 4).mean(2)[:8] / 257
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[..., 1][:, 1:-1], wanted[:, 1:-1], atol=0.5)


def test_each_kind_is_told_once_a_pass(tmp_path: Path) -> None:
    """The first file of a kind stands for the others."""
    for name in "abc":
        (tmp_path / f"{name}.png").write_bytes(FILES["clear.png"][0])
        (tmp_path / f"{name}.tif").write_bytes(FILES["inks.tif"][0])
    folder = fp.ImageFolder(tmp_path)
    for _ in range(2):
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            assert len(list(folder.read((ROWS, COLS, 3)))) == 6
        assert [str(w.message).split()[3] for w in told] == ["a.png", "a.tif"]
        assert all(w.filename == __file__ for w in told)


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 6\n%%EndComments\nshowpage\n%%EOF\n"
OTHER_FORMATS = {
    "PostScript": POSTSCRIPT,
    "netpbm": b"P5 8 6 255\n" + GREY.tobytes(),
    "TGA": saved(RGB, "TGA"),
    "PDF": saved(RGB, "PDF"),
    "PSD": b"8BPS\0\1" + b"\0" * 100,
    "WMF": b"\xd7\xcd\xc6\x9a\0\0" + b"\0" * 100,
    "HTML": b"<html>Not found</html>",
    "nothing": b"",
    "a LFS pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n",
}


@pytest.mark.parametrize("kind", OTHER_FORMATS)
def test_other_formats_are_not_opened(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the name says: no other decoder is tried, so no other program is started."""

    def started(*_: Any, **__: Any) -> None:
        raise AssertionError("a program was started")

    monkeypatch.setattr("subprocess.Popen.__init__", started)
    (tmp_path / "a.png").write_bytes(OTHER_FORMATS[kind])
    (tmp_path / "b.png").write_bytes(saved(RGB, "PNG"))
    with pytest.raises(fp.DataError, match=r"a\.png cannot be read"):
        next(fp.ImageFolder(tmp_path).read((ROWS, COLS, 3)))
    folder = fp.ImageFolder(tmp_path, broken="skip")
    assert [name for name, _ in folder.read((ROWS, COLS, 3))] == ["b.png"]
    assert list(folder.skipped) == ["a.png"]


@pytest.mark.parametrize(
    "error",
    [struct.error("x"), SyntaxError("x"), MemoryError(), ValueError("x"), RecursionError(),
     TypeError("x"), IndexError("x"), AttributeError("x"), ZeroDivisionError(), zlib.error("x"),
     Image.DecompressionBombError("x"), EOFError(), KeyError("x"), AssertionError(), OverflowError()],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_whatever_a_decoder_raises_counts_as_broken(
    tmp_path: Path, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kind of error is Pillow's affair."""

    def load(*_: Any) -> None:
        raise error

    (tmp_path / "a.png").write_bytes(saved(RGB, "PNG"))
    monkeypatch.setattr(Image.Image, "load", load)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(fp.DataError, match=rf"a\.png.*{type(error).__name__}"):
        list(fp.ImageFolder(tmp_path).read((ROWS, COLS, 3)))
    folder = fp.ImageFolder(tmp_path, broken="skip")
    assert not list(folder.read((ROWS, COLS, 3)))
    assert type(error).__name__ in folder.skipped["a.png"]


def test_an_interrupt_is_no_broken_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while a file is decoded ends the pass."""

    def load(*_: Any) -> None:
        raise KeyboardInterrupt

    (tmp_path / "a.png").write_bytes(saved(RGB, "PNG"))
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", load)
    with pytest.raises(KeyboardInterrupt):
        list(fp.ImageFolder(tmp_path, broken="skip").read((ROWS, COLS, 3)))


def test_a_picture_of_a_billion_pixels_is_not_unpacked(tmp_path: Path) -> None:
    """The size stands in the file's head, and is looked at first."""
    (tmp_path / "a.png").write_bytes(png(np.zeros((1, 1, 3)), 2, 8, size=(1 << 16, 1 << 16)))
    folder = fp.ImageFolder(tmp_path, resize=True, broken="skip")
    assert not list(folder.read((ROWS, COLS, 3)))
    assert "Bomb" in folder.skipped["a.png"]


def damaged(rng: np.random.Generator, content: bytes) -> bytes:
    """Return a file with its end, some bits or a stretch changed."""
    data = bytearray(content)
    how = rng.integers(3)
    if how == 0:
        return bytes(data[: rng.integers(len(data))])
    for place in rng.integers(len(data), size=rng.integers(1, 9)):
        data[place] ^= 1 << rng.integers(8)
    if how == 2:
        start = rng.integers(len(data))
        data[start : start + 8] = rng.bytes(8)
    return bytes(data)


def sweep(folder: Path, rounds: int, seed: int) -> None:
    """Damage every file ``rounds`` times: right, or skipped; of PNG files never other pixels."""
    rng = np.random.default_rng(seed)
    for name, (content, *_) in FILES.items():
        path = folder / f"a{Path(name).suffix}"
        path.write_bytes(content)
        whole, _ = read(folder)
        for _ in range(rounds):
            path.write_bytes(damaged(rng, content))
            reader = fp.ImageFolder(folder, broken="skip", resize=True)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                images = [image for _, image in reader.read((ROWS, COLS, 3))]
            assert len(images) + len(reader.skipped) == 1
            if images and content[:4] == b"\x89PNG":
                np.testing.assert_array_equal(images[0], whole)
        path.unlink()


def test_damaged_files(tmp_path: Path) -> None:
    """A few damages of each kind of file."""
    sweep(tmp_path, rounds=2, seed=0)


@pytest.mark.long
def test_many_damaged_files(tmp_path: Path) -> None:
    """Many damages of each kind of file."""
    sweep(tmp_path, rounds=100, seed=1)
