// Looks at a page of pricereport as it is laid out; the value is a text with a line for each thing that is wrong.
(() => {
  const wrong = [];
  const say = (what) => wrong.push(what);
  const width = document.documentElement.clientWidth;
  const describe = (e) => `${e.tagName.toLowerCase()} "${e.textContent.trim().slice(0, 40)}"`;

  // Nothing sticks out, but what is scrolled within its own box.
  if (document.documentElement.scrollWidth > width) say(`the page is ${document.documentElement.scrollWidth} px wide`);
  for (const e of document.querySelectorAll('body *')) {
    if (e.closest('svg') && e.tagName !== 'svg') continue;
    const box = e.getBoundingClientRect();
    const scroller = e.parentElement.closest('.wide');
    if (!scroller && box.width > 0 && (box.right > width + 0.5 || box.left < -0.5)) say(`${describe(e)} sticks out`);
    if (!e.matches('.wide') && e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0 &&
        getComputedStyle(e).display !== 'inline') say(`${describe(e)} overflows its box`);
  }

  // Every picture has a size and a name, its texts are inside it and can be read, and what it refers to is there.
  for (const svg of document.querySelectorAll('svg')) {
    const frame = svg.getBoundingClientRect();
    const name = svg.getAttribute('aria-label');
    if (!name) say('a picture has no name');
    if (svg.matches('.spark')) {
      if (frame.width < 80 || frame.height < 20 || !svg.querySelector('polyline')) say(`${name} is no line that can be seen`);
      continue;
    }
    if (frame.width < 300 || frame.height < 60) say(`${name} is ${frame.width} by ${frame.height} px`);
    if (svg.querySelectorAll('path, use, rect').length < 5) say(`${name} has nothing in it`);
    for (const text of svg.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      if (!text.textContent.trim()) continue;
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1) say(`${name}: ${describe(text)} is cut off`);
      if (box.height < 7) say(`${name}: ${describe(text)} is ${box.height.toFixed(1)} px high`);
    }
    for (const use of svg.querySelectorAll('use')) {
      const target = (use.getAttribute('href') || '').slice(1);
      if (!target || !svg.querySelector(`[id="${target}"]`)) say(`${name} refers to ${target}, which it has not`);
    }
  }

  // Identifiers are unique, headings are in order, tables have heads, no figure is none.
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids.filter((id, i) => ids.indexOf(id) !== i))) say(`the identifier ${id} is there twice`);
  if (document.querySelectorAll('h1').length !== 1) say('there is not one h1');
  for (const section of document.querySelectorAll('section')) {
    const content = section.querySelector('table, svg, li');
    if (!section.querySelector('h2') || !content || !section.id) say(`${section.id} has no heading or no content`);
  }
  for (const table of document.querySelectorAll('table')) {
    if (!table.tHead || table.tBodies[0].rows.length === 0) say('a table has no head or no rows');
  }
  if (/undefined|NaN/.test(document.body.innerText)) say('a figure is none');

  // Text stands out from what is behind it, by the contrast that WCAG asks for.
  const channel = (c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!/, 0\)$/.test(colour) && colour !== 'transparent') return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  for (const e of document.querySelectorAll('h1, h2, h3, p, li, a:not(svg a), th, td, label, button, figcaption, summary, svg text')) {
    if (!e.textContent.trim()) continue;
    const colour = e.closest('svg') ? getComputedStyle(e).fill : getComputedStyle(e).color;
    const [a, b] = [light(colour), light(behind(e.closest('svg') || e))].sort((x, y) => y - x);
    if ((a + 0.05) / (b + 0.05) < 4.5) say(`${describe(e)} has a contrast of ${((a + 0.05) / (b + 0.05)).toFixed(1)}`);
  }
  return [...new Set(wrong)].slice(0, 20).join('\n');
})()
