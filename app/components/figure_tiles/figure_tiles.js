// Tiles of figures with their courses. The tiles stay and their content changes, so that nothing flickers.

export default function (component) {
  const { parentElement, data } = component;
  const root = parentElement.querySelector(".root");
  while (root.children.length > data.tiles.length) root.lastElementChild.remove();
  while (root.children.length < data.tiles.length) root.append(buildTile());
  data.tiles.forEach(({ label, value, course }, index) => {
    const tile = root.children[index];
    tile.querySelector("dt").textContent = label;
    tile.querySelector("dd").textContent = value;
    trace(tile.querySelector("svg"), course.length > 1 ? { course: line(spread(course)) } : {});
  });
}

function buildTile() {
  const tile = document.createElement("div");
  tile.innerHTML = '<dt></dt><dd></dd><svg viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true"></svg>';
  return tile;
}

function spread(course) {
  const [lowest, highest] = [Math.min(...course), Math.max(...course)];
  return course.map((value, at) => [at / (course.length - 1), 0.06 + (0.88 * (value - lowest)) / (highest - lowest || 1)]);
}
