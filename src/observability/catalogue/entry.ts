/** Levels from talkative to grave; a threshold lets its own level and everything graver through. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a log id stands for. `{name}` in the text is filled from the facts. Warnings and errors must say what they mean and what to do. */
export type CatalogueEntry =
  | {
      readonly level: 'debug' | 'info';
      readonly text: string;
      readonly meaning?: string;
      readonly remedy?: string;
    }
  | {
      readonly level: 'warn' | 'error';
      readonly text: string;
      readonly meaning: string;
      readonly remedy: string;
    };

/** The entries of one component: every id starts with the component's two letters. */
export type CatalogueSection<Letters extends string> = Readonly<{
  [Id in `${Letters}-${number}`]?: CatalogueEntry;
}>;
