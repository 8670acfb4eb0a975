/** `http://user:password@host`: the password, up to the last `@` in front of the path. */
const PASSWORD = /(:\/\/[^\s/:@"'?#]*:)([^\s/"'?#]+)(?=@)/g

/** A text with asterisks where addresses in it have a password, in the same columns. */
export function cutPasswords (text: string): string {
  return text.includes('@') ? text.replace(PASSWORD, (whole, lead: string, password: string) => /\{vault:|\$\{\{/.test(password) ? whole : lead + '*'.repeat(password.length)) : text
}
