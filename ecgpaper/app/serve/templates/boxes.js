"use strict";
// Boxes of leads on the picture of a page: their edges are dragged, or moved by arrow keys.
// A box is told by the middles of its sides, as they stand on the picture; it is drawn as its lead is turned there.
const ecgBoxes = (() => {
  const EDGES = ["left", "top", "right", "bottom"];
  // A step of an arrow key, as a share of the picture's width; ten of them with Shift; and the least size of a box: 6 mm of a page.
  const STEP = 0.001, FAR = 10, LEAST = 0.02;
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const within = (value, low, high) => Math.min(high, Math.max(low, value));
  const rounded = (share) => Math.round(1e5 * share) / 1e5;
  const isSamePlace = (one, other) => one.row === other.row && one.column === other.column;

  function button(className, text, label) {
    const element = document.createElement("button");
    Object.assign(element, { type: "button", className, textContent: text });
    element.setAttribute("aria-label", label);
    return element;
  }

  // Boxes over a frame; `changed` is called when one is moved.
  function over(frame, changed) {
    const layer = document.createElement("div");
    Object.assign(layer, { className: "boxes", hidden: true });
    frame.append(layer);
    let boxes = [];

    // A box in px of the frame: its middle, its way along and across, and half its size.
    function drawn(box) {
      const area = frame.getBoundingClientRect(), { left, top, right, bottom } = box.edges;
      return {
        size: [area.width, area.height],
        middle: [(left + right) / 2 * area.width, (top + bottom) / 2 * area.height],
        ways: [[box.cos, box.sin], [-box.sin, box.cos]],
        half: [(right - left) / 2 * area.width * box.cos, (bottom - top) / 2 * area.height * box.cos],
      };
    }
    function setDrawn(box, { size, middle, half }) {
      const [x, y] = [0, 1].map((axis) => middle[axis] / size[axis]), [w, h] = [0, 1].map((axis) => half[axis] / box.cos / size[axis]);
      set(box, { left: rounded(x - w), top: rounded(y - h), right: rounded(x + w), bottom: rounded(y + h) });
    }
    // The other edges stay where they are.
    function moveEdge(box, edge, step) {
      const now = drawn(box), axis = EDGES.indexOf(edge) % 2, sign = edge === "left" || edge === "top" ? -1 : 1;
      const on = step[0] * now.ways[axis][0] + step[1] * now.ways[axis][1];
      const grown = Math.max(sign * on, 2 * (LEAST * now.size[0] / 2 - now.half[axis]));
      now.half[axis] += grown / 2;
      now.middle = now.middle.map((at, each) => at + sign * grown / 2 * now.ways[axis][each]);
      setDrawn(box, now);
    }
    function moveWhole(box, step) {
      const now = drawn(box);
      now.middle = now.middle.map((at, axis) => within(at + step[axis], 0, now.size[axis]));
      setDrawn(box, now);
    }
    // As it was found: one that was stated before is forgotten, and is found when the page is read again.
    function takeBack(box) {
      box.isForgotten = box.isStated;
      box.edges = { ...box.found };
      place(box);
      changed();
    }
    function set(box, edges) {
      box.isForgotten = false;
      box.edges = edges;
      place(box);
      changed();
    }
    const isMoved = (box) => EDGES.some((edge) => box.edges[edge] !== box.found[edge]);
    const isSent = (box) => !box.isForgotten && (box.isStated || isMoved(box));
    function place(box) {
      const { left, top, right, bottom } = box.edges;
      Object.assign(box.element.style, {
        left: `${50 * (left + right)}%`, top: `${50 * (top + bottom)}%`, transform: `translate(-50%, -50%) rotate(${box.tilt}deg)`,
        width: `${100 * (right - left) * box.cos}%`, height: `${100 * (bottom - top) * box.cos}%`,
      });
      box.element.classList.toggle("changed", isSent(box));
      box.element.classList.toggle("forgotten", box.isForgotten);
    }

    // A pointer that leaves the picture pulls nothing on.
    function at(event) {
      const area = frame.getBoundingClientRect();
      return [within(event.clientX - area.left, 0, area.width), within(event.clientY - area.top, 0, area.height)];
    }
    // A handle is told by how much the pointer went on since it was told last, in px.
    function drag(handle, moved) {
      let last = null;
      handle.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        handle.focus();
        handle.setPointerCapture(event.pointerId);
        last = at(event);
      });
      for (const name of ["pointermove", "pointerup"]) {
        handle.addEventListener(name, (event) => {
          if (!handle.hasPointerCapture(event.pointerId)) return;
          const now = at(event), step = [now[0] - last[0], now[1] - last[1]];
          last = now;
          if (step[0] || step[1]) moved(step);
        });
      }
    }
    function keys(box, handle, moved) {
      handle.addEventListener("keydown", (event) => {
        const arrow = ARROWS[event.key];
        if (!arrow && event.key !== "Delete") return;
        event.preventDefault();
        const size = (event.shiftKey ? FAR * STEP : STEP) * frame.clientWidth;
        if (arrow) moved([arrow[0] * size, arrow[1] * size]); else takeBack(box);
      });
      handle.addEventListener("dblclick", () => takeBack(box));
    }

    function one(told, stated) {
      const found = Object.fromEntries(EDGES.map((edge) => [edge, told[edge]]));
      const tilt = told.tilt_deg, turn = tilt * Math.PI / 180;
      const box = { row: told.row, column: told.column, tilt, cos: Math.cos(turn), sin: Math.sin(turn), found, edges: { ...found }, isStated: stated, isForgotten: false };
      const name = `the box of lead ${told.lead}, row ${told.row + 1}, column ${told.column + 1}`;
      box.element = document.createElement("div");
      box.element.className = "box";
      const whole = button("name", told.lead, `${name}, as a whole`);
      drag(whole, (step) => moveWhole(box, step));
      keys(box, whole, (step) => moveWhole(box, step));
      const handles = EDGES.map((edge) => {
        const handle = button(`edge ${edge}`, "", `${edge} edge of ${name}`), axis = EDGES.indexOf(edge) % 2;
        drag(handle, (step) => moveEdge(box, edge, step));
        keys(box, handle, (step) => { if (step[axis]) moveEdge(box, edge, step); });
        return handle;
      });
      box.element.append(...handles, whole);
      place(box);
      return box;
    }

    return {
      // Boxes as a page's answer has them, and which of them were stated.
      fill(found, stated) {
        boxes = found.map((each) => one(each, stated.some((other) => isSamePlace(each, other))));
        layer.replaceChildren(...boxes.map((box) => box.element));
      },
      show(isOn) { layer.hidden = !isOn; },
      // Those that are stated: moved now, or before.
      stated: () => boxes.filter(isSent).map(({ row, column, edges }) => ({ row, column, ...edges })),
    };
  }
  return { over };
})();
