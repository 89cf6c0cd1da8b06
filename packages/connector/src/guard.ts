/** The guard's word, asked just before sending. False also when it throws, and when the signal is aborted before it answers. */
export async function askGuard(guard: () => Promise<boolean>, signal: AbortSignal): Promise<boolean> {
  let leave = () => {};
  const aborted = new Promise<false>((resolve) => {
    leave = () => resolve(false);
    signal.addEventListener("abort", leave, { once: true });
  });
  try {
    return (await Promise.race([guard(), aborted])) === true;
  } catch {
    return false;
  } finally {
    signal.removeEventListener("abort", leave);
  }
}
