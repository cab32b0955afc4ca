"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const pages = JSON.parse(byId("data").textContent);
  const body = document.querySelector("#pages tbody");
  const headings = [...document.querySelectorAll("#pages th[data-kind]")];
  const detail = byId("detail");
  const SVG = "http://www.w3.org/2000/svg";
  const MM_PER_S = 25, MM_PER_MV = 10, MARGIN_MM = 5;
  let shown = -1, curves = null;

  // Sorting: rows without a value come last, whichever way.
  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  function valueOf(row, column) {
    const cell = row.cells[column];
    return cell && cell.dataset.value !== undefined ? cell.dataset.value : "";
  }
  function sortBy(heading) {
    const column = heading.cellIndex, isNumber = heading.dataset.kind === "number";
    const way = heading.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    headings.forEach((each) => each.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", way === 1 ? "ascending" : "descending");
    const rows = [...body.rows].map((row) => ({ row, value: valueOf(row, column) }));
    rows.sort((a, b) => {
      if (a.value === "" || b.value === "") return (a.value === "") - (b.value === "");
      return way * (isNumber ? a.value - b.value : collator.compare(a.value, b.value));
    });
    body.append(...rows.map((each) => each.row));
  }
  headings.forEach((heading) => heading.firstElementChild.addEventListener("click", () => sortBy(heading)));

  byId("find").addEventListener("input", (event) => {
    const sought = event.target.value.trim().toLowerCase();
    let n = 0;
    for (const row of body.rows) {
      row.hidden = sought !== "" && !row.textContent.toLowerCase().includes(sought);
      n += row.hidden ? 0 : 1;
    }
    byId("found").textContent = sought === "" ? "" : `${n} of ${pages.length}`;
  });

  // Texts are set as text, never as markup: names of files may hold anything.
  function fill(parent, tag, texts, classes) {
    parent.replaceChildren(...texts.map((text, index) => {
      const child = document.createElement(tag);
      child.textContent = text;
      if (classes) child.className = classes[index];
      return child;
    }));
  }
  function fillTable(table, rows, heads) {
    table.replaceChildren();
    const lines = heads && rows.length ? [heads, ...rows] : rows;
    lines.forEach((cells, index) => fill(table.insertRow(), heads && index === 0 ? "th" : "td", cells));
  }

  function svg(name, attributes, text) {
    const element = document.createElementNS(SVG, name);
    for (const key in attributes) element.setAttribute(key, attributes[key]);
    if (text !== undefined) element.textContent = text;
    return element;
  }
  // Runs that follow each other share a row, as columns do on a page; long ones have their own.
  function rowsOf(leads) {
    const runs = [];
    for (const lead in leads) {
      const parts = leads[lead];
      const last = parts[parts.length - 1];
      runs.push({ lead, parts, start: parts[0][0], end: last[0] + last[1].length * curves.step });
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
  function curveOf(run, baseline) {
    let path = "";
    for (const [start, values] of run.parts) {
      values.forEach((microvolts, index) => {
        const x = MARGIN_MM + (start + index * curves.step) * MM_PER_S;
        const y = baseline - microvolts / 1000 * MM_PER_MV;
        path += `${index ? "L" : "M"}${x.toFixed(2)} ${y.toFixed(2)}`;
      });
    }
    return svg("path", { d: path, fill: "none", stroke: "#1a2a36", "stroke-width": 0.28, "stroke-linejoin": "round" });
  }
  function nameOf(run, baseline) {
    const x = MARGIN_MM + run.start * MM_PER_S + 0.6;
    return svg("text", { x, y: baseline - 6, "font-size": 3.4, fill: "#1d5f8a", "font-family": "system-ui, sans-serif",
      stroke: "#fff", "stroke-width": 0.7, "paint-order": "stroke" }, run.lead);
  }
  function draw() {
    const parts = [];
    let y = MARGIN_MM;
    for (const row of rowsOf(curves.leads)) {
      const values = row.flatMap((run) => run.parts.flatMap((part) => part[1]));
      const high = values.reduce((a, b) => Math.max(a, b), 500), low = values.reduce((a, b) => Math.min(a, b), -500);
      const baseline = Math.round(y + high / 1000 * MM_PER_MV + 4);
      row.forEach((run) => parts.push(curveOf(run, baseline), nameOf(run, baseline)));
      y = Math.ceil(baseline - low / 1000 * MM_PER_MV + 4);
    }
    const width = Math.ceil((2 * MARGIN_MM + curves.duration * MM_PER_S) / 5) * 5;
    const height = Math.ceil((y + MARGIN_MM) / 5) * 5;
    const paper = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "the leads, drawn on ECG paper" });
    paper.append(grid(width, height), ...parts);
    byId("paper").replaceChildren(paper);
    // At first the whole width is seen.
    byId("zoom").value = Math.max(2, Math.floor(10 * byId("paper").clientWidth / width) / 10);
    zoom();
  }
  function zoom() {
    const paper = byId("paper").querySelector("svg");
    if (!paper) return;
    const scale = Number(byId("zoom").value), box = paper.viewBox.baseVal;
    paper.setAttribute("width", box.width * scale);
    paper.setAttribute("height", box.height * scale);
  }
  byId("zoom").addEventListener("input", zoom);

  // A page on a disk may load scripts beside it, not data.
  function loadCurves(link) {
    curves = null;
    byId("drawn").hidden = link === "";
    byId("paper").replaceChildren();
    if (link === "") return;
    const asked = shown, script = document.createElement("script");
    window.ecgpaperCurves = (read) => { if (asked === shown) { curves = read; draw(); } };
    script.onload = () => script.remove();
    script.onerror = () => { script.remove(); fill(byId("paper"), "p", ["The file of the signals is not beside this report."]); };
    script.src = link;
    document.head.append(script);
  }
  function views(page) {
    const large = byId("large");
    const links = [["with what was read", page.overlay], ["as it is", page.picture]].filter((each) => each[1] !== "");
    byId("sight").hidden = links.length === 0;
    if (links.length === 0) return;
    large.className = "";
    large.src = links[0][1];
    const buttons = links.length < 2 ? [] : links.map(([name, link]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.addEventListener("click", () => { large.src = link; });
      return button;
    });
    byId("views").replaceChildren(...buttons, document.createTextNode(" A click on the picture enlarges it."));
  }
  byId("large").addEventListener("click", (event) => event.target.classList.toggle("whole"));

  function show(index) {
    const page = pages[index];
    shown = index;
    byId("title").textContent = page.file;
    byId("fault").textContent = page.fault === "" ? "" : `Could not be read: ${page.fault}`;
    views(page);
    fill(byId("trust"), "li", page.leads.map((lead) => lead.text), page.leads.map((lead) => `chip ${lead.word}`));
    fill(byId("warnings"), "li", page.warnings.length ? page.warnings : ["none"]);
    byId("labels").textContent = page.labels.join(", ") || "none";
    fillTable(byId("measured"), page.measured.map((each) => [each.name, each.value]));
    fillTable(byId("amplitudes"), page.amplitudes, ["Lead", "Q", "R", "S", "ST+60 ms", "T"]);
    document.querySelector("#detail .columns").hidden = page.fault !== "";
    if (!detail.open) detail.showModal();
    detail.scrollTop = 0;
    loadCurves(page.curves);
    history.replaceState(null, "", `#page-${index + 1}`);
  }
  function step(by) {
    const rows = [...body.rows].filter((row) => !row.hidden);
    const row = rows[rows.findIndex((each) => Number(each.dataset.page) === shown) + by];
    if (row) show(Number(row.dataset.page));
  }
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    // With a key held a link opens as links do.
    if (!row || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    show(Number(row.dataset.page));
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => detail.close());
  detail.addEventListener("keydown", (event) => {
    if (event.target.tagName === "INPUT") return;
    if (event.key === "ArrowLeft") step(-1);
    if (event.key === "ArrowRight") step(1);
  });
  detail.addEventListener("close", () => history.replaceState(null, "", location.pathname));

  const asked = /^#page-(\d+)$/.exec(location.hash);
  if (asked && pages[asked[1] - 1]) show(asked[1] - 1);
})();
