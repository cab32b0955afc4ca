"use strict";
// Leads drawn on ECG paper, of the report and of the server's page.
const ecgPaper = (() => {
  const SVG = "http://www.w3.org/2000/svg";
  const MM_PER_S = 25, MM_PER_MV = 10, MARGIN_MM = 5;
  function svg(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }
  // Runs that follow each other share a row, as columns do on a page; long ones have their own.
  function rowsOf({ leads, step }) {
    const runs = [];
    for (const lead in leads) {
      const parts = leads[lead];
      const last = parts[parts.length - 1];
      runs.push({ lead, parts, start: parts[0][0], end: last[0] + last[1].length * step });
    }
    const lengths = runs.map((run) => run.end - run.start).sort((a, b) => a - b);
    const usual = lengths[Math.floor(lengths.length / 2)] || 0;
    const isLong = (run) => run.end - run.start > 1.5 * usual;
    const rows = [];
    for (const run of runs.filter((each) => !isLong(each))) {
      const row = rows.find((each) => each[each.length - 1].end <= run.start + 0.15);
      if (row) row.push(run); else rows.push([run]);
    }
    return rows.concat(runs.filter(isLong).map((run) => [run]));
  }
  function grid(width, height) {
    const group = svg("g", { fill: "none" });
    for (const [step, color, pen] of [[1, "#f6dcd8", 0.1], [5, "#e9b3ac", 0.18]]) {
      let path = "";
      for (let x = 0; x <= width; x += step) path += `M${x} 0V${height}`;
      for (let y = 0; y <= height; y += step) path += `M0 ${y}H${width}`;
      group.append(svg("path", { d: path, stroke: color, "stroke-width": pen }));
    }
    return group;
  }
  function curveOf(run, baseline, step) {
    let path = "";
    for (const [start, values] of run.parts) {
      values.forEach((microvolts, index) => {
        const x = MARGIN_MM + (start + index * step) * MM_PER_S;
        const y = baseline - microvolts / 1000 * MM_PER_MV;
        path += `${index ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`;
      });
    }
    return svg("path", { class: "curve", d: path, fill: "none", stroke: "#1a2a36", "stroke-width": 0.28, "stroke-linejoin": "round" });
  }
  function nameOf(run, baseline) {
    const x = MARGIN_MM + run.start * MM_PER_S + 0.6;
    return svg("text", { x, y: baseline - 6, "font-size": 3.4, fill: "#1d5f8a", "font-family": "system-ui, sans-serif",
      stroke: "#fff", "stroke-width": 0.7, "paint-order": "stroke" }, run.lead);
  }
  // Draw signals, as curves_script writes them: an element of SVG, in mm.
  function draw(curves) {
    const parts = [];
    let y = MARGIN_MM;
    for (const row of rowsOf(curves)) {
      const values = row.flatMap((run) => run.parts.flatMap((part) => part[1]));
      const high = values.reduce((a, b) => Math.max(a, b), 500), low = values.reduce((a, b) => Math.min(a, b), -500);
      const baseline = Math.round(y + high / 1000 * MM_PER_MV + 4);
      row.forEach((run) => parts.push(curveOf(run, baseline, curves.step), nameOf(run, baseline)));
      y = Math.ceil(baseline - low / 1000 * MM_PER_MV + 4);
    }
    const width = Math.ceil((2 * MARGIN_MM + curves.duration * MM_PER_S) / 5) * 5;
    const height = Math.ceil((y + MARGIN_MM) / 5) * 5;
    const paper = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "the leads, drawn on ECG paper" });
    paper.append(grid(width, height), ...parts);
    return paper;
  }
  // The scale at which the whole width is seen, and that scale given to what was drawn.
  const fitting = (paper, room) => Math.max(2, Math.floor(10 * room / paper.viewBox.baseVal.width) / 10);
  function zoom(paper, scale) {
    const box = paper.viewBox.baseVal;
    paper.setAttribute("width", box.width * scale);
    paper.setAttribute("height", box.height * scale);
  }
  return { draw, fitting, zoom };
})();
