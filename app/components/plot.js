// What the small plots share. A plot is a box whose left and bottom edges are the axes: lines are drawn in an SVG that is
// stretched over it, marks are placed by shares of its sides, and a slider lies on the axis.

const SVG = "http://www.w3.org/2000/svg";

// `[x, y]` shares of the sides, both growing away from the corner of the axes -> a path in the stretched SVG.
function line(points) {
  return `M${points.map(([x, y]) => `${x.toFixed(5)} ${(1 - y).toFixed(5)}`).join("L")}`;
}

function trace(svg, paths) {
  svg.replaceChildren(
    ...Object.entries(paths).map(([className, shape]) => {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", className);
      path.setAttribute("d", shape);
      return path;
    }),
  );
}

function place(node, x, y) {
  node.style.left = `${100 * x}%`;
  if (y !== undefined) node.style.bottom = `${100 * y}%`;
}

function write(root, name, content) {
  for (const node of root.querySelectorAll(`[data-value="${name}"]`)) node.textContent = content;
}
