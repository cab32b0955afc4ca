"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const layouts = JSON.parse(byId("layouts").textContent);
  const LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"];
  const FIELDS = ["layout", "speed_mm_per_s", "gain_mm_per_mv"];
  const WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]];
  const CORNERS = ["top left", "top right", "bottom right", "bottom left"];
  const STEP = 0.005, EVERY_MS = 1500;
  let pages = [], shown = null, page = null, corners = null, isMarking = false, isMoving = false, asked = 0;

  function make(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }
  function say(text) { byId("said").textContent = text; }
  async function ask(link, options) {
    const answer = await fetch(link, options);
    const told = await answer.json();
    if (!answer.ok) throw new Error(told.reason || answer.statusText);
    return told;
  }

  // The list. Texts are set as text, never as markup: names of files may hold anything.
  function list() {
    byId("pages").replaceChildren(...pages.map((each) => {
      const status = make("span", { className: `status ${each.status}`, textContent: each.status });
      const name = each.page > 1 || each.name.endsWith("-p1") ? `${each.file}, page ${each.page}` : each.file;
      const about = make("span", { className: "about" }, name, status);
      if (each.status === "waiting") status.classList.add("busy");
      const button = make("button", { type: "button" }, about);
      if (each.thumbnail) button.prepend(make("img", { src: each.thumbnail, alt: "", loading: "lazy" }));
      button.setAttribute("aria-current", each.key === shown);
      button.addEventListener("click", () => show(each.key));
      return make("li", {}, button);
    }));
    byId("empty").hidden = shown !== null || pages.length > 0;
  }
  async function refresh() {
    pages = (await ask("/pages")).pages;
    list();
    const now = pages.find((each) => each.key === shown);
    if (now && page && now.status !== page.status) await show(shown);
  }

  // One page.
  async function show(key) {
    shown = key;
    const mine = ++asked, told = await ask(`/pages/${key}`);
    if (mine !== asked) return;
    page = told;
    list();
    byId("detail").hidden = false;
    byId("title").textContent = page.file + (page.name.endsWith(`-p${page.page}`) ? `, page ${page.page}` : "");
    const found = page.answer;
    byId("state").className = page.status === "waiting" ? "busy" : page.reason ? "fault" : "key";
    byId("state").textContent = page.status === "waiting" ? "being read" : found ?
      `${found.layout}, ${found.speed_mm_per_s} mm/s, ${found.gain_mm_per_mv} mm/mV` :
      page.reason ? `${page.status}: ${page.reason}` : page.status;
    views();
    fill();
    tell();
    await draw(mine);
  }
  function views() {
    const links = [["with what was read", page.overlay], ["as it is", page.picture]].filter((each) => each[1]);
    byId("sight").hidden = links.length === 0;
    byId("views").replaceChildren(...(links.length < 2 ? [] : links.map(([name, link]) => {
      const button = make("button", { type: "button", textContent: name });
      button.addEventListener("click", () => look(link));
      return button;
    })));
    if (links.length) look(links[0][1]); else byId("large").removeAttribute("src");
  }
  // What was read again has the same link: the browser must not show the old picture.
  // Nor may that of another page stay until this one is here.
  function look(link) {
    byId("frame").classList.add("empty");
    byId("large").src = `${link}?${asked}`;
  }
  byId("large").addEventListener("load", () => byId("frame").classList.remove("empty"));

  // Corrections.
  function fill() {
    const said = page.corrections || {};
    FIELDS.forEach((name) => { byId(name).value = said[name] ?? ""; });
    const found = page.answer || {};
    byId("speed_mm_per_s").placeholder = found.speed_mm_per_s ? `${found.speed_mm_per_s}` : "as found";
    byId("gain_mm_per_mv").placeholder = found.gain_mm_per_mv ? `${found.gain_mm_per_mv}` : "as found";
    corners = said.corners || null;
    mark(corners !== null);
    boxes.fill(found.boxes || [], said.boxes || []);
    showBoxes(Boolean(said.boxes && said.boxes.length));
    places(said.leads || []);
    changed();
    const isBusy = page.status === "waiting";
    byId("read").textContent = page.can_be_read ? (page.status === "unread" ? "Read" : "Read again") : "Keep for the next batch";
    byId("read").disabled = isBusy;
    byId("forget").disabled = isBusy || !page.corrections;
    byId("kept").textContent = page.corrections_fault || (page.corrections ?
      `kept in ${page.name}.corrections.json` : page.can_be_read ? "" : "its file is not here: drop it to read it again");
  }
  function places(leads) {
    const layout = byId("layout").value || (page.answer ? page.answer.layout : "");
    const all = layouts[layout] || continued(layout);
    const columns = 1 + Math.max(0, ...all.map((each) => each.column));
    byId("names").hidden = all.length === 0;
    byId("names").open = leads.length > 0 || byId("names").open;
    byId("places").style.gridTemplateColumns = `repeat(${columns}, auto)`;
    byId("places").replaceChildren(...all.map((each) => {
      const select = make("select", {}, ...(LEADS.includes(each.lead) ? [] : [make("option", { textContent: each.lead, value: "" })]),
        ...LEADS.map((lead) => make("option", { textContent: lead })));
      const said = leads.find((one) => one.row === each.row && one.column === each.column);
      select.value = said ? said.lead : LEADS.includes(each.lead) ? each.lead : "";
      Object.assign(select.dataset, { row: each.row, column: each.column, lead: each.lead });
      select.setAttribute("aria-label", `lead in row ${each.row + 1}, column ${each.column + 1}`);
      select.addEventListener("change", changed);
      return make("div", { className: each.is_rhythm ? "rhythm" : "" }, select);
    }));
  }
  function continued(layout) {
    const n = /^(\d+)x1-continued$/.exec(layout);
    return n ? Array.from({ length: Number(n[1]) }, (_, row) => ({ row, column: 0, lead: "unknown", is_rhythm: false })) : [];
  }
  function stated() {
    const said = {};
    if (byId("layout").value) said.layout = byId("layout").value;
    for (const name of FIELDS.slice(1)) if (byId(name).value !== "") said[name] = Number(byId(name).value);
    const leads = [...byId("places").querySelectorAll("select")].filter((each) => each.value && each.value !== each.dataset.lead);
    if (leads.length) said.leads = leads.map((each) => ({ row: Number(each.dataset.row), column: Number(each.dataset.column), lead: each.value }));
    if (isMarking && corners) said.corners = corners;
    const moved = haveBoxes() ? boxes.stated() : keptBoxes();
    if (moved.length) said.boxes = moved;
    return said;
  }
  function changed() {
    const now = stated(), before = page.corrections || {};
    FIELDS.forEach((name) => byId(name).classList.toggle("changed", byId(name).value !== ""));
    byId("places").querySelectorAll("select").forEach((each) => each.classList.toggle("changed", Boolean(each.value) && each.value !== each.dataset.lead));
    const isSlow = (now.layout || null) !== (before.layout || null) || JSON.stringify(now.corners || null) !== JSON.stringify(before.corners || null);
    const n = (now.boxes || []).length;
    byId("hint").textContent = isSlow ? "Another layout or other corners: the page is read anew." :
      JSON.stringify(now) === "{}" ? "" : n ? `${n} ${n === 1 ? "box is" : "boxes are"} stated: only curves in there are read again, if the page was read lately.` :
      "Speed, gain and names need no new reading of the curves, if the page was read lately.";
  }
  byId("layout").addEventListener("change", () => { places([]); showBoxes(isMoving); changed(); });
  FIELDS.slice(1).forEach((name) => byId(name).addEventListener("input", changed));
  async function correct(method, body) {
    try {
      say("");
      byId("read").disabled = true;
      await ask(`/pages/${page.key}/corrections?wait_s=0`, { method, body, headers: body ? { "content-type": "application/json" } : {} });
    } catch (error) { say(error.message); }
    await refresh();
    await show(shown);
  }
  byId("corrections").addEventListener("submit", (event) => { event.preventDefault(); correct("PUT", JSON.stringify(stated())); });
  byId("forget").addEventListener("click", () => correct("DELETE"));

  // Corners, dragged or moved by arrow keys.
  const handles = CORNERS.map((name, index) => {
    const handle = make("button", { type: "button", className: "corner", hidden: true });
    handle.setAttribute("aria-label", `corner of the page, ${name}`);
    // Else the browser may drag the picture below, and takes the pointer away.
    handle.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      handle.focus();
      handle.setPointerCapture(event.pointerId);
    });
    // Browsers may leave out the last move before a button is let go.
    for (const name of ["pointermove", "pointerup"]) {
      handle.addEventListener(name, (event) => {
        if (!handle.hasPointerCapture(event.pointerId)) return;
        const box = byId("frame").getBoundingClientRect();
        move(index, (event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height);
      });
    }
    handle.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
      if (!step) return;
      event.preventDefault();
      move(index, corners[index][0] + step[0], corners[index][1] + step[1]);
    });
    byId("frame").append(handle);
    return handle;
  });
  function move(index, x, y) {
    const within = (share) => Math.round(1e4 * Math.min(1, Math.max(0, share))) / 1e4;
    corners = corners.map((corner, other) => (other === index ? [within(x), within(y)] : corner));
    outline();
    changed();
  }
  function outline() {
    const isSeen = isMarking && corners !== null;
    byId("sheet").setAttribute("points", isSeen ? corners.map(([x, y]) => `${100 * x},${100 * y}`).join(" ") : "");
    handles.forEach((handle, index) => {
      handle.hidden = !isSeen;
      if (isSeen) Object.assign(handle.style, { left: `${100 * corners[index][0]}%`, top: `${100 * corners[index][1]}%` });
    });
  }
  function mark(isOn) {
    isMarking = isOn;
    byId("corners").setAttribute("aria-pressed", isOn);
    byId("corners").textContent = isOn ? "Take the corners away" : "Mark the page's corners";
    if (isOn && corners === null) corners = WHOLE;
    outline();
  }
  byId("corners").addEventListener("click", () => { mark(!isMarking); changed(); });

  // Boxes of the leads: those of the layout that was read.
  const boxes = ecgBoxes.over(byId("frame"), () => changed());
  function haveBoxes() {
    const found = page && page.answer, layout = byId("layout").value;
    return Boolean(found && found.boxes && found.boxes.length) && (layout === "" || layout === found.layout);
  }
  // Without an answer no boxes are seen: those that were stated stay, as long as their layout does.
  function keptBoxes() {
    const before = page.corrections || {}, isSame = byId("layout").value === (before.layout || "");
    return !page.answer && isSame ? before.boxes || [] : [];
  }
  function showBoxes(isOn) {
    isMoving = isOn && haveBoxes();
    boxes.show(isMoving);
    byId("how").hidden = !isMoving;
    byId("boxes").disabled = !haveBoxes();
    byId("boxes").setAttribute("aria-pressed", isMoving);
    byId("boxes").textContent = isMoving ? "Hide the leads' boxes" : "Move the leads' boxes";
  }
  byId("boxes").addEventListener("click", () => showBoxes(!isMoving));

  // What was read.
  function tell() {
    const found = page.answer;
    for (const id of ["drawn", "told"]) byId(id).hidden = !found;
    if (!found) return;
    byId("trust").replaceChildren(...page.in_words.trust.map((each) => make("li", { className: `chip ${each.word}`, textContent: each.text })));
    const warnings = found.warnings && found.warnings.length ? found.warnings : ["none"];
    byId("warnings").replaceChildren(...warnings.map((text) => make("li", { textContent: text })));
    byId("labels").textContent = (found.labels || []).join(", ") || "none";
    byId("measured").replaceChildren(...page.in_words.measured.map((each) =>
      make("tr", {}, make("td", { textContent: each.name }), make("td", { textContent: each.value }))));
    byId("files").replaceChildren(...page.files.map((each) =>
      make("li", {}, make("a", { href: each.link, download: each.name, textContent: each.name }))));
  }
  async function draw(mine) {
    byId("paper").replaceChildren();
    if (!page.curves) return;
    const text = await (await fetch(page.curves)).text();
    if (mine !== asked) return;
    const paper = ecgPaper.draw(JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)));
    byId("paper").replaceChildren(paper);
    byId("zoom").value = ecgPaper.fitting(paper, byId("paper").clientWidth);
    ecgPaper.zoom(paper, Number(byId("zoom").value));
  }
  byId("zoom").addEventListener("input", () => {
    const paper = byId("paper").querySelector("svg");
    if (paper) ecgPaper.zoom(paper, Number(byId("zoom").value));
  });

  // Files that are dropped or chosen.
  async function send(files) {
    say("");
    for (const file of files) {
      const form = new FormData();
      form.append("file", file);
      try {
        const told = await ask("/digitize?wait_s=0", { method: "POST", body: form });
        await refresh();
        await show(told.pages[0].key);
      } catch (error) { say(`${file.name}: ${error.message}`); }
    }
  }
  const drop = byId("drop");
  byId("file").addEventListener("change", (event) => { send([...event.target.files]); event.target.value = ""; });
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") send([...event.dataTransfer.files]);
    });
  }

  async function follow() {
    try {
      if (pages.some((each) => each.status === "waiting")) await refresh();
    } catch { say("the server does not answer: is it still running?"); }
    setTimeout(follow, EVERY_MS);
  }
  refresh().then(() => {
    const key = location.hash.slice(1);
    if (pages.some((each) => each.key === key)) return show(key);
    return pages.length ? show(pages[0].key) : undefined;
  }).catch((error) => say(error.message)).then(follow);
})();
