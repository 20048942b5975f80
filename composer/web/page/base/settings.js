// Settings: what the page itself remembers in this browser, such as its colours and volume.

const PREFIX = "composer.";

export function remembered(name, usual) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? usual : JSON.parse(text);
  } catch {
    return usual;
  }
}

export function remember(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // A browser that remembers nothing plays all the same.
  }
}
