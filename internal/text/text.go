// Package text makes untrusted text safe to show on a terminal, measures it and wraps it.
//
// It is pure: no locale, no environment, no terminal. It passes no control but the line feed,
// neither as a byte nor as UTF-8, and no character that hides, reorders or cannot be told from
// another's end. It shows what it does not pass, so that nothing disappears. Its text is for
// terminals that read UTF-8; for others there is ASCII. It does not judge what text says.
package text
