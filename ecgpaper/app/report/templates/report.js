"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const pages = JSON.parse(byId("data").textContent);
  const body = document.querySelector("#pages tbody");
  const headings = [...document.querySelectorAll("#pages th[data-kind]")];
  const detail = byId("detail");
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

  function draw() {
    const paper = ecgPaper.draw(curves);
    byId("paper").replaceChildren(paper);
    // At first the whole width is seen.
    byId("zoom").value = ecgPaper.fitting(paper, byId("paper").clientWidth);
    zoom();
  }
  function zoom() {
    const paper = byId("paper").querySelector("svg");
    if (paper) ecgPaper.zoom(paper, Number(byId("zoom").value));
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
