"""Predicted probabilities against what was true."""

from app.components import register
from siamese_core.calibration import Reliability

_MOUNT = register("reliability_diagram", html='<svg role="img" viewBox="0 0 360 300"></svg>')


def reliability_diagram(trust: Reliability, *, name: str, key: str) -> None:
    """Mount the diagram; on its diagonal every probability is true.

    Args:
        trust: what is drawn; a larger dot stands for more pairs.
        name: the model's.
    """
    data = {
        "name": name,
        "predicted": trust.predicted.round(5).tolist(),
        "observed": trust.observed.round(5).tolist(),
        "weight": trust.weight.round(6).tolist(),
    }
    _MOUNT(key=key, data=data)
