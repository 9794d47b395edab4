import { colour } from "./colours.js";
import { clock } from "./quantities.js";

/**
 * Marks the regression in a chart: a shade from onset to end, a dashed line and a word at each.
 * @param {() => {onset: number | null, end: number | null}} moments in seconds since the epoch
 * @param {boolean} isFirst whether the words stand in this panel
 */
export function regression(moments, isFirst) {
  return {
    hooks: {
      drawClear: (chart) => shade(chart, moments()),
      draw: (chart) => lines(chart, moments(), isFirst),
    },
  };
}

/** Clips to the plot, since what lies outside the zoom must not be drawn beside it. */
function within(chart, draw) {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw(ctx, bbox);
  ctx.restore();
}

function shade(chart, { onset, end }) {
  if (onset === null) return;
  const from = chart.valToPos(onset, "x", true);
  const to = end === null ? chart.bbox.left + chart.bbox.width : chart.valToPos(end, "x", true);
  within(chart, (ctx, bbox) => {
    ctx.globalAlpha = 0.08;
    ctx.fillStyle = colour("vermilion");
    ctx.fillRect(from, bbox.top, to - from, bbox.height);
  });
}

function lines(chart, { onset, end }, isFirst) {
  for (const [word, at] of [["onset", onset], ["end", end]]) {
    if (at === null) continue;
    const x = Math.round(chart.valToPos(at, "x", true));
    within(chart, (ctx, bbox) => {
      ctx.strokeStyle = colour("vermilion");
      ctx.lineWidth = devicePixelRatio * 1.2;
      ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
      if (isFirst) name(ctx, bbox, `${word} ${clock(at)}`, x, word === "onset");
    });
  }
}

function name(ctx, bbox, words, x, isLeft) {
  const gap = 5 * devicePixelRatio;
  ctx.font = `bold ${11 * devicePixelRatio}px system-ui, sans-serif`;
  ctx.fillStyle = colour("warning");
  ctx.textBaseline = "top";
  const room = ctx.measureText(words).width + gap;
  const goesLeft = isLeft ? x - bbox.left > room : bbox.left + bbox.width - x < room;
  ctx.textAlign = goesLeft ? "right" : "left";
  ctx.fillText(words, goesLeft ? x - gap : x + gap, bbox.top + 2 * devicePixelRatio);
}
