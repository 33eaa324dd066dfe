"""Small drawings that several tests look at."""

import io

import numpy as np
from PIL import Image, ImageDraw


def encoded(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def boot(size=120, ink=0, paper=255, mode="L"):
    """A solid drawing that differs from each of its turns and mirror images."""
    image = Image.new(mode, (size, size), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle([size * 0.3, size * 0.1, size * 0.55, size * 0.8], fill=ink)
    draw.rectangle([size * 0.3, size * 0.6, size * 0.9, size * 0.8], fill=ink)
    return image


def outline(gap=0, width=4, ink=0, paper=255):
    """A square outline of 140 pixels, open at the top over `gap` pixels."""
    image = Image.new("L", (200, 200), paper)
    draw = ImageDraw.Draw(image)
    draw.rectangle([30, 30, 170, 170], outline=ink, width=width)
    if gap:
        draw.rectangle([100 - gap // 2, 25, 100 + gap // 2 - 1, 45], fill=paper)
    return image


def item_like_the_data(rng):
    item = np.zeros((28, 28), np.uint8)
    item[:, 6:22] = rng.integers(60, 256, (28, 16))
    return item
