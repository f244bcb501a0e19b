/** The server cannot start on the files as they are; the log says why. */
export class StartFailure extends Error {}
