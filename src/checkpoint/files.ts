/**
 * What reading a checkpoint needs of the place where it lies. There is no way to write, delete or rename: nobody but
 * Spark changes a checkpoint. Paths are relative to the checkpoint, with `/`, without one at either end.
 */
export interface CheckpointFiles {
  /** For messages: the folder or the URI, without a `/` at its end. */
  readonly location: string;
  /** What is directly in a folder, or below it at any depth; a folder that is not there is empty. `''` is the root. */
  list(folder: string, depth: 'direct' | 'deep'): Promise<FileAnswer<Listing>>;
  /** The start of a file, at most `bytesMax` of it. A file that is not there is `not-found`. */
  read(path: string, bytesMax: number): Promise<FileAnswer<FileStart>>;
}

export interface ListedFile {
  /** Relative to the folder that was listed. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Epoch ms; NaN where the store does not say. */
  readonly modifiedMs: number;
}

export interface Listing {
  readonly files: readonly ListedFile[];
  /** Names of folders, of a direct listing only. */
  readonly folders: readonly string[];
  /** There is more than the adapter lists at most. */
  readonly isCut: boolean;
}

export interface FileStart {
  readonly bytes: Uint8Array;
  /** The file goes on after them. */
  readonly isCut: boolean;
}

/** A read that failed says nothing about the checkpoint. Has the shape of the `Failure` of the control ports. */
export interface FileFailure {
  readonly ok: false;
  readonly code: 'not-found' | 'throttled' | 'unavailable' | 'malformed' | 'denied';
  readonly message: string;
}
export type FileAnswer<T> = { readonly ok: true; readonly value: T } | FileFailure;
