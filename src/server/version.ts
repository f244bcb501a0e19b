/** The versions that this server tells of itself. */

/** The Redis whose behaviour is followed: what clients and tools look at. */
export const REDIS_VERSION = "7.2.5";
/** Pagurus's own. */
export const PAGURUS_VERSION = "0.1.0";
