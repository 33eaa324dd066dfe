// Dots of predicted against observed shares; on the diagonal what was predicted was true.

const [LEFT, RIGHT, TOP, BOTTOM] = [66, 336, 10, 258];
const MARKS = [0, 0.25, 0.5, 0.75, 1];

export default function ({ parentElement, data }) {
  const svg = parentElement.querySelector("svg");
  const x = (share) => LEFT + share * (RIGHT - LEFT);
  const y = (share) => BOTTOM - share * (BOTTOM - TOP);
  const { words } = data;
  const percent = (share) => `${Math.round(100 * share)} %`;
  speak(parentElement, data);
  const points = data.predicted.map((predicted, at) => [x(predicted), y(data.observed[at])]);
  const said = (at) => ({ predicted: percent(data.predicted[at]), observed: percent(data.observed[at]) });
  const dots = points.map(([left, top], at) => {
    const title = phrase(words.point, said(at));
    const radius = 3 + 5 * Math.sqrt(data.weight[at]);
    return `<circle class="dot" cx="${left}" cy="${top}" r="${radius}"><title>${title}</title></circle>`;
  });
  const marks = MARKS.map(
    (mark) => `<path class="grid" d="M${x(mark)} ${TOP}V${BOTTOM}M${LEFT} ${y(mark)}H${RIGHT}"/>
      <text x="${x(mark)}" y="${BOTTOM + 16}">${percent(mark)}</text>
      <text class="side" x="${LEFT - 6}" y="${y(mark) + 4}">${percent(mark)}</text>`,
  );
  const listed = data.predicted.map((_, at) => phrase(words.pair, said(at))).join(", ");
  svg.setAttribute("aria-label", phrase(words.described, { name: data.name, points: listed }));
  svg.innerHTML = `${marks.join("")}
    <path class="true" d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}"/>
    <path class="curve" d="M${points.map((point) => point.join(" ")).join("L")}"/>${dots.join("")}
    <text x="${(LEFT + RIGHT) / 2}" y="${BOTTOM + 36}">${words.predicted}</text>
    <text transform="rotate(-90 12 ${(TOP + BOTTOM) / 2})" x="12" y="${(TOP + BOTTOM) / 2}">${words.observed}</text>`;
}
