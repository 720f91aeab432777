"""Make the six sample photos from two public-domain portraits and one CC0 still life.

Only a developer who wants to change a photo runs this; learners get the finished JPEGs. It needs
scikit-image, matplotlib (for the pictures that they ship) and Pillow in an environment of its own:

    python3 -m venv /tmp/photos && /tmp/photos/bin/pip install scikit-image matplotlib Pillow
    /tmp/photos/bin/python data/photos/make_photos.py

Sources, licences and edits are told in the README.md beside this file.
"""

import math
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageEnhance, ImageFilter, ImageOps

HERE = Path(__file__).resolve().parent
COLLINS = "Eileen Collins. NASA, public domain (scikit-image astronaut.png). Edited."
HOPPER = "Grace Hopper. US Navy, public domain (matplotlib grace_hopper.jpg). Edited."
COFFEE = "Coffee, Pikolo Espresso Bar. Rachel Michetti, CC0 (scikit-image coffee.png). Edited."

# Pixels of the source pictures.
COLLINS_BOX = (100, 0, 356, 320)
COLLINS_EYES = ((203.2, 101.5), (246.5, 104.2))
COLLINS_BOX_AGAIN = (126, 7, 334, 238)
HOPPER_BOX = (66, 0, 466, 500)
PORTRAIT = (640, 800)

Point = tuple[float, float]

# One lens of the sunglasses, from its middle; the unit is the distance between the eyes, and x
# points to the temple.
LENS: list[Point] = [
    (-0.37, -0.20),
    (-0.20, -0.28),
    (0.10, -0.31),
    (0.38, -0.32),
    (0.43, -0.20),
    (0.37, 0.08),
    (0.24, 0.28),
    (0.00, 0.33),
    (-0.24, 0.25),
    (-0.36, 0.03),
]
LENS_MIDDLE = (0.53, 0.07)


def source(package: str, file: str) -> Image.Image:
    """Open a picture that an installed package ships, without importing the package."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed; the first lines of this file say how.")
    return Image.open(Path(spec.origin).parent / file).convert("RGB")


def enlarged(
    photo: Image.Image, box: tuple[int, int, int, int], size: tuple[int, int]
) -> Image.Image:
    """Crop and enlarge; a mild unsharp mask makes up for the enlargement."""
    out = photo.crop(box).resize(size, Image.Resampling.LANCZOS)
    return out.filter(ImageFilter.UnsharpMask(radius=2.2, percent=55, threshold=2))


def smooth(points: list[Point], steps: int = 16) -> list[Point]:
    """Return a closed curve through the points (Catmull-Rom spline)."""
    curve = []
    for i in range(len(points)):
        a, b, c, d = (points[(i + k) % len(points)] for k in (-1, 0, 1, 2))
        for step in range(steps):
            t = step / steps
            x, y = (
                b[axis]
                + 0.5 * t * (c[axis] - a[axis])
                + t * t * (a[axis] - 2.5 * b[axis] + 2 * c[axis] - 0.5 * d[axis])
                + t**3 * (1.5 * (b[axis] - c[axis]) + 0.5 * (d[axis] - a[axis]))
                for axis in (0, 1)
            )
            curve.append((x, y))
    return curve


def with_sunglasses(portrait: Image.Image, left: Point, right: Point) -> Image.Image:
    """Paint dark sunglasses over the two eye centres: shadow, lenses, reflections, frame."""
    eyes = math.dist(left, right)
    tilt = math.degrees(math.atan2(right[1] - left[1], right[0] - left[0]))
    fine, side = 4, int(eyes * 3.2)  # painted four times finer than the photo
    unit, middle = eyes * fine, side * fine / 2

    def layer() -> Image.Image:
        return Image.new("L", (side * fine, side * fine), 0)

    def place(points: list[Point], sign: int, grow: float = 1.0) -> list[Point]:
        return [
            (
                middle + sign * unit * (LENS_MIDDLE[0] + grow * x),
                middle + unit * (LENS_MIDDLE[1] + grow * y),
            )
            for x, y in points
        ]

    def soft(mask: Image.Image, radius: float) -> Image.Image:
        return mask.filter(ImageFilter.GaussianBlur(radius * unit))

    lens, frame, strobe = layer(), layer(), layer()
    for sign in (-1, 1):
        ImageDraw.Draw(frame).polygon(place(smooth(LENS), sign, 1.15), fill=255)
        ImageDraw.Draw(lens).polygon(place(smooth(LENS), sign), fill=255)
        # The studio light, mirrored in both lenses at the same side.
        x0, y0 = middle + unit * (sign * LENS_MIDDLE[0] - 0.24), middle + unit * -0.13
        ImageDraw.Draw(strobe).polygon(
            [
                (x0, y0),
                (x0 + 0.16 * unit, y0 - 0.02 * unit),
                (x0 + 0.12 * unit, y0 + 0.17 * unit),
                (x0 - 0.02 * unit, y0 + 0.18 * unit),
            ],
            fill=255,
        )
    bridge = [(-0.16, -0.12), (-0.08, -0.165), (0, -0.18), (0.08, -0.165), (0.16, -0.12)]
    ImageDraw.Draw(frame).line(
        [(middle + unit * x, middle + unit * y) for x, y in bridge],
        fill=255,
        width=int(0.10 * unit),
        joint="curve",
    )
    glasses = frame
    rim = ImageChops.subtract(frame, lens)
    # Light from above catches the upper edge of the rim, and less of it the lower edge of the lens.
    edge = ImageChops.subtract(rim, ImageChops.offset(rim, 0, int(0.025 * unit)))
    shine = ImageChops.multiply(soft(edge, 0.012), rim)
    inner = ImageChops.subtract(lens, ImageChops.offset(lens, 0, -int(0.04 * unit)))
    fade = Image.linear_gradient("L").resize(lens.size)

    out = portrait.copy()

    def paint(mask: Image.Image, colour: tuple[int, int, int], strength: float) -> None:
        turned = mask.rotate(-tilt, resample=Image.Resampling.BICUBIC)
        small = turned.resize((side, side), Image.Resampling.LANCZOS)
        small = small.filter(ImageFilter.GaussianBlur(1.0))  # as soft as the enlarged photo
        corner = (
            round((left[0] + right[0]) / 2 - side / 2),
            round((left[1] + right[1]) / 2 - side / 2),
        )
        full = Image.new("L", out.size, 0)
        full.paste(small.point(lambda v: int(v * strength)), corner)
        out.paste(Image.new("RGB", out.size, colour), (0, 0), full)

    shadow = ImageChops.offset(soft(glasses, 0.06), int(0.02 * unit), int(0.09 * unit))
    paint(shadow, (70, 32, 20), 0.42)
    paint(lens, (24, 19, 19), 0.955)
    paint(ImageChops.multiply(lens, fade), (92, 70, 58), 0.42)  # the tint is lighter below
    paint(ImageChops.multiply(soft(strobe, 0.03), lens), (232, 238, 248), 0.40)
    paint(ImageChops.multiply(soft(inner, 0.02), lens), (200, 170, 150), 0.30)
    paint(rim, (20, 16, 16), 1.0)
    paint(shine, (190, 180, 176), 0.55)
    return out


def side_by_side(one: Image.Image, other: Image.Image, margin: int = 24) -> Image.Image:
    """Mount two portraits of equal size on white, as two prints in one frame."""
    width, height = one.size
    mount = Image.new("RGB", (2 * width + 3 * margin, height + 2 * margin), "white")
    mount.paste(one, (margin, margin))
    mount.paste(other, (width + 2 * margin, margin))
    return mount


def same_person_again(photo: Image.Image) -> Image.Image:
    """Make a second rendering: mirrored, other crop, a little tilted, evening light."""
    left, top, right, bottom = COLLINS_BOX_AGAIN
    middle = ((left + right) / 2, (top + bottom) / 2)
    tilted = photo.rotate(-3, resample=Image.Resampling.BICUBIC, center=middle)
    out = ImageOps.mirror(enlarged(tilted, COLLINS_BOX_AGAIN, (720, 800)))
    out = ImageEnhance.Color(ImageEnhance.Brightness(out).enhance(0.84)).enhance(0.85)
    return ImageChops.multiply(out, Image.new("RGB", out.size, (255, 244, 226)))


def main() -> None:
    """Write the six files beside this script and print their sizes."""
    collins = source("skimage", "data/astronaut.png")
    hopper = source("matplotlib", "mpl-data/sample_data/grace_hopper.jpg")
    coffee = source("skimage", "data/coffee.png")

    happy = enlarged(collins, COLLINS_BOX, PORTRAIT)
    other = enlarged(hopper, HOPPER_BOX, PORTRAIT)
    scale = PORTRAIT[0] / (COLLINS_BOX[2] - COLLINS_BOX[0])
    left, right = (
        ((x - COLLINS_BOX[0]) * scale, (y - COLLINS_BOX[1]) * scale) for x, y in COLLINS_EYES
    )
    photos = {
        "1_happy_face.jpg": (happy, COLLINS),
        "2_sunglass_face.jpg": (with_sunglasses(happy, left, right), COLLINS),
        "3_multiple_faces.jpg": (side_by_side(happy, other), f"{COLLINS} {HOPPER}"),
        "4_no_face.jpg": (coffee.resize((900, 600), Image.Resampling.LANCZOS), COFFEE),
        "5_other_face.jpg": (other, HOPPER),
        "6_same_person_again.jpg": (same_person_again(collins), COLLINS),
    }
    for name, (photo, credit) in photos.items():
        photo.save(HERE / name, "JPEG", quality=88, optimize=True, comment=credit)
        print(f"{name}  {photo.width} x {photo.height}  {(HERE / name).stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
