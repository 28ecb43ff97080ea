// Work that never overlaps itself: asked for again while it runs, it runs once more at the end.
export function coalesced(work) {
  let running = false;
  let again = false;
  return async function run() {
    if (running) { again = true; return; }
    running = true;
    try {
      do { again = false; await work(); } while (again);
    } catch {
      again = false; // the sandbox is away; the next connection asks anew
    } finally {
      running = false;
    }
  };
}
