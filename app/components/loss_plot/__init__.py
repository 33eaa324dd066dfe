"""A pair's distance to drag: its loss under both labels, and where a gradient step would move it."""

from app.components import register

_MOUNT = register(
    "loss_plot",
    shares=("plot",),
    html="""
<div class="root">
  <div class="plot">
    <svg viewBox="0 0 1 1" preserveAspectRatio="none"></svg>
    <i class="tick"><span data-value="margin_name"></span></i>
    <i class="needle"></i><i class="dot same"></i><i class="dot different"></i>
    <input type="range" class="distance" min="0" step="any">
  </div>
  <p class="axis" data-word="axis"></p>
  <div class="lanes">
    <div class="lane same"><i class="start"></i><i class="arrow"></i></div>
    <div class="lane different"><i class="start"></i><i class="arrow"></i></div>
  </div>
  <table>
    <thead><tr><th></th><th data-word="loss"></th><th data-word="slope"></th><th data-word="after"></th></tr></thead>
    <tbody>
      <tr class="of-same"><th class="same-name" data-word="same"></th><td data-value="same_loss"></td>
        <td data-value="same_slope"></td><td data-value="same_after"></td></tr>
      <tr class="of-different"><th class="different-name" data-word="different"></th>
        <td data-value="different_loss"></td><td data-value="different_slope"></td>
        <td data-value="different_after"></td></tr>
    </tbody>
  </table>
  <p class="setting"><span><span data-word="distance"></span> <b data-value="distance"></b></span></p>
  <label class="setting"><span><span data-word="margin"></span> <b data-value="margin"></b></span>
    <input type="range" class="margin" min="0.05" step="0.01"></label>
</div>
""",
)

WIDEST_MARGIN = 1.5
WIDEST_DISTANCE = 2.0


def loss_plot(*, distance: float, margin: float, key: str) -> None:
    """Mount the plot; it starts, and starts again for another pair, at this distance and margin."""
    data = {
        "distance": distance,
        "margin": margin,
        "widest_margin": max(WIDEST_MARGIN, margin),
        "widest_distance": max(WIDEST_DISTANCE, distance, 1.5 * margin),
    }
    _MOUNT(key=key, data=data)
