// What moves on the pages of a site: search, sorting, and the figures of the point under the pointer. Everything is there
// without it; it is plain JavaScript, embedded in each page, and asks for nothing.
(() => {
  'use strict';

  // Search: each word has to be in a row.
  const addSearch = (table, rows) => {
    const field = document.createElement('input');
    const count = document.createElement('span');
    const label = document.createElement('label');
    const texts = rows.map((row) => row.textContent.toLowerCase());
    field.type = 'search';
    field.autocomplete = 'off';
    field.spellcheck = false;
    count.setAttribute('role', 'status');
    label.className = 'search';
    label.append('Search ', field, count);
    table.parentElement.before(label);
    const filter = () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, i) => {
        row.hidden = !words.every((word) => texts[i].includes(word));
        shown += row.hidden ? 0 : 1;
      });
      count.textContent = words.length ? `${shown} of ${rows.length}` : '';
    };
    field.addEventListener('input', filter);
    // A browser that goes back to the page has kept what was typed.
    if (field.value) filter();
  };

  // Sorting: by the number of a cell where it has one, else by its text; the third click restores the first order.
  const keyOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.key === undefined ? cell.textContent : cell.dataset.key;
  };
  const compare = (a, b) => {
    const [x, y] = [Number(a), Number(b)];
    if (a !== '' && b !== '' && !Number.isNaN(x) && !Number.isNaN(y)) return x - y;
    return a.localeCompare(b, undefined, {numeric: true});
  };
  const addSorting = (table, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const next = {ascending: 'descending', descending: null}[head.getAttribute('aria-sort')];
        const order = next === undefined ? 'ascending' : next;
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        const sorted = [...rows];
        if (order) {
          head.setAttribute('aria-sort', order);
          const keys = new Map(rows.map((row) => [row, keyOf(row, column)]));
          const sign = order === 'ascending' ? 1 : -1;
          sorted.sort((a, b) => sign * compare(keys.get(a), keys.get(b)));
        }
        table.tBodies[0].append(...sorted);
      });
    });
  };

  for (const table of document.querySelectorAll('table')) {
    if (table.closest('#about')) continue;
    const rows = [...table.tBodies[0].rows];
    if (rows.length > 1) addSorting(table, rows);
    if (rows.length >= 8 || (rows.length > 1 && table.closest('#benchmarks'))) addSearch(table, rows);
  }

  // One tip for the whole page, beside a place of the screen.
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  tip.setAttribute('role', 'status');
  document.body.append(tip);
  const showTip = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(4, x - box.width / 2), document.documentElement.clientWidth - box.width - 4);
    const above = y - box.height - 12;
    tip.style.transform = `translate(${Math.max(4, left)}px, ${above >= 4 ? above : y + 14}px)`;
  };

  // A picture with points, from left to right: the one that is nearest to the pointer, or that arrows lead to, is marked.
  const addPoints = (svg, points, mark, unmark) => {
    let near = -1;
    const hide = () => {
      tip.hidden = true;
      unmark();
      near = -1;
    };
    const show = (index) => {
      near = index;
      const point = points[near];
      const place = new DOMPoint(point.x, point.y).matrixTransform(svg.getScreenCTM());
      mark(point);
      showTip(point.text, place.x, place.y);
    };
    const follow = (event) => {
      const x = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse()).x;
      let best = 0;
      points.forEach((point, i) => {
        if (Math.abs(point.x - x) < Math.abs(points[best].x - x)) best = i;
      });
      show(best);
    };
    svg.addEventListener('pointermove', follow);
    svg.addEventListener('pointerdown', follow);
    svg.addEventListener('pointerleave', hide);
    svg.addEventListener('blur', hide);
    svg.addEventListener('keydown', (event) => {
      const step = {ArrowLeft: -1, ArrowRight: 1, Home: -points.length, End: points.length}[event.key];
      if (event.key === 'Escape') hide();
      if (event.key === 'Enter' && near >= 0 && points[near].href) window.location.href = points[near].href;
      if (!step) return;
      event.preventDefault();
      const from = near < 0 ? (step < 0 ? points.length : -1) : near;
      show(Math.min(points.length - 1, Math.max(0, from + step)));
    });
    // Points that lie on each other: a click is meant for the one that is marked.
    svg.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link || near < 0 || !points[near].href || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      window.location.href = points[near].href;
    });
    window.addEventListener('scroll', hide, {passive: true});
  };

  for (const svg of document.querySelectorAll('svg')) {
    const group = svg.querySelector('.points');
    if (!group || !group.querySelector('circle')) continue;
    const points = [...group.querySelectorAll('circle')].map((circle) => {
      const title = circle.querySelector('title');
      const text = title.textContent;
      title.remove(); // else the browser shows it, too
      return {x: circle.cx.baseVal.value, y: circle.cy.baseVal.value, text, circle, href: circle.parentElement.getAttribute('href')};
    });
    const unmark = () => group.querySelectorAll('.near').forEach((circle) => circle.classList.remove('near'));
    svg.setAttribute('tabindex', '0');
    addPoints(svg, points, (point) => {
      unmark();
      point.circle.classList.add('near');
    }, unmark);
  }

  for (const svg of document.querySelectorAll('svg.spark[data-figures]')) {
    const texts = svg.dataset.figures.split('|');
    const corners = [...svg.querySelector('polyline').points];
    const points = texts.map((text, i) => ({x: corners[i].x, y: corners[i].y, text}));
    const dot = document.createElementNS(svg.namespaceURI, 'circle');
    dot.setAttribute('class', 'near');
    dot.setAttribute('r', '2.5');
    addPoints(svg, points, (point) => {
      dot.setAttribute('cx', point.x);
      dot.setAttribute('cy', point.y);
      svg.append(dot);
    }, () => dot.remove());
  }
})();
