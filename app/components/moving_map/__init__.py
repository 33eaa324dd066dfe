"""The map of a run as it learns: some test items as dots, which move on when an epoch has ended."""

from app.components import register

_MOUNT = register(
    "moving_map",
    shares=("cloud", "view", "landscape"),
    html="""
<figure>
  <div class="stage"><canvas role="img"></canvas><p class="failed" role="alert" data-word="failed" hidden></p></div>
  <figcaption>
    <button type="button" class="replay" data-word="replay"></button>
    <output></output>
  </figcaption>
</figure>
""",
)


def moving_map(*, items: str, places: str, run: str, epochs: list[int], class_names: tuple[str, ...], key: str) -> None:
    """Mount the map of a run, at its newest epoch; it moves there from the one that is shown.

    Args:
        items: address of the items' numbers and labels.
        places: address of an epoch's places, with `{epoch}` for its number.
        run: which run it is; another one begins anew.
        epochs: the epochs there are, in their order.
    """
    data = {"items": items, "places": places, "run": run, "epochs": epochs, "classes": class_names}
    _MOUNT(key=key, data=data)
