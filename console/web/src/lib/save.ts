// Saving what the page has in hand as a file of the visitor.

/** Offers a blob as a download. */
export function save(name: string, what: Blob): void {
  const a = document.createElement('a');
  a.href = URL.createObjectURL(what);
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), 60_000); // browsers read it after the click
}
