// Questions before something that cannot be taken back.
export interface Question {
  title: string;
  text: string;
  yes: string;
  danger?: boolean;
  /** A word that must be typed, for what is worst. */
  type?: string;
  /** A reason is asked for; the answer is it. */
  reason?: boolean;
}

let question = $state.raw<(Question & { answer: (a: string | null) => void }) | null>(null);

export const asked = {
  get question() {
    return question;
  },
};

/** Asks; the answer is null for no, else the reason (or ""). */
export function ask(q: Question): Promise<string | null> {
  return new Promise((resolve) => {
    question?.answer(null);
    question = {
      ...q,
      answer(a) {
        question = null;
        resolve(a);
      },
    };
  });
}

/** Asks; true for yes. */
export async function sure(q: Question): Promise<boolean> {
  return (await ask(q)) !== null;
}
