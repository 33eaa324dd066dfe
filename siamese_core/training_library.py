"""Is the library that trains installed? A server may be without it, see requirements-serve.txt."""

from importlib.util import find_spec

from siamese_core.errors import RunError

LIBRARIES = ("tensorflow", "keras")


def can_train() -> bool:
    """Whether models can be trained, taken in and converted here; finds the library without importing it."""
    return all(find_spec(name) is not None for name in LIBRARIES)


def check_can_train() -> None:
    """Accept what needs the library.

    Raises:
        RunError: It is not installed.
    """
    if not can_train():
        raise RunError(
            "This server has no TensorFlow, so nothing can be trained, taken in or converted here; "
            "install requirements.txt for that."
        )
