/** The source can't be read as what it is said to be. The message is for the user, with file and line where there is one. */
export class ImportError extends Error {}
