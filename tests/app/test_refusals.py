"""Every refusal of the door for pictures, met by a picture that earns it, in the visitor's language."""

import re
from collections.abc import Callable

import pytest

from app import words
from siamese_core.errors import ImageRejectedError
from siamese_core.images import MAX_BYTES, load_image
from tests.hostile.made import gif, jpeg, png, thousands_of_scans, webp

REFUSED: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "too large a file": lambda: bytes(MAX_BYTES + 1),
    "no picture": lambda: b"%PDF-1.7",
    "cut short": lambda: png(100, 100),
    "too many pixels: PNG": lambda: png(20_000, 20_000),
    "too many pixels: WebP": lambda: webp(9_400, 9_400),
    "too many pixels: GIF": lambda: gif(65_000, 65_000),
    "too many pixels: JPEG": lambda: jpeg(60_000, 60_000),
    "too many scans": thousands_of_scans,
}


def refusal(data: bytes) -> ImageRejectedError:
    with pytest.raises(ImageRejectedError) as caught:
        load_image(data, "été.png")
    return caught.value


@pytest.mark.parametrize("what", REFUSED)
def test_a_refusal_is_told_in_french_with_the_pictures_name(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusal(REFUSED[what]())
    english = words.tell(error)
    monkeypatch.setattr(words, "language", lambda: "fr")
    french = words.tell(error)
    assert english == str(error)
    assert re.match(r"L.image “été\.png” ", french)
    assert french != english


def test_every_sentence_of_the_door_is_met_by_one_of_these_pictures() -> None:
    sentences = {sentence for sentence in words.catalogue()["error"] if sentence.startswith("The picture{name} ")}
    assert {refusal(make()).sentence for make in REFUSED.values()} == sentences


def test_a_page_tells_a_drawing_of_nothing_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "language", lambda: "fr")
    with pytest.raises(ImageRejectedError) as caught:
        load_image(png(28, 28, pixels=(b"\0" + b"\x80" * 28) * 28))
    assert words.tell(caught.value).startswith("Rien n'est dessiné")
