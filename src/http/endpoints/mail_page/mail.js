// Shows new mails by itself while somebody looks at the page.
const PAUSE = 2000;

// Replaces an element, and gives the focus back to the link that had it.
function replace(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
  old.replaceWith(fresh);
  if (focused) [...fresh.querySelectorAll('a')].find((link) => link.getAttribute('href') === focused)?.focus();
}

// Times as people here write them.
function localize() {
  for (const time of document.querySelectorAll('time')) {
    time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
  }
}

let known = null;

async function look() {
  const answer = await fetch(location.href, { cache: 'no-store' });
  if (!answer.ok) return;
  const text = await answer.text();
  if (text === known) return;
  known = text;
  const page = new DOMParser().parseFromString(text, 'text/html');
  replace(document.querySelector('#list'), page.querySelector('#list'));
  // A mail that is being read stays as it is.
  const [old, fresh] = [document.querySelector('#shown'), page.querySelector('#shown')];
  if (old.dataset.id !== fresh.dataset.id) replace(old, fresh);
  localize();
}

async function watch() {
  if (!document.hidden) await look().catch(() => {});
  setTimeout(watch, PAUSE);
}

localize();
watch();
