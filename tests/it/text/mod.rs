//! Text that was made to confuse: `docs/text.md` says what becomes of it, and why.

mod logged;
mod sent;
mod typed;
