/** What is opened on a server while a store is opened: both take about as long, and need different machines or processors. */

/** Whoever begins it ends it. */
export interface Approach<Opened> {
  /** What has been opened, for the first who asks; undefined as well when the server has closed it meanwhile. */
  take(): Promise<Opened> | undefined;
  /** Closes what nobody took. */
  end(): void;
}

interface Opens {
  end(): Promise<void>;
}

/** What fails is told to whoever takes it. `sessions`: those that it lives by. */
export function approach<Opened extends Opens>(
  begun: Promise<Opened>,
  sessions: (opened: Opened) => readonly { lost: Promise<never> }[],
): Approach<Opened> {
  let opening: Promise<Opened> | undefined = begun;
  begun.then(
    (opened) => {
      // A store may be waited for longer than a server lives: whoever asks connects anew.
      for (const { lost } of sessions(opened)) lost.catch(end);
    },
    () => {},
  );
  function end(): void {
    opening?.then((opened) => opened.end()).catch(() => {});
    opening = undefined;
  }
  return {
    take() {
      const taken = opening;
      opening = undefined;
      return taken;
    },
    end,
  };
}
