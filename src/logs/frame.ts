/** A stack frame in a log, and the place in the source that it names. */

export type FrameLanguage = 'node' | 'python' | 'java' | 'go' | 'dotnet';

export interface Frame {
  readonly language: FrameLanguage;
  /** As the runtime prints it, with `/` between its parts; of Java the package's folders and the file: `com/acme/Pool.java`. */
  readonly path: string;
  /** From 1. */
  readonly line: number;
  /** From 1; only where the runtime prints it. */
  readonly column?: number;
  /** Where in the text the words that name the place begin and end; they become the link. */
  readonly start: number;
  readonly end: number;
}

/** The file of a frame in the workspace. */
export interface Place {
  /** The repository or workspace folder, absolute. */
  readonly folder: string;
  /** Of the file, relative to the folder, with `/`. */
  readonly path: string;
  /** In the file as it was deployed; from 1. */
  readonly line: number;
  readonly column?: number;
  /** What was deployed; undefined when it is not known: then the line is taken to be that of the working tree. */
  readonly commit?: string;
}

/** Finds the files of frames. */
export interface FrameLocator {
  /** Undefined when no file of the workspace can be told to be the one: better no link than a wrong one. */
  locate(frame: Frame): Promise<Place | undefined>;
}
