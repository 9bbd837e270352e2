/** One line of a chart. */
export interface Series {
  readonly label: string;
  /** Both above zero. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const WIDTH = 860;
const PLOT = { left: 70, top: 44, width: 490, height: 376 } as const;
const HEIGHT = PLOT.top + PLOT.height + 56;
const LEGEND = { left: PLOT.left + PLOT.width + 24, step: 24 } as const;
/** Told apart by eyes of all kinds, and on light and dark alike (Okabe and Ito, without yellow and black). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;
const DASHES = ['', '7 4', '2 4'] as const;

/** Lines over two logarithmic axes, as SVG that is legible on light and dark pages. */
export function drawChart({ title, x, y, series }: Chart): string {
  const points = series.flatMap((each) => each.points);
  if (points.length === 0 || points.some(([a, b]) => !(a > 0 && b > 0)))
    throw new RangeError('a logarithmic chart needs points, all above zero');
  const across = scale(
    points.map(([value]) => value),
    (share) => PLOT.left + share * PLOT.width,
  );
  const up = scale(
    points.map(([, value]) => value),
    (share) => PLOT.top + (1 - share) * PLOT.height,
  );
  const [bottom, right] = [PLOT.top + PLOT.height, PLOT.left + PLOT.width];
  const columns = across.decades.map((value) => {
    const at = across.at(value);
    return `${line(at, PLOT.top, at, bottom)}<text x="${at}" y="${bottom + 20}" text-anchor="middle">${tick(value)}</text>`;
  });
  const rows = up.decades.map((value) => {
    const at = up.at(value);
    return `${line(PLOT.left, at, right, at)}<text x="${PLOT.left - 8}" y="${at + 4}" text-anchor="end">${tick(value)}</text>`;
  });
  const drawn = series.map((each, index) => {
    const look = lookOf(index);
    const path = each.points.map(([a, b]) => `${across.at(a)},${up.at(b)}`).join(' ');
    const dots = each.points.map(
      ([a, b]) => `<circle cx="${across.at(a)}" cy="${up.at(b)}" r="3" fill="${look.colour}"/>`,
    );
    const level = PLOT.top + 10 + index * LEGEND.step;
    return [
      `<polyline points="${path}" ${look.stroke}/>`,
      ...dots,
      `<line x1="${LEGEND.left}" y1="${level}" x2="${LEGEND.left + 26}" y2="${level}" ${look.stroke}/>`,
      `<text x="${LEGEND.left + 34}" y="${level + 4}">${escaped(each.label)}</text>`,
    ].join('\n');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" role="img" aria-label="${escaped(title)}">`,
    STYLE,
    `<text class="title" x="${PLOT.left}" y="22">${escaped(title)}</text>`,
    ...columns,
    ...rows,
    `<text x="${PLOT.left + PLOT.width / 2}" y="${bottom + 44}" text-anchor="middle">${escaped(x)}</text>`,
    `<text transform="translate(16 ${PLOT.top + PLOT.height / 2}) rotate(-90)" text-anchor="middle">${escaped(y)}</text>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `<style>
  text { font: 13px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; font-size: 15px; }
  .grid { stroke: #8c959f; stroke-opacity: 0.4; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
</style>`;

/** From the power of ten below the least value to the one above the greatest. */
function scale(values: readonly number[], place: (share: number) => number) {
  const least = Math.floor(Math.log10(Math.min(...values)) + 1e-9);
  const most = Math.max(least + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9));
  return {
    decades: Array.from({ length: most - least + 1 }, (_, at) => 10 ** (least + at)),
    at: (value: number) => round(place((Math.log10(value) - least) / (most - least))),
  };
}

function lookOf(index: number) {
  const colour = COLOURS[index % COLOURS.length] ?? '';
  const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length];
  return {
    colour,
    stroke: `fill="none" stroke="${colour}" stroke-width="2"${dash ? ` stroke-dasharray="${dash}"` : ''}`,
  };
}

const line = (x1: number, y1: number, x2: number, y2: number): string =>
  `<line class="grid" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"/>`;
const round = (value: number): number => Math.round(value * 10) / 10;
const tick = (value: number): string =>
  value >= 1 ? value.toLocaleString('en-US') : String(Number(value.toPrecision(1)));
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
