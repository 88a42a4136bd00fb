// What would keep somebody out: one line for each fault, none when all is well.
(() => {
  const faults = [];
  const named = (element) => element.tagName.toLowerCase() + (element.id ? `#${element.id}` : "") + ` "${element.textContent.trim().slice(0, 30)}"`;
  for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!field.labels.length && !field.getAttribute("aria-label")) faults.push(`no label: ${field.outerHTML.slice(0, 80)}`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.querySelector("th[scope=col]")) faults.push("a table without headers");
  }
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of new Set(ids.filter((id, place) => ids.indexOf(id) !== place))) faults.push(`twice: #${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby"]) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      for (const id of element.getAttribute(attribute).split(" ")) {
        if (!document.getElementById(id)) faults.push(`${attribute} names #${id}, which is nowhere`);
      }
    }
  }
  if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
  for (const landmark of ["main", "header", "nav"]) {
    if (!document.querySelector(landmark)) faults.push(`no ${landmark}`);
  }
  // Contrast as WCAG 2 reckons it, against the nearest painted ground.
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [0.2126, 0.7152, 0.0722].reduce((sum, weight, place) => {
    const part = [r, g, b][place] / 255;
    return sum + weight * (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  }, 0);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !element.checkVisibility() || element.closest("svg, option, .unseen, title")) continue;
    let painted = element;
    while (painted && rgba(getComputedStyle(painted).backgroundColor)[3] < 255) painted = painted.parentElement;
    const ground = painted ? rgba(getComputedStyle(painted).backgroundColor) : [255, 255, 255, 255];
    const [one, two] = [light(rgba(getComputedStyle(element).color)), light(ground)].sort((a, b) => b - a);
    const contrast = (one + 0.05) / (two + 0.05);
    if (contrast < 4.5) faults.push(`contrast ${contrast.toFixed(2)}: ${named(element)}`);
  }
  return [...new Set(faults)].join("\n");
})()
