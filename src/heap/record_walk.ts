/**
 * Reading all records of a {@link RecordDict} from the outside: live while nothing changes, or
 * frozen, in a worker too. All that is needed is a view of the heap and the dict's root.
 */
import type { HeapView } from "./heap_view.ts";
import { ROOT_COUNT, ROOT_DEPTH, ROOT_DIRECTORY } from "./record_directory.ts";
import { countIn, depthIn, RecordPlace } from "./record_segment.ts";

/** Goes through the records of a dict, segment by segment: the registers say where each is. */
export class RecordWalk extends RecordPlace {
  readonly #view: HeapView;
  readonly #directory: number;
  readonly #depth: number;
  /** The next directory slot to go to. */
  #index = 0;
  #segment = 0;
  #slot = 0;
  #records = 0;

  constructor(view: HeapView, root: number) {
    super();
    this.#view = view;
    this.#directory = view.wordAt(root, ROOT_DIRECTORY * 4);
    this.#depth = view.wordAt(root, ROOT_DEPTH * 4);
  }

  /** Goes to the next record; false at the end. */
  next(): boolean {
    while (this.#slot === this.#records) {
      if (!this.#nextSegment()) return false;
    }
    this.place(this.#view, this.#segment, this.#slot++);
    return true;
  }

  #nextSegment(): boolean {
    const view = this.#view;
    let segment = this.#segment === 0 ? 0 : view.wordAt(this.#segment, 4);
    if (segment === 0) {
      if (this.#index >= 2 ** this.#depth) return false;
      segment = this.#depth === 0 ? this.#directory : view.wordAt(this.#directory, this.#index * 4);
      this.#index += 2 ** (this.#depth - depthIn(view.wordAt(segment, 0)));
    }
    this.#segment = segment;
    this.#slot = 0;
    this.#records = countIn(view.wordAt(segment, 0));
    return true;
  }
}

/** The number of records of a dict in a heap, live or frozen. */
export function recordCount(view: HeapView, root: number): number {
  return view.wordAt(root, ROOT_COUNT * 4);
}
